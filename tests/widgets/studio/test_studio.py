"""The studio without a browser: what turns a slot green, what comes of a job, and what is kept."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import os
import re
import stat
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from clip_files import HEIGHT, WIDTH, ffmpeg, make_clip, write_at_times
from shallow import make_shallow

from stylekit.errors import MediaError, SettingsError
from stylekit.image import memory
from stylekit.image.stylization import Stylization
from stylekit.media.clips import read_clip
from stylekit.media.file_kinds import CLIP_ENDINGS, PICTURE_ENDINGS
from stylekit.media.images import load_alpha, load_image, save_image
from stylekit.media.sequences import sequence_files
from stylekit.samples import MaterialKind, materials
from stylekit.settings import MediaLimits, Weights
from stylekit.widgets.base.alerts import Alerts
from stylekit.widgets.base.loop import LoopState
from stylekit.widgets.base.upload import UploadState
from stylekit.widgets.studio import transfer
from stylekit.widgets.studio.slots import Slot, read_picture, read_source
from stylekit.widgets.studio.studio import Stage, Studio

pytestmark = pytest.mark.slow

PHOTOGRAPHS, CLIPS, STYLES = (
    materials(kind) for kind in (MaterialKind.PHOTOGRAPH, MaterialKind.CLIP, MaterialKind.STYLE)
)
SECONDS = 60.0


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    make_shallow(monkeypatch)


@pytest.fixture(autouse=True)
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying how long a step takes costs more than the steps of these tests."""
    monkeypatch.setattr(transfer.Network, "prepare", lambda _network, _request: None)


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio(sizes=(64,), steps=(4,), backbone="vgg16")
    yield made
    made.close()


def finish(studio: Studio, joined: str = "stylekit-finish") -> None:
    """Wait for the run, and for what writes its files."""
    studio.player.wait(SECONDS)
    for thread in threading.enumerate():
        if thread.name == joined:
            thread.join(SECONDS)


def names(studio: Studio) -> list[str]:
    return [download.path.name for download in studio.results.downloads.children]


def test_a_picture_is_told_in_a_line_and_a_clip_too() -> None:
    picture = read_source(PHOTOGRAPHS["chelsea"], MediaLimits())
    own = load_image(PHOTOGRAPHS["chelsea"])
    assert picture.size == (own.shape[1], own.shape[0]) and not picture.is_clip
    assert max(picture.preview.shape) == 320
    clip = read_source(CLIPS["orbit"], MediaLimits())
    assert clip.is_clip and clip.frames == len(read_clip(CLIPS["orbit"]))
    assert clip.line == "orbit.mp4: clip, 320×240 pixels, 24 frames at 24/s"


