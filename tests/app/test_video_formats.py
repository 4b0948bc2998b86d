"""`stylekit video` with pictures, animations, and the user's own flow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from shallow import make_shallow
from short_runs import share_objectives, stylekit

from stylekit.media.clips import read_clip
from stylekit.media.images import save_image
from stylekit.motion.flow import read_flo, write_flo
from stylekit.samples import MaterialKind, find_material

pytestmark = pytest.mark.slow

SMALL = ["--steps", "3", "--frame-steps", "1", "--size", "32", "--backbone", "vgg16", "--json"]
FRAMES = 3


@pytest.fixture(autouse=True)
def pictures(tmp_path, monkeypatch) -> Path:
    """A folder with the first frames of a built-in clip."""
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)
    folder = Path("in")
    folder.mkdir()
    for index, frame in enumerate(
        read_clip(find_material("drift", MaterialKind.CLIP), size=32)[:3]
    ):
        save_image(frame, folder / f"{index + 8}.png", provenance=None)
    return folder


def put_flow(folder: Path, shift: float) -> None:
    folder.mkdir(exist_ok=True)
    flow = np.full((24, 32, 2), shift, np.float32)
    for index in range(1, FRAMES):
        write_flo(flow, folder / f"forward_{index}_{index + 1}.flo")
        write_flo(-flow, folder / f"backward_{index + 1}_{index}.flo")


def test_pictures_become_pictures_along_the_user_s_own_flow(capsys):
    put_flow(Path("flow"), 0.25)
    call = ["video", "in/%d.png", "glass", "-o", "out/", "--run", "run", *SMALL, "--fps", "10"]
    done = stylekit(capsys, *call, "--flow", "flow")
    assert done.code == 0, done.err
    report = done.json
    assert (report["frames"], report["fps"], report["size"]) == (FRAMES, "10/1", [32, 24])
    assert Path(report["output"]) == Path("out/%06d.png")
    sidecar = json.loads(Path(report["sidecar"]).read_text())
    assert sidecar["settings"]["flow"] == "files" and sidecar["content"]["name"] == "%d.png"
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["%06d.png.json", "000000.png", "000001.png", "000002.png"]
    with (
        PIL.Image.open("out/000002.png") as written,
        PIL.Image.open("run/frames/000002.png") as own,
    ):
        assert written.size == (32, 24) and list(written.getdata()) == list(own.getdata())
    assert read_flo("run/flow/000001.backward.flo")[3, 3].tolist() == [-0.25, -0.25]
    # The same flow goes on with the run and replaces its result; another flow is refused.
    assert stylekit(capsys, *call, "--flow", "flow").json["complete"]
    put_flow(Path("flow"), 0.5)
    refused = stylekit(capsys, *call, "--flow", "flow")
    assert refused.code == 2 and "flows.sha256" in refused.complaint
    Path("flow/forward_2_3.flo").unlink()
    refused = stylekit(capsys, *call, "--flow", "flow")
    assert refused.code == 2 and refused.complaint.startswith("forward_2_3.flo: is missing")


def test_an_animation_with_transparent_parts_becomes_a_gif(capsys, caplog):
    layers = [
        np.asarray(PIL.Image.open(f"in/{number}.png").convert("RGBA")) for number in (8, 9, 10)
    ]
    shown = []
    for layer in layers:
        holed = layer.copy()
        holed[:9, :9, 3] = 0
        shown.append(PIL.Image.fromarray(holed))
    shown[0].save("a.webp", save_all=True, append_images=shown[1:], duration=[30, 60, 60])
    assert (
        stylekit(capsys, "video", "a.webp", "glass", "-o", "a.gif", *SMALL, "--fps", "12").code == 0
    )
    assert "a.webp: is transparent in parts; a clip is laid on white" in caplog.text
    assert (
        "a.webp: 1 of its pictures are dropped" in caplog.text
        and "--fps 34 keeps all" in caplog.text
    )
    assert "a.gif: a GIF counts in hundredths of a second" in caplog.text
    with PIL.Image.open("a.gif") as picture:
        assert b"neural style transfer" in picture.info["comment"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["in", "-o", "in/%02d.jpg"], "%02d.jpg: is in the folder of the clip"),
        (["in/%d.png", "-o", "in/%d.png"], "8.png: is there already"),
        (["in/%d.png", "-o", "in/9.png"], "9.png: cannot write the ending .png"),
        (["in", "-o", "a.mp4", "--flow", "nowhere"], "--flow: must be dis, "),
        (["in", "-o", "a.mp4", "--flow", "in"], "forward_1_2.flo: is missing"),
        (["in", "-o", "a.mp4", "--fps", "0"], "--fps: must be above 0"),
        (["in", "-o", "a.mp4", "--fps", "1/0"], "--fps: must be a number such as 25"),
    ],
)
def test_what_does_not_serve_is_refused_before_painting(capsys, call, message):
    clip, *rest = call
    refused = stylekit(capsys, "video", clip, "glass", *rest, *SMALL)
    assert refused.code == 2
    assert refused.complaint.startswith(message)
    assert not list(Path().glob("*.run-*"))
