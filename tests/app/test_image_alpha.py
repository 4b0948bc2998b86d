"""The command line and transparency: what is kept, what is lost, and what is said of it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from clip_files import make_clip
from shallow import make_shallow
from short_runs import END_SIGNALS, share_objectives, stylekit

from stylekit.app.progress import Progress
from stylekit.arrays import to_bytes
from stylekit.media.images import load_alpha, load_image, save_image

pytestmark = pytest.mark.slow

SMALL = ["--size", "32", "--steps", "2", "--backbone", "vgg16", "--json"]
STYLE = "glass"


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch, content):
    """A photograph, and the same one with soft and hard transparency and hidden colours."""
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)
    alpha = np.zeros(content.shape[:2], np.float32)
    alpha[:, 16:] = 1.0
    alpha[8:16, :16] = 0.5
    save_image(content, "cat.png", provenance=None)
    save_image(np.where(alpha[..., None] == 0, np.float32([1, 0, 1]), content), "cut.png",
               provenance=None, alpha=alpha)  # fmt: skip
    # As it is shown on a white page, rounded as the reader rounds.
    save_image(load_image("cut.png"), "white.png", provenance=None)


@pytest.fixture
def paint(capsys, caplog, monkeypatch):
    """Calls the command line; gives its report, and what is said of white before the first step."""
    step = Progress.step
    early = []

    def first(self, *arguments, **more):
        early.extend(record.message for record in caplog.records)
        caplog.clear()
        step(self, *arguments, **more)

    monkeypatch.setattr(Progress, "step", first)

    def run(content: str, *more: str, style: str = STYLE, output: str = "out.png"):
        early.clear()
        caplog.clear()
        outcome = stylekit(capsys, "image", content, style, "-o", output, *SMALL, *more)
        assert outcome.code == 0, outcome.err
        sidecar = json.loads(Path(f"{output}.json").read_text(encoding="utf-8"))
        assert sidecar["transparency"] == outcome.json["transparency"]
        assert not caplog.records, "said after the painting"
        return outcome.json, [line for line in early if "white" in line]

    return run


def stored(path: str) -> np.ndarray:
    """The 8-bit colours of a file, the hidden ones too."""
    return to_bytes(load_image(path, ignore_alpha=True))


def mode_of(path: str) -> str:
    with PIL.Image.open(path) as picture:
        return picture.mode


def test_alpha_is_kept_and_the_painting_is_that_of_the_picture_on_white(paint):
    wanted = load_alpha("cut.png", size=32)
    assert (wanted[:5, :10] == 0).all() and (wanted[:, 12:] == 1).all()
    for output in ("out.webp", "out.png"):
        report, said = paint("cut.png", output=output)
        assert (report["transparency"], said) == ("kept", [])
        np.testing.assert_array_equal(load_alpha(output), wanted)
    opaque, said = paint("white.png", output="opaque.png")
    assert (opaque["transparency"], said) == ("none", [])
    np.testing.assert_array_equal(stored("out.png"), stored("opaque.png"))
    for name in ("losses", "style_distance", "content_kept", "style_reached"):
        assert report[name] == opaque[name]


def test_what_the_output_cannot_hold_is_said_before_painting(paint):
    report, said = paint("cut.png", output="out.jpg")
    assert report["transparency"] == "laid on white"
    assert said == [
        "cut.png: is laid on white, because out.jpg holds no transparency; "
        "write .png or .webp to keep it"
    ]
    paint("white.png", output="white.jpg")
    np.testing.assert_array_equal(stored("out.jpg"), stored("white.jpg"))


def test_the_transparency_of_a_style_is_said_to_be_lost(paint):
    report, said = paint("cat.png", style="cut.png")
    assert report["transparency"] == "none"
    assert said == ["cut.png: is transparent in parts; a style is laid on white"]


def test_of_opaque_alpha_nothing_is_said_and_none_is_written(paint, content):
    save_image(content, "rgba.png", provenance=None, alpha=np.ones((32, 48), np.float32))
    assert mode_of("rgba.png") == "RGBA"
    for output in ("out.jpg", "out.png"):
        report, said = paint("rgba.png", style="rgba.png", output=output)
        assert (report["transparency"], said) == ("none", [])
    assert mode_of("out.png") == "RGB"


def test_a_turned_picture_keeps_its_alpha_turned(paint):
    exif = PIL.Image.Exif()
    exif[0x0112] = 3  # by half a turn
    with PIL.Image.open("cut.png") as picture:
        picture.save("turned.png", exif=exif.tobytes())
    report, _ = paint("turned.png")
    assert report["transparency"] == "kept"
    wanted = load_alpha("cut.png", size=32)[::-1, ::-1]
    np.testing.assert_allclose(load_alpha("out.png"), wanted, atol=1.5 / 255)


@pytest.mark.parametrize("number", [signal.SIGINT, *END_SIGNALS])
def test_an_interrupted_picture_keeps_its_alpha_and_goes_on_with_its_colours(
    number, paint, capsys, monkeypatch
):
    # Programs started in the background may have been told to ignore it.
    handler = signal.signal(number, signal.default_int_handler)
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "step", lambda *_, **__: signal.raise_signal(number))
        outcome = stylekit(capsys, "image", "cut.png", STYLE, "-o", "out.png", *SMALL)
    signal.signal(number, handler)
    assert outcome.code == 130
    assert (outcome.json["complete"], outcome.json["transparency"]) == (False, "kept")
    np.testing.assert_array_equal(load_alpha("out.partial.png"), load_alpha("cut.png", size=32))
    save_image(load_image("out.partial.png", ignore_alpha=True), "opaque.png", provenance=None)
    report, said = paint("cut.png", "--init", "out.partial.png", output="again.png")
    assert (report["transparency"], said) == ("kept", [])
    # The same as from a picture with these colours and no alpha.
    paint("cut.png", "--init", "opaque.png", output="from-opaque.png")
    assert Path("again.png").read_bytes() == Path("from-opaque.png").read_bytes()


def test_that_a_clip_is_laid_on_white_is_said_before_painting(capsys, caplog, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stylekit.app.clip_run.VideoRun", stop)
    for name, options in (
        ("clear.mov", ["-vf", "format=argb,colorchannelmixer=aa=0.5"]),
        ("opaque.mov", []),  # it has an alpha channel, but nothing is transparent
    ):
        make_clip(Path(name), 2, *options, "-c:v", "qtrle", "-pix_fmt", "argb")
        call = ["video", name, STYLE, "-o", "out.mp4", "--size", "32", "--backbone", "vgg16"]
        assert stylekit(capsys, *call).code == 130
    said = [record.message for record in caplog.records if "white" in record.message]
    assert said == ["clear.mov: is transparent in parts; a clip is laid on white"]