@pytest.mark.parametrize("ending", [".png", ".mp4"])
def test_what_cannot_be_used_is_refused_in_words(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"page{ending}"
    file.write_text("<!DOCTYPE html><html>")
    with pytest.raises(MediaError, match="web page"):
        read_source(file, MediaLimits())


@pytest.mark.parametrize(
    ("name", "limits", "rest"),
    [
        ("a.png", {"picture_pixels": 1000}, "the limit is 0.001; make it smaller"),
        ("a.png", {"picture_bytes": 10}, "the limit is 0.0 MB; make it smaller"),
        ("a.png", {"min_side": 64}, "give a larger one"),
        ("a.png", {"max_aspect": 1.2}, "cut it to a part"),
        ("a.mp4", {"clip_side": 32}, "make it smaller"),
        ("a.mp4", {"clip_bytes": 10}, "make it smaller"),
        ("a.mp4", {"min_side": 1000}, "give a larger one"),
        ("a.mp4", {"max_aspect": 1.2}, "crop it first"),
    ],
)
def test_a_limit_is_told_without_what_a_page_cannot_change(tmp_path, name, limits, rest) -> None:
    file = tmp_path / name
    if file.suffix == ".png":
        save_image(np.zeros((48, 64, 3), np.float32), file, provenance=None)
    else:
        make_clip(file, 2)
    with pytest.raises(MediaError) as caught:
        read_source(file, dataclasses.replace(MediaLimits(), **limits))
    assert "MediaLimits" in str(caught.value)
    assert caught.value.page_text.endswith(rest)
    alerts = Alerts(on_page=True)
    alerts.show(caught.value)
    assert rest in alerts.widget.value.split("<details>")[0]
    assert "MediaLimits" not in alerts.widget.value.split("<details>")[0]


def test_the_page_says_what_is_read_otherwise_than_the_file_has_it(tmp_path: Path) -> None:
    picture = PIL.Image.new("RGBA", (64, 48), (255, 0, 0, 128))
    picture.save(tmp_path / "a.png")
    line = read_source(tmp_path / "a.png", MediaLimits()).line
    assert line == "a.png: picture, 64×48 pixels, its transparent parts on white"
    picture.putalpha(255)
    picture.save(tmp_path / "b.png")
    assert read_source(tmp_path / "b.png", MediaLimits()).line == "b.png: picture, 64×48 pixels"
    vp9 = ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-cpu-used", 8]
    half = "format=gbrap,geq=r=0:g=255:b=0:a='255*gt(X,80)'"
    clip = make_clip(tmp_path / "c.webm", 2, "-vf", half, *vp9)
    assert read_source(clip, MediaLimits()).line.endswith("/s, its transparent parts on white")
    times = [Fraction(index, 200) for index in (0, 1, 2, 200, 400)]
    clip = write_at_times(tmp_path / "d.mp4", times)
    assert "short picture" in read_source(clip, MediaLimits()).line
    sound = ["-c:a", "wmav2"]
    clip = make_clip(tmp_path / "e.avi", 4, "-c:v", "mpeg4", *sound, beep=0.1)
    assert read_source(clip, MediaLimits()).line.endswith("its sound, which is coded as wmav2")


def test_the_page_takes_the_endings_that_are_read_and_no_others(tmp_path: Path) -> None:
    """Its file chooser, and the check of what it sends, have the table of the folders."""
    slot = Slot(
        "Style",
        kinds=(),
        accept=PICTURE_ENDINGS,
        max_bytes=9,
        read=lambda path: read_picture(path, MediaLimits()),
    )
    assert slot.upload._accept == list(PICTURE_ENDINGS)
    for ending in PICTURE_ENDINGS:
        folder = tmp_path / ending[1:]
        folder.mkdir()
        (folder / f"a{ending}").write_bytes(b"x")
        assert len(sequence_files(folder)) == 1
    assert not set(PICTURE_ENDINGS) & set(CLIP_ENDINGS)


@pytest.mark.skipif(not find_spec("pillow_heif"), reason="needs the extra heic")
def test_pictures_and_clips_of_phones_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A HEIC picture with its plug-in and without, and a HEVC clip that was recorded sideways."""
    import pillow_heif

    assert {".heic", ".heif"} <= set(PICTURE_ENDINGS) and {".mov", ".m4v"} <= set(CLIP_ENDINGS)
    picture = tmp_path / "IMG_1.HEIC"
    pillow_heif.from_pillow(PIL.Image.new("RGB", (64, 48), "red")).save(picture)
    assert read_source(picture, MediaLimits()).line == "IMG_1.HEIC: picture, 64×48 pixels"
    hevc = ["-c:v", "libx265", "-pix_fmt", "yuv420p", "-tag:v", "hvc1"]
    lying = make_clip(tmp_path / "lying.mov", 2, *hevc, "-x265-params", "log-level=none")
    clip = tmp_path / "IMG_2.MOV"
    ffmpeg("-display_rotation", 90, "-i", lying, "-c", "copy", clip)
    assert read_source(clip, MediaLimits()).size == (HEIGHT, WIDTH)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MediaError, match=r"^IMG_1\.HEIC: .*stylekit\[heic\].*export it as JPEG"):
        read_source(picture, MediaLimits())


def test_limits_are_those_of_the_settings(tmp_path: Path) -> None:
    save_image(np.full((40, 60, 3), 0.5, np.float32), tmp_path / "small.png", provenance=None)
    with pytest.raises(MediaError, match="small"):
        read_picture(tmp_path / "small.png", MediaLimits(min_side=50))


def test_a_slot_is_green_or_has_no_source() -> None:
    def read(path: Path) -> object:
        if path == PHOTOGRAPHS["rocket"]:
            raise MediaError(path, "too dark")
        return read_picture(path, MediaLimits())

    slot = Slot(
        "Content", kinds=[MaterialKind.PHOTOGRAPH], accept=[".png"], max_bytes=99, read=read
    )
    heard = []
    slot.on_change(lambda: heard.append(slot.source and slot.source.name))
    slot.choose("coffee")
    assert slot.source is not None and slot.source.path == PHOTOGRAPHS["coffee"]
    assert slot.upload.state is UploadState.ACCEPTED and slot.canvas.serial == 1
    assert slot.strip.selected == list(PHOTOGRAPHS).index("coffee")
    slot.upload.clear()
    assert slot.source is None and slot.strip.selected == -1
    assert heard == ["coffee", None]


def test_the_button_waits_for_both_slots(studio: Studio) -> None:
    assert not studio.setup.go.enabled
    with pytest.raises(SettingsError, match="green"):
        studio.transfer()
    studio.setup.content.choose("orbit")
    assert not studio.setup.go.enabled and studio.setup.frames.layout.display is None
    assert (studio.setup.frames.most, studio.setup.frames.value) == (24, 16)
    studio.setup.style.choose("swirls")
    assert studio.setup.go.enabled
    studio.setup.content.choose("chelsea")
    assert studio.setup.frames.layout.display == "none"


@pytest.mark.parametrize("content", ["chelsea", "drift"])
def test_what_does_not_fit_into_memory_is_told_before_it_is_painted(
    content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[int] = []
    monkeypatch.setattr(
        transfer.Network, "prepare", lambda _network, request: prepared.append(request.size)
    )
    studio = Studio(sizes=(64, 256, 400), steps=(4,), backbone="vgg16")
    studio.setup.content.choose(content)
    studio.setup.style.choose("swirls")
    studio.setup.size.index = 2
    request = studio.setup.request()
    assert request is not None and studio.setup.go.words == "Ready."
    prepared.clear()
    free = 0.9 * _needed(request)
    monkeypatch.setattr(memory, "available_memory", lambda: free)
    studio.setup.style.choose("mosaic")
    words = (
        rf"size: 400 needs about \S+ GB of memory, {free / 1e9:.1f} GB are free; use size (256|64)"
    )
    assert re.fullmatch(words, studio.setup.go.words)
    assert studio.setup.go.enabled and not prepared
    with pytest.raises(SettingsError, match=words):
        studio.transfer()
    assert studio.stage is Stage.SETUP
    studio.setup.size.index = 0
    assert studio.setup.go.words == "Ready." and prepared == [64]
    studio.close()


def _needed(request: transfer.Request) -> float:
    """The least memory that is not refused, found as a user of the check would find it."""
    with pytest.MonkeyPatch.context() as patch:
        low, high = 0.0, 64e9
        while high - low > 1e6:
            middle = (low + high) / 2
            patch.setattr(memory, "available_memory", lambda size=middle: size)
            try:
                request.check_memory((64,))
                high = middle
            except SettingsError:
                low = middle
    return high


def test_sizes_and_steps_that_cannot_be_are_refused() -> None:
    for wrong in ({"sizes": ()}, {"steps": ()}, {"sizes": (8,)}, {"steps": (0,)}):
        with pytest.raises(SettingsError):
            Studio(**wrong)


def test_a_picture_is_painted_with_the_weights_of_its_last_step(studio: Studio) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    studio.panel.set(Weights(beta=3e4))
    studio.setup.go.press()
    finish(studio)
    assert studio.stage is Stage.RESULT and studio.alerts.widget.value == ""
    assert names(studio) == ["chelsea-swirls.png", "chelsea-swirls.png.json"]
    job = studio.current
    assert job is not None
    facts = json.loads((job.folder / "chelsea-swirls.png.json").read_text(encoding="utf-8"))
    assert facts["weights"]["beta"] == 3e4 and facts["content"]["name"] == "chelsea.jpg"
    assert load_image(job.folder / "chelsea-swirls.png").shape == (43, 64, 3)
    if os.name == "posix":
        assert stat.S_IMODE(job.folder.stat().st_mode) == 0o700
    # The slots keep what they have, and what was painted is kept when the next one begins.
    studio.start_over()
    assert studio.stage is Stage.SETUP and studio.setup.go.enabled
    studio.transfer()
    finish(studio)
    assert len(studio.shelf.records()) == 2
    assert (job.folder / "chelsea-swirls.png").is_file()


def test_a_cancelled_clip_keeps_the_frames_that_are_finished(studio: Studio) -> None:
    studio.setup.content.choose("orbit")
    studio.setup.style.choose("swirls")
    studio.setup.frames.value = 9

    def stop(event: object) -> None:
        if getattr(event, "frame_index", 0) == 2:
            studio.cancel.press()

    studio.player.on_step(stop)
    studio.transfer()
    finish(studio)
    assert studio.stage is Stage.RESULT and studio.alerts.widget.value == ""
    job = studio.current
    assert job is not None and job.clip is not None
    count = len(job.run.finished_entries())
    assert 2 <= count < 9
    assert len(read_clip(job.folder / "orbit-swirls.mp4")) == count
    assert len(read_clip(job.folder / "before.mp4")) == count
    both = read_clip(job.folder / "orbit-swirls-side-by-side.mp4")
    assert len(both) == count and both.width > 2 * both.height
    assert len(names(studio)) == 3
    facts = json.loads((job.folder / "orbit-swirls.mp4.json").read_text(encoding="utf-8"))
    assert facts["complete"] is False and facts["frames"] == count

    frames = studio.results.frames
    frames.choose(1)
    assert frames.strip.selected == 1 and "Flow" in frames.captions[1].value
    assert "not trusted" in frames.captions[2].value
    frames.choose(0)
    assert "no flow" in frames.captions[1].value
    assert [canvas.layout.display for canvas in frames.canvases] == [None, "none", "none"]


def test_a_comparison_that_comes_late_is_stored_but_not_shown_elsewhere(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    compare = transfer.Transfer.compare

    def slow(job: transfer.Transfer, outcome: transfer.TransferResult) -> Path:
        begun.set()
        go_on.wait(SECONDS)
        return compare(job, outcome)

    monkeypatch.setattr(transfer.Transfer, "compare", slow)
    studio.setup.content.choose("orbit")
    studio.setup.style.choose("swirls")
    studio.setup.frames.value = 2
    studio.transfer()
    assert begun.wait(SECONDS) and studio.stage is Stage.RESULT
    studio.start_over()
    studio.setup.content.choose("chelsea")
    studio.transfer()
    go_on.set()
    finish(studio)
    assert studio.alerts.widget.value == ""
    assert names(studio) == ["chelsea-swirls.png", "chelsea-swirls.png.json"]
    clip = next(record for record in studio.shelf.records() if record.is_clip)
    studio.open_record(clip)
    assert len(names(studio)) == 3 and names(studio)[1].endswith("side-by-side.mp4")


def test_an_error_is_shown_and_the_page_goes_on(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")

    def fail(_job: object, _network: object) -> None:
        raise MediaError("chelsea.jpg", "went away")

    with monkeypatch.context() as patched:
        patched.setattr(transfer.Transfer, "open", fail)
        studio.transfer()
        finish(studio)
    assert studio.player.state is LoopState.FAILED
    assert "chelsea.jpg: went away" in studio.player.alerts.widget.value
    assert studio.stage is Stage.SETUP
    studio.transfer()
    finish(studio)
    assert studio.stage is Stage.RESULT and studio.player.alerts.widget.value == ""


def test_a_cancelled_picture_of_which_nothing_is_there_goes_back(studio: Studio) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    studio.player.on_state(lambda state: state is LoopState.RUNNING and studio.cancel.press())
    studio.transfer()
    finish(studio)
    assert studio.stage is Stage.SETUP
    assert "before anything was finished" in studio.setup.go.words


def test_what_a_picture_begins_with_is_shown_before_the_network_is_there(studio: Studio) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    canvas = studio.player.canvas
    with studio._network._lock:  # as long as the network is prepared in the background
        studio.transfer()
        deadline = time.monotonic() + SECONDS
        while canvas._alt != "Before the first step" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert canvas._alt == "Before the first step" and studio.current.source is None
        with PIL.Image.open(io.BytesIO(canvas._picture)) as sent:
            shown = np.asarray(sent.convert("RGB"), np.float32) / 255
    finish(studio)
    # The colours are those of the style.
    colors = [load_image(path).mean((0, 1)) for path in (PHOTOGRAPHS["chelsea"], STYLES["swirls"])]
    away = [float(np.abs(shown.mean((0, 1)) - color).max()) for color in colors]
    assert away[1] < 0.05 < away[0]


def test_a_studio_that_is_made_again_stops_the_one_before(studio: Studio) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    studio.transfer()
    other = Studio(sizes=(64,), steps=(4,), backbone="vgg16")
    assert studio.player.state.ended
    assert other.stage is Stage.SETUP and other.setup.content.source is None
    finish(studio)
    other.close()


def test_names_from_others_are_escaped(studio: Studio) -> None:
    studio._network.label = "<b>network</b>"
    studio._refresh()
    assert "&lt;b&gt;network" in studio._network_line.value


def test_readers_that_run_nothing_see_what_it_looks_like(studio: Studio) -> None:
    bundle = studio._repr_mimebundle_()
    assert bundle is not None
    with PIL.Image.open(io.BytesIO(base64.b64decode(bundle["image/jpeg"]))) as picture:
        assert picture.width >= 700
    assert len(bundle["image/jpeg"]) < 150_000 and bundle["text/plain"] == "Studio()"


def test_a_picture_keeps_its_transparency_in_the_download(tmp_path: Path) -> None:
    alpha = np.linspace(0, 1, 64, dtype=np.float32) * np.ones((43, 1), np.float32)
    image = load_image(PHOTOGRAPHS["chelsea"], size=64)
    save_image(image, tmp_path / "cut.png", provenance=None, alpha=alpha)
    limits = MediaLimits()
    request = transfer.Request(
        content=read_picture(tmp_path / "cut.png", limits),
        style=read_picture(STYLES["swirls"], limits),
        size=32,
        steps=1,
        frames=1,
        backbone="vgg16",
        limits=limits,
    )
    errors: list[BaseException] = []
    job = transfer.Transfer(request, tmp_path)
    network = transfer.Network("vgg16", on_news=lambda: None, on_error=errors.append)
    painting = job.open(network)
    assert isinstance(painting, Stylization)
    painting.step()
    result = job.finish(complete=True)
    kept = load_alpha(result.report.output)
    np.testing.assert_array_equal(kept, load_alpha(tmp_path / "cut.png", size=32))
    assert result.report.transparency == "kept" and result.shown.shape == (22, 32, 3)
    assert errors == []
