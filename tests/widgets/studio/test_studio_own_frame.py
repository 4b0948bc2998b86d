"""The studio with a first frame that the user paints, without a browser: real runs of a clip."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from stylekit.arrays import from_bytes, to_bytes
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image, resize_image, save_image
from stylekit.settings import KeyMethod, MediaLimits
from stylekit.widgets.base.upload import UploadState
from stylekit.widgets.player.live_training import LearnedPicture
from stylekit.widgets.studio.keyframe_transfer import KeyframeTransfer
from stylekit.widgets.studio.shelf import State, request_of
from stylekit.widgets.studio.studio import Stage, Studio

pytestmark = pytest.mark.slow

SECONDS = 300.0


@pytest.fixture
def studio() -> Iterator[Studio]:
    """A studio in whose slots are three frames of orbit, the first of which the user paints."""
    made = Studio(sizes=(32, 48), steps=(2,), backbone="vgg16")
    made.setup.size.index = 1
    made.setup.content.choose("orbit")
    made.setup.frames.value = 3
    made.setup.own_frame.tick.value = True
    yield made
    made.close()


def offered(studio: Studio) -> Path:
    """The file of the first frame that the page offers."""
    (download,) = studio.setup.own_frame.download.children
    return Path(download.path)


def give(studio: Studio, path: Path) -> None:
    """What the page does with a file that is dropped on the slot."""
    upload = studio.setup.own_frame.slot.upload
    upload._handle_custom_msg(
        {"type": "begin", "token": "t", "name": path.name, "size": path.stat().st_size}, []
    )
    data = memoryview(path.read_bytes())
    upload._handle_custom_msg({"type": "chunk", "token": "t", "offset": 0}, [data])
    for thread in threading.enumerate():
        if thread.name == "stylekit-upload":
            thread.join(SECONDS)


def painted(studio: Studio, folder: Path) -> Path:
    """The first frame, painted over: inverted, and twice as large."""
    frame = load_image(offered(studio), limits=MediaLimits(min_side=1))
    path = folder / "mine.png"
    save_image(resize_image(1 - frame, (96, 72)), path, provenance=None)
    return path


def paint(studio: Studio) -> None:
    studio.setup.go.press()
    studio.player.wait(SECONDS)
    for thread in threading.enumerate():
        if thread.name == "stylekit-finish":
            thread.join(SECONDS)


def visible(*parts) -> list[bool]:
    return [part.layout.display != "none" for part in parts]


def test_the_tick_is_for_clips_and_changes_what_is_asked_for(studio: Studio) -> None:
    setup = studio.setup
    own, others = setup.own_frame, (setup.style, setup.clip_extras, setup.extras, setup.quality)
    assert visible(own, *others, studio._weights) == [True] + 5 * [False]
    assert setup.go.words == "First paint the first frame, and choose your painting."
    setup.content.choose("chelsea")
    assert visible(own, setup.style, setup.extras, studio._weights) == [False] + 3 * [True]
    assert setup.go.words == "First choose a style."
    setup.content.choose("orbit")
    own.tick.value = False
    assert visible(own, *others, studio._weights) == 6 * [True]


def test_the_first_frame_is_offered_as_it_will_be_painted(studio: Studio) -> None:
    for index, size in ((1, 48), (0, 32)):
        studio.setup.size.index = index
        source = studio.setup.content.source
        assert source is not None
        frame = read_clip(source.path, size=size, frames=1)[0]
        given = load_image(offered(studio), limits=MediaLimits(min_side=1))
        np.testing.assert_array_equal(given, from_bytes(to_bytes(frame)))
        assert offered(studio).name == "orbit-frame-0.png"


def test_a_painting_of_another_shape_is_refused_in_a_line(studio: Studio, tmp_path: Path) -> None:
    square = tmp_path / "square.png"
    save_image(np.full((64, 64, 3), 0.5, np.float32), square, provenance=None)
    give(studio, square)
    slot = studio.setup.own_frame.slot
    words = (
        "square.png: has 64×64 pixels, other proportions than the frames (320×240); "
        "paint over the whole first frame, in any size"
    )
    assert slot.upload.state is UploadState.REFUSED
    assert slot.upload.words == studio.setup.go.words == words
    assert studio.setup.request() is None


def test_patches_paint_the_clip_and_it_is_kept(studio: Studio, tmp_path: Path) -> None:
    give(studio, painted(studio, tmp_path))
    studio.setup.own_frame.method.index = 1
    assert studio.setup.go.words == "Ready."
    paint(studio)
    assert (studio.stage, studio.alerts.widget.value) == (Stage.RESULT, "")
    assert studio.player.alerts.widget.value == ""
    job = studio.current
    assert isinstance(job, KeyframeTransfer) and job.is_complete
    assert len(read_clip(job.folder / "orbit-mine.mp4")) == 3
    # The first frame is the painting, in the size of the clip.
    mine = resize_image(load_image(tmp_path / "mine.png"), (48, 36))
    np.testing.assert_allclose(job.run.stored_frame(0), mine, atol=1 / 255)
    sidecar = json.loads((job.folder / "orbit-mine.mp4.json").read_text(encoding="utf-8"))
    assert sidecar["keyframes"][0]["frame"] == 0
    assert sidecar["keyframes"][0]["painting"]["name"] == "mine.png"
    assert "style" not in sidecar
    (record,) = studio.shelf.records()
    assert record.state is State.DONE and record.label == "orbit – mine ▶"
    assert record.comparison is not None
    assert ("painted by", "patches") in record.facts
    again = request_of(record, studio.limits)
    assert again.style is None and again.method is KeyMethod.PATCH
    assert again.painting is not None and again.painting.name == "mine"


def when(studio: Studio, do: Callable[[], object]) -> None:
    """Do something as soon as a picture of the network that learns is there."""

    def look(event: object) -> None:
        if isinstance(event, LearnedPicture):
            do()

    studio.player.on_step(look)


def test_a_network_that_is_cancelled_paints_what_it_can_and_goes_on(
    studio: Studio, tmp_path: Path
) -> None:
    give(studio, painted(studio, tmp_path))
    studio.setup.own_frame.method.index = 2
    assert studio.setup.go.words.startswith("Ready: the network learns for 4 minutes")
    when(studio, lambda: studio.cancel.press())
    paint(studio)
    assert (studio.stage, studio.alerts.widget.value) == (Stage.RESULT, "")
    job = studio.current
    assert isinstance(job, KeyframeTransfer)
    learned = job.keys.network.step_count
    assert len(read_clip(job.folder / "orbit-mine.mp4")) == 3 and learned > 0
    (record,) = studio.shelf.records()
    assert record.state is State.STOPPED
    assert ("steps of learning", str(learned)) in record.facts

    # Another page finds it, and goes on with the same network.
    later = Studio(sizes=(32, 48), steps=(2,), backbone="vgg16")
    try:
        (record,) = later.kept.records
        when(later, later.player.paint_now)
        later.continue_record(record)
        later.player.wait(SECONDS)
        for thread in threading.enumerate():
            if thread.name == "stylekit-finish":
                thread.join(SECONDS)
        job = later.current
        assert isinstance(job, KeyframeTransfer) and job.folder == record.folder
        assert job.keys.network.step_count > learned
        assert later.stage is Stage.RESULT and later.alerts.widget.value == ""
        # It was told to paint before it had learned for as long as it should.
        assert later.results.record.state is State.STOPPED
    finally:
        later.close()
