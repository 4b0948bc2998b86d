"""Limits of what is read: options of the command line, and limits that hold for a whole run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
from clip_files import ffmpeg, h264, numbered_picture
from shallow import make_shallow
from short_runs import share_objectives, stylekit

from stylekit.errors import MediaError
from stylekit.explain.stored_run import open_run
from stylekit.image.stylization import Stylization
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.media.provenance import read_sidecar
from stylekit.settings import MediaLimits, tunables

SMALL = ["--steps", "1", "--size", "32", "--backbone", "vgg16", "--json"]
OUT = ["-o", "out.png", *SMALL]
CLIP_OUT = ["-o", "out.mp4", "--frame-steps", "1", *SMALL]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


@pytest.fixture
def sources():
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
    PIL.Image.fromarray(noise).save("noise.png")
    PIL.Image.new("RGB", (14, 40), "red").save("small.png")
    PIL.Image.new("RGB", (20, 460), "red").save("narrow.png")
    h264(Path("clip.mp4"), [numbered_picture(n, 96, 72) for n in range(4)])


# Which file is refused with the defaults, or with lower limits; the option that is named.
REFUSED = [
    (["image", "small.png", "glass", *OUT], [], "small.png", "--min-side", "14"),
    (["image", "narrow.png", "glass", *OUT], [], "narrow.png", "--max-aspect", "30"),
    (["image", "noise.png", "glass", *OUT], ["--max-pixels=3e3"], "noise.png", "--max-pixels", 4e5),
    (["image", "chelsea", "noise.png", *OUT], ["--max-bytes=9e3"], "chelsea", "--max-bytes", 2e5),
    (["video", "clip.mp4", "glass", *CLIP_OUT], ["--max-side=80"], "clip.mp4", "--max-side", 96),
    (["video", "clip.mp4", "glass", *CLIP_OUT], ["--max-frames=3"], "clip.mp4", "--max-frames", 4),
    (
        ["video", "clip.mp4", "glass", *CLIP_OUT],
        ["--max-clip-bytes=1e3"],
        "clip.mp4",
        "--max-clip-bytes",
        1e9,
    ),
]


@pytest.mark.parametrize(
    ("call", "lower", "name", "option", "enough"), REFUSED, ids=[case[3] for case in REFUSED]
)
@pytest.mark.slow
def test_what_is_beyond_a_limit_is_refused_with_the_option_that_raises_it(
    capsys, sources, call, lower, name, option, enough
):
    refused = stylekit(capsys, *call, *lower)
    assert refused.code == 2
    assert refused.complaint.startswith(f"{name}")
    assert option in refused.complaint
    assert "MediaLimits" not in refused.complaint
    done = stylekit(capsys, *call, f"{option}={enough}")
    assert done.code == 0, done.err
    assert Path(done.json["output"]).is_file()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "many", "1.5"])
def test_a_limit_that_is_none_is_refused(capsys, value):
    refused = stylekit(capsys, "image", "chelsea", "glass", *OUT, f"--max-pixels={value}")
    assert refused.code == 2
    assert refused.complaint.startswith("--max-pixels: must be a")


def test_every_limit_has_an_option_and_a_help():
    known = tunables(MediaLimits)
    assert set(known) == set(MediaLimits().to_json())
    assert all(limit.flag.startswith("--") and limit.help for limit in known.values())


def test_a_clip_that_is_cut_off_names_the_option(capsys, sources):
    data = Path("clip.mp4").read_bytes()
    ffmpeg("-i", "clip.mp4", "-c", "copy", "-movflags", "faststart", "whole.mp4")
    data = Path("whole.mp4").read_bytes()
    Path("cut.mp4").write_bytes(data[: len(data) * 9 // 10])
    refused = stylekit(capsys, "video", "cut.mp4", "glass", *CLIP_OUT)
    assert refused.code == 2
    assert "with --allow-partial" in refused.complaint and "=True" not in refused.complaint
    with pytest.raises(MediaError, match="with allow_partial=True"):
        read_clip("cut.mp4")


@pytest.mark.slow
def test_raised_limits_hold_up_to_the_sidecar_and_when_the_run_is_opened_again(capsys, sources):
    """The tags of the clip are read at the end, and its frames again by what explains a run."""
    Path("thin.png").write_bytes(Path("small.png").read_bytes())
    h264(Path("tiny.mp4"), [numbered_picture(n, 48, 14) for n in range(2)])
    call = ["video", "tiny.mp4", "thin.png", *CLIP_OUT]
    done = stylekit(capsys, *call, "--min-side=8", "--run", "run")
    assert done.code == 0, done.err
    assert read_sidecar("out.mp4")["content"]["name"] == "tiny.mp4"
    assert json.loads(Path("run/inputs.json").read_text())["limits"]["min_side"] == 8
    run = open_run("run")
    assert len(run.clip) == 2


def test_a_picture_larger_than_pillow_s_own_limit_is_read_if_the_limits_allow(monkeypatch):
    PIL.Image.new("L", (400, 300), 7).save("large.png")
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 50_000)
    with pytest.raises(MediaError, match="far too many pixels"):
        load_image("large.png", limits=MediaLimits(picture_pixels=1))
    assert load_image("large.png").shape == (300, 400, 3)
    assert PIL.Image.MAX_IMAGE_PIXELS == 50_000


def test_messages_in_python_name_the_field_of_the_limits():
    PIL.Image.new("RGB", (40, 30), "red").save("a.png")
    with pytest.raises(MediaError, match="raise the limit with picture_pixels in MediaLimits"):
        load_image("a.png", limits=MediaLimits(picture_pixels=100))
    with pytest.raises(MediaError, match="raise the limit with picture_bytes in MediaLimits"):
        load_image("a.png", limits=MediaLimits(picture_bytes=10))


# --- inputs that spoil a result at its end --------------------------------------------------------


@pytest.mark.slow
def test_an_input_that_goes_while_it_is_painted_costs_nothing(capsys, sources, monkeypatch):
    steps = Stylization.steps

    def slow(painting, *arguments, **more):
        Path("noise.png").unlink()
        yield from steps(painting, *arguments, **more)

    sha256 = hashlib.sha256(Path("noise.png").read_bytes()).hexdigest()
    monkeypatch.setattr(Stylization, "steps", slow)
    done = stylekit(capsys, "image", "noise.png", "glass", *OUT)
    assert done.code == 0, done.err
    assert read_sidecar("out.png")["content"]["sha256"] == sha256


@pytest.mark.slow
def test_a_clip_with_damaged_sound_is_written_without_it(capsys, caplog):
    h264(Path("a.mp4"), [numbered_picture(n, 96, 72) for n in range(30)], beep=1.0)
    ffmpeg("-i", "a.mp4", "-c:v", "copy", "-c:a", "flac", "a.mkv")
    with av.open("a.mkv") as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    data = Path("a.mkv").read_bytes()
    for packet in packets[2:6]:
        data = data.replace(packet, b"\x55" * len(packet))
    Path("a.mkv").write_bytes(data)
    done = stylekit(capsys, "video", "a.mkv", "glass", *CLIP_OUT, "--frames", "30")
    assert done.code == 0, done.err
    assert "a.mkv: its sound is damaged; out.mp4 has none" in caplog.text
    assert not read_clip("out.mp4").has_audio
