"""Folders of pictures and clips: what is finished is skipped, and failures are told."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from shallow import make_shallow
from short_runs import share_objectives, stylekit

from stylekit.app import batch
from stylekit.arrays import to_bytes
from stylekit.media.images import load_image, save_image
from stylekit.motion.flow import write_flo
from stylekit.samples import MaterialKind, find_material
from stylekit.vgg.weights import _embedded_file

SMALL = ["--steps", "2", "--size", "32", "--backbone", "vgg16"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder `in` with two pictures, a damaged one and a file of another kind."""
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)
    inputs = tmp_path / "in"
    inputs.mkdir()
    for name in ("chelsea.png", "rocket.bmp"):
        picture = load_image(find_material(name[:-4], MaterialKind.PHOTOGRAPH))[:64, :96]
        PIL.Image.fromarray(to_bytes(picture)).save(inputs / name)
    (inputs / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    (inputs / "notes.txt").write_text("not a picture")
    return inputs


@pytest.fixture
def clips(tmp_path):
    """A folder with a clip and a damaged one."""
    inputs = tmp_path / "clips"
    inputs.mkdir()
    shutil.copy(find_material("drift", MaterialKind.CLIP), inputs / "a.mp4")
    (inputs / "b.mp4").write_bytes(b"no clip")
    return inputs


def image(capsys, *more, out="out"):
    return stylekit(capsys, "image", "in", "glass", "-o", out, *SMALL, "--json", *more)


def test_all_pictures_are_painted_and_a_failure_does_not_stop_the_rest(capsys, folder):
    outcome = image(capsys)
    assert outcome.code == 1
    told = outcome.json
    assert [each["output"] for each in told["painted"]] == ["out/chelsea.png", "out/rocket.png"]
    assert list(told["failed"]) == ["in/damaged.jpg"]
    assert told["failed"]["in/damaged.jpg"].startswith("damaged.jpg: ")
    assert sorted(path.name for path in folder.parent.glob("out/*")) == sorted(
        [".stylekit.json", "chelsea.png", "chelsea.png.json", "rocket.png", "rocket.png.json"]
    )


def test_the_same_command_again_does_what_is_left(capsys, folder, monkeypatch):
    image(capsys)
    shutil.copy(folder / "chelsea.png", folder / "damaged.jpg")  # mended
    painted = []
    real = batch.image_command

    def counted(options):
        painted.append(options.content)
        return real(options)

    monkeypatch.setattr(batch, "image_command", counted)
    outcome = image(capsys)
    assert outcome.code == 0
    assert painted == ["in/damaged.jpg"]
    assert outcome.json["skipped"] == ["out/chelsea.png", "out/rocket.png"]
    # A picture that has changed is another one, and its result is not replaced unasked.
    save_image(np.full((64, 96, 3), 0.5, np.float32), folder / "chelsea.png", provenance=None)
    outcome = image(capsys)
    assert (outcome.code, list(outcome.json["failed"])) == (1, ["in/chelsea.png"])
    assert "--overwrite" in outcome.json["failed"]["in/chelsea.png"]
    outcome = image(capsys, "--overwrite")
    assert (outcome.code, len(outcome.json["painted"])) == (0, 1)


def test_other_settings_are_other_results(capsys, folder):
    (folder / "damaged.jpg").unlink()
    image(capsys)
    outcome = image(capsys, "--beta", "1e5")
    assert (outcome.code, len(outcome.json["failed"])) == (1, 2)
    outcome = image(capsys, "--beta", "1e5", out="strong")
    assert (outcome.code, len(outcome.json["painted"])) == (0, 2)


def test_equal_names_with_other_endings_get_both_endings(capsys, folder):
    (folder / "damaged.jpg").unlink()
    (folder / "chelsea.png").rename(folder / "rocket.png")
    outcome = image(capsys)
    assert [each["output"] for each in outcome.json["painted"]] == [
        "out/rocket.bmp.png",
        "out/rocket.png.png",
    ]


def test_an_interrupted_folder_says_how_to_go_on(capsys, folder, monkeypatch):
    (folder / "damaged.jpg").unlink()

    def interrupted(options):
        if "rocket" in options.content:
            raise KeyboardInterrupt
        return real(options)

    real = batch.image_command
    monkeypatch.setattr(batch, "image_command", interrupted)
    outcome = image(capsys)
    assert outcome.code == 130
    assert [each["output"] for each in outcome.json["painted"]] == ["out/chelsea.png"]
    assert outcome.json["left"] == 1
    assert "run the same command again" in outcome.err
    monkeypatch.setattr(batch, "image_command", real)
    assert image(capsys).json["skipped"] == ["out/chelsea.png"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["image", "in", "nothing.png", "-o", "out"], "nothing.png: "),
        (["image", "in", "in/damaged.jpg", "-o", "out"], "damaged.jpg: "),
        (["image", "in", "glass", "-o", "in"], "in: is the folder of the inputs"),
        (["image", "in", "glass", "-o", "out.png"], "out.png: is a file's name"),
        (["image", "empty", "glass", "-o", "out"], "empty: holds no pictures"),
        (["image", "in", "glass", "-o", "out", "--timelapse", "a.mp4"], "--timelapse: is for one"),
        (["image", "in", "glass", "-o", "out", "--init", "in/a.png"], "--init: for a folder"),
        (["image", "chelsea", "glass", "-o", "a.png", "--workers", "2"], "--workers: one picture"),
        (["image", "in", "glass", "-o", "out", "--workers", "0"], "--workers: must be a whole"),
        (["video", "both", "glass", "-o", "out"], "both: holds clips (a.mp4, …) and pictures"),
        (["video", "clips", "glass", "-o", "out", "--run", "r"], "--run: is for one clip"),
    ],
)
def test_what_serves_no_file_is_refused_at_once(capsys, folder, clips, call, message):
    (folder.parent / "empty").mkdir()
    both = folder.parent / "both"
    both.mkdir()
    shutil.copy(clips / "a.mp4", both)
    shutil.copy(folder / "chelsea.png", both)
    outcome = stylekit(capsys, *call)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint.startswith(message)


