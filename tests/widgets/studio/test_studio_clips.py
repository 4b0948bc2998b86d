"""The studio's extras for clips: older frames, passes and loops, without a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from shallow import make_shallow

from stylekit.media.clips import read_clip
from stylekit.video.frames import FrameResult
from stylekit.widgets.studio import transfer
from stylekit.widgets.studio.studio import Stage, Studio

pytestmark = pytest.mark.slow

# Only a failure waits as long as this; a machine that does other things may need much of it.
SECONDS = 180.0


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    make_shallow(monkeypatch)
    monkeypatch.setattr(transfer.Network, "prepare", lambda _network, _request: None)


@pytest.fixture
def studio() -> Iterator[Studio]:
    """A studio in whose slots are three frames of orbit, and swirls."""
    made = Studio(sizes=(48,), steps=(2,), backbone="vgg16")
    made.setup.content.choose("orbit")
    made.setup.style.choose("swirls")
    made.setup.frames.value = 3
    yield made
    made.close()


def paint(studio: Studio) -> None:
    studio.setup.go.press()
    studio.player.wait(SECONDS)
    for thread in threading.enumerate():
        if thread.name == "stylekit-finish":
            thread.join(SECONDS)


def test_a_clip_is_painted_in_passes_and_held_to_older_frames(studio: Studio) -> None:
    extras = studio.setup.clip_extras
    assert extras.layout.display is None
    assert extras.fold.text == "More for clips: older frames, passes, loops"
    once = studio.setup.request()
    extras.offsets.value, extras.passes.value = "1, 2", 2
    assert extras.fold.text == "More for clips: frames 1, 2 before, 2 passes"
    request = studio.setup.request()
    assert once is not None and request is not None
    # Two steps for the first frame and each of the two others; in a second pass for all three.
    assert (once.max_steps, request.max_steps) == (6, 12)
    assert request.words.endswith("48×36 pixels, 2 passes")
    told: set[tuple[str, str]] = set()

    def note(event: object) -> None:
        # In a later pass a frame may be as it should before its first step.
        if isinstance(event, FrameResult):
            told.add((dict(studio.player._progress.facts())["pass"], studio.player._newest[1]))

    studio.player.on_step(note)
    paint(studio)
    assert studio.stage is Stage.RESULT and studio.player.alerts.widget.value == ""
    assert {("1 of 2", "Frame 1, finished"), ("2 of 2", "Frame 1, pass 2, finished")} <= told
    sidecar = studio.results.downloads.children[-1].path
    found = json.loads(sidecar.read_text(encoding="utf-8"))
    assert (found["settings"]["offsets"], found["settings"]["passes"]) == ([1, 2], 2)
    assert found["frame_table"][2]["older"] == [0] and found["frame_table"][1]["pass"] == 2
    for words in ("1, 2 before", "<dd>2</dd>"):
        assert words in studio.results.facts.value
    # A picture knows nothing of it.
    studio.start_over()
    studio.setup.content.choose("chelsea")
    picture = studio.setup.request()
    assert extras.layout.display == "none" and picture is not None and picture.passes == 1


def test_a_clip_that_is_cancelled_in_its_first_pass_is_kept(studio: Studio) -> None:
    studio.setup.clip_extras.passes.value = 2

    def stop(event: object) -> None:
        if getattr(event, "frame_index", 0) == 1:
            studio.cancel.press()

    studio.player.on_step(stop)
    paint(studio)
    assert studio.stage is Stage.RESULT and studio.alerts.widget.value == ""
    job = studio.current
    assert job is not None and not job.run.is_complete
    assert len(read_clip(job.folder / "orbit-swirls.mp4")) == len(job.run.finished_entries()) < 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offsets": "1;2"}, "Older frames: must be whole numbers with commas between them, is"),
        ({"offsets": ""}, "Older frames: must be whole numbers with commas between them, is ''"),
        ({"offsets": "2,4"}, "Older frames: must rise, each number once, from 1 on, is 2,4"),
        ({"loop": True}, "Loop: needs at least 2 passes, because"),
    ],
)
def test_wrong_settings_are_told_beside_the_button(
    studio: Studio, changes: dict[str, object], words: str
) -> None:
    for name, value in changes.items():
        getattr(studio.setup.clip_extras, name).value = value
    go = studio.setup.go
    assert go.words.startswith(words) and "\n" not in go.words and not go.enabled
    assert studio.setup.request() is None
    # They are of no concern to a picture.
    studio.setup.content.choose("chelsea")
    assert go.enabled


def test_a_loop_that_does_not_close_is_told_before_anything_is_painted(studio: Studio) -> None:
    studio.setup.content.choose("passing")
    studio.setup.frames.value = 24
    extras = studio.setup.clip_extras
    extras.passes.value, extras.loop.value = 2, True
    assert extras.fold.text == "More for clips: 2 passes, a loop" and studio.setup.go.enabled
    paint(studio)
    assert studio.stage is Stage.SETUP and studio.player.records == ()
    told = studio.player.alerts.widget.value
    assert "loop: the first frame does not go on from the last one" in told