def test_clips_of_a_folder(capsys, clips):
    call = ["video", "clips", "glass", "-o", "out/", "--frames", "2", "--frame-steps", "1", *SMALL]
    outcome = stylekit(capsys, *call, "--json")
    assert outcome.code == 1
    assert [each["output"] for each in outcome.json["painted"]] == ["out/a.mp4"]
    assert list(outcome.json["failed"]) == ["clips/b.mp4"]
    assert (clips.parent / "out" / "a.mp4").is_file()
    (clips / "b.mp4").unlink()
    outcome = stylekit(capsys, *call)
    assert (outcome.code, outcome.out) == (0, "0 painted, 1 finished before, 0 failed\n")


def test_too_little_memory_for_one_does_not_stop_the_rest(capsys, folder, monkeypatch):
    class ResourceExhaustedError(RuntimeError):
        """As TensorFlow raises it."""

    def paint(options):
        if "chelsea" in options.content:
            raise ResourceExhaustedError("OOM when allocating tensor")
        return real(options)

    real = batch.image_command
    monkeypatch.setattr(batch, "image_command", paint)
    (folder / "damaged.jpg").unlink()
    outcome = image(capsys)
    assert outcome.code == 1
    assert [each["output"] for each in outcome.json["painted"]] == ["out/rocket.png"]
    assert outcome.json["failed"]["in/chelsea.png"].startswith("memory: there is not enough")


def test_other_weights_in_the_same_file_are_another_network(capsys, folder):
    (folder / "damaged.jpg").unlink()
    shutil.copy(_embedded_file(), "weights.h5")
    call = ["image", "in", "glass", "-o", "out", *SMALL, "--backbone", "weights.h5", "--json"]
    assert len(stylekit(capsys, *call).json["painted"]) == 2
    assert len(stylekit(capsys, *call).json["skipped"]) == 2
    with Path("weights.h5").open("ab") as file:
        file.write(b"\0")  # HDF5 does not read beyond its end
    outcome = stylekit(capsys, *call)
    assert (outcome.code, len(outcome.json["failed"])) == (1, 2)


def test_other_flow_in_the_same_folder_is_other_flow(capsys, clips):
    (clips / "b.mp4").unlink()
    Path("flow").mkdir()
    still = np.zeros((24, 32, 2), np.float32)
    for name in ("forward_0000_0001.flo", "backward_0001_0000.flo"):
        write_flo(still, Path("flow", name))
    call = ["video", "clips", "glass", "-o", "out", *SMALL, "--frames", "2", "--flow", "flow"]
    outcome = stylekit(capsys, *call, "--json")
    assert len(outcome.json["painted"]) == 1, outcome
    assert len(stylekit(capsys, *call, "--json").json["skipped"]) == 1
    write_flo(still + 1, Path("flow", "forward_0000_0001.flo"))
    outcome = stylekit(capsys, *call, "--json")
    assert (outcome.json["skipped"], len(outcome.json["failed"])) == ([], 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_has_the_name_of_a_file_and_is_none_is_told(capsys, folder):
    """To open a named pipe would take for ever."""
    (folder / "damaged.jpg").unlink()
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "round.png").symlink_to("round.png")
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.png"))
    (folder / "folder.png").mkdir()
    outcome = image(capsys)
    assert (outcome.code, len(outcome.json["painted"])) == (0, 2)
    assert outcome.json["left_out"] == {
        "in/gone.png": "gone.png: is a link to a file that is not there",
        "in/pipe.jpg": "pipe.jpg: is not an ordinary file",
        "in/round.png": "round.png: is a link to a file that is not there",
        "in/socket.png": "socket.png: is not an ordinary file",
    }
    outcome = stylekit(capsys, "image", "in", "glass", "-o", "out", *SMALL)
    assert "left out: pipe.jpg: is not an ordinary file" in outcome.out.splitlines()
    for name in ("chelsea.png", "rocket.bmp"):
        (folder / name).unlink()
    outcome = stylekit(capsys, "image", "in", "glass", "-o", "out", *SMALL)
    assert outcome.complaint.startswith(
        "in: holds no pictures: gone.png is a link to a file that is not there"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_of_a_clip_of_pictures_too(capsys, caplog):
    Path("frames").mkdir()
    for number in range(2):
        save_image(np.zeros((24, 32, 3), np.float32), f"frames/{number}.png", provenance=None)
    os.mkfifo("frames/2.png")
    assert stylekit(capsys, "video", "frames", "glass", "-o", "out.mp4", *SMALL).code == 0
    assert caplog.messages.count("2.png: is not an ordinary file, and is left out") == 1


def test_a_file_that_goes_while_the_others_are_looked_at_stops_none(capsys, folder, monkeypatch):
    (folder / "damaged.jpg").unlink()
    real = batch.sha256_of

    def gone(path):
        if path.name == "rocket.bmp":
            path.unlink(missing_ok=True)
        return real(path)

    monkeypatch.setattr(batch, "sha256_of", gone)
    outcome = image(capsys)
    assert (outcome.code, list(outcome.json["failed"])) == (1, ["in/rocket.bmp"])
    assert len(outcome.json["painted"]) == 1
