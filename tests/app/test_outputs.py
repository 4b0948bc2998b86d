"""No command replaces a file unasked, and what is not complete has another name."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shallow import make_shallow
from short_runs import SETTINGS, share_objectives, stylekit

from stylekit.app import clip_run, demo
from stylekit.app import run as commands
from stylekit.app.outputs import claimed, finished_path, unfinished_path
from stylekit.app.progress import Progress
from stylekit.image.stylization import Stylization
from stylekit.media import files as writing
from stylekit.media.images import load_image, save_image
from stylekit.media.written import WrittenFiles, complete_result

SMALL = ["--steps", "2", "--size", "32", "--backbone", "vgg16", "--json"]
IMAGE = ["image", "chelsea", "glass", "-o", "out.png", *SMALL]
VIDEO = ["video", "drift", "glass", "-o", "out.mp4", "--frames", "2", "--frame-steps", "1", *SMALL]
OWN = b"a file of mine"


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


@pytest.fixture
def no_painting(monkeypatch):
    for module, name in ((commands, "Stylization"), (clip_run, "VideoRun")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("it was painted"))


@pytest.mark.parametrize(
    ("call", "there"),
    [
        (IMAGE, "out.png"),
        (IMAGE, "out.png.json"),
        ([*IMAGE, "--timelapse", "lapse.gif"], "lapse.gif"),
        ([*IMAGE, "--timelapse", "lapse.mp4"], "lapse.mp4"),
        (VIDEO, "out.mp4"),
        (VIDEO, "out.mp4.json"),
        ([*VIDEO, "--run", "kept"], "out.mp4"),
        (["demo", "-o", "."], "comparison.mp4"),
        (["demo", "-o", "."], "table.txt"),
        (["demo", "-o", "."], "temporal.mp4.json"),
    ],
)
def test_a_file_that_is_there_is_refused_before_painting(capsys, no_painting, call, there):
    Path(there).write_bytes(OWN)
    outcome = stylekit(capsys, *call)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == (
        f"{there}: is there already; give another name for the result, or replace it with "
        "--overwrite"
    )
    assert Path(there).read_bytes() == OWN


def test_a_link_to_nowhere_counts_as_a_file(capsys, no_painting):
    Path("out.png").symlink_to("nowhere.png")
    assert stylekit(capsys, *IMAGE).complaint.startswith("out.png: is there already")


def test_a_picture_is_not_painted_over_itself_unasked(capsys, no_painting, content):
    save_image(content, "out.png", provenance=None)
    outcome = stylekit(capsys, *IMAGE, "--init", "out.png")
    assert outcome.complaint.startswith("out.png: is there already")


@pytest.mark.slow
def test_what_may_be_overwritten_is_replaced_with_its_sidecar(capsys, content):
    save_image(content, "out.png", provenance=None)
    Path("out.png.json").write_bytes(OWN)
    before = Path("out.png").read_bytes()
    assert stylekit(capsys, *IMAGE, "--init", "out.png", "--overwrite").code == 0
    assert Path("out.png").read_bytes() != before
    assert json.loads(Path("out.png.json").read_text())["complete"] is True


@pytest.mark.parametrize("name", ["a" * 251 + ".png", "a" * 240 + ".png", "ü" * 120 + ".png"])
def test_a_name_too_long_for_what_is_beside_it_is_told_before_painting(capsys, no_painting, name):
    outcome = stylekit(capsys, "image", "chelsea", "glass", "-o", name, *SMALL)
    assert outcome.code == 2
    assert outcome.complaint.startswith(f"{name}: ")
    assert "too long" in outcome.complaint and "choose a shorter one" in outcome.complaint


@pytest.mark.slow
def test_a_clip_s_name_that_is_just_short_enough_is_painted_or_refused_at_once(capsys):
    for length in (225, 245):
        name = "a" * length + ".mp4"
        outcome = stylekit(capsys, *VIDEO, "-o", name)
        assert outcome.code in (0, 2)
        assert (outcome.code == 0) is Path(name).exists() is Path(f"{name}.json").exists()


def test_a_folder_in_the_place_of_the_sidecar_is_told_before_painting(capsys, no_painting):
    Path("out.png.json").mkdir()
    outcome = stylekit(capsys, *IMAGE)
    assert (outcome.code, outcome.complaint[:28]) == (2, "out.png.json: is a folder; t")


# --- clips know their own results -----------------------------------------------------------------


@pytest.mark.slow
def test_a_run_replaces_its_own_result_but_no_other(capsys):
    assert stylekit(capsys, *VIDEO).code == 0
    clip, sidecar = Path("out.mp4").read_bytes(), Path("out.mp4.json").read_bytes()
    assert stylekit(capsys, *VIDEO).code == 0, "the same command again"
    assert (Path("out.mp4").read_bytes(), Path("out.mp4.json").read_bytes()) == (clip, sidecar)
    # Killed after the clip had its name, before its sidecar had.
    Path("out.mp4.json").unlink()
    assert stylekit(capsys, *VIDEO).code == 0
    assert Path("out.mp4.json").read_bytes() == sidecar

    outcome = stylekit(capsys, *VIDEO, "--beta", "3")
    assert (outcome.code, outcome.complaint[:25]) == (2, "out.mp4: is there already")
    Path("out.mp4").write_bytes(clip + b"changed since")
    outcome = stylekit(capsys, *VIDEO)
    assert (outcome.code, outcome.complaint[:25]) == (2, "out.mp4: is there already")
    assert stylekit(capsys, *VIDEO, "--overwrite").code == 0
    assert Path("out.mp4").read_bytes() == clip


@pytest.mark.slow
def test_numbered_pictures_are_the_run_s_own_or_refused(capsys):
    call = [*VIDEO, "-o", "out/"]
    assert stylekit(capsys, *call).code == 0
    assert stylekit(capsys, *call).code == 0
    Path("out/%06d.png.json").rename("kept.json")
    Path("kept.json").rename("out/%06d.png.json")
    outcome = stylekit(capsys, *call, "--beta", "3")
    assert (outcome.code, outcome.complaint[:29]) == (2, "000000.png: is there already;")
    assert stylekit(capsys, *call, "--beta", "3", "--overwrite", "--frames", "1").code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["%06d.png.json", "000000.png"]


@pytest.mark.slow
def test_an_interrupted_clip_replaces_its_own_partial_result_alone(capsys, monkeypatch):
    def interrupt(progress, frame_index, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "frame", interrupt)
    Path("out.partial.mp4").write_bytes(OWN)
    for _ in range(2):
        assert stylekit(capsys, *VIDEO).json["output"] == "out.partial-2.mp4"
    assert Path("out.partial.mp4").read_bytes() == OWN
    assert not Path("out.mp4").exists()


@pytest.mark.slow
def test_a_result_whose_name_was_taken_meanwhile_gets_another(capsys, monkeypatch, caplog):
    steps = Stylization.steps

    def slow(painting, *arguments, **more):
        Path("out.png").write_bytes(OWN)
        yield from steps(painting, *arguments, **more)

    monkeypatch.setattr(Stylization, "steps", slow)
    outcome = stylekit(capsys, *IMAGE)
    assert (outcome.code, outcome.json["output"]) == (0, "out-2.png")
    assert "out.png: is there meanwhile; the result is out-2.png" in caplog.text
    assert Path("out.png").read_bytes() == OWN
    assert load_image("out-2.png").shape == (21, 32, 3)


def test_names_are_found_beside_files_of_others():
    Path("a.partial.png").touch()
    Path("a.partial-2.png.json").touch()
    assert unfinished_path(Path("a.png")) == Path("a.partial-3.png")
    assert finished_path(Path("a.png"), overwrite=False) == Path("a.png")
    Path("a.png").touch()
    assert finished_path(Path("a.png"), overwrite=False) == Path("a-2.png")
    assert finished_path(Path("a.png"), overwrite=True) == Path("a.png")


# --- the demo -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_knows_its_own_files(capsys, monkeypatch):
    monkeypatch.setattr(demo, "_SETTINGS", SETTINGS)
    monkeypatch.setattr(demo, "_EVERY", 12)
    monkeypatch.setattr(demo, "_SHEET_FRAMES", (1,))
    monkeypatch.setattr(demo, "STYLE", "glass")
    assert stylekit(capsys, "demo").code == 0
    assert stylekit(capsys, "demo").code == 0, "the same command again"
    folder = Path("stylekit-demo")
    table = (folder / "table.txt").read_bytes()
    (folder / "table.txt").write_bytes(OWN)
    outcome = stylekit(capsys, "demo")
    assert (outcome.code, outcome.complaint[:27]) == (2, "table.txt: is there already")
    assert stylekit(capsys, "demo", "--overwrite").code == 0
    assert (folder / "table.txt").read_bytes().splitlines()[0] == table.splitlines()[0]
    # Another version would paint other frames.
    monkeypatch.setattr(demo, "_SETTINGS", dataclasses.replace(SETTINGS, frame_steps=1))
    assert stylekit(capsys, "demo").code == 2
    assert stylekit(capsys, "demo", "--overwrite").code == 0


# --- complete results -----------------------------------------------------------------------------


def write_result(hidden: Path, text: str) -> None:
    hidden.write_text(text)
    hidden.with_name(f"{hidden.name}.json").write_text(text)


def test_a_result_and_its_sidecar_change_together_or_not_at_all(tmp_path):
    output, sidecar = tmp_path / "out.txt", tmp_path / "out.txt.json"
    written = WrittenFiles(tmp_path / "written.sha256")
    with complete_result(output, written) as hidden:
        write_result(hidden, "one")
    with pytest.raises(RuntimeError), complete_result(output, written) as hidden:
        write_result(hidden, "two")
        raise RuntimeError
    assert (output.read_text(), sidecar.read_text()) == ("one", "one")
    with complete_result(output, written) as hidden:
        hidden.write_text("three")
    assert output.read_text() == "three"
    assert not sidecar.exists(), "an old sidecar beside a new result"
    assert written.holds(output)
    output.write_text("by somebody")
    assert not written.holds(output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.txt", "written.sha256"]


def test_what_a_killed_process_left_hidden_is_removed_and_nothing_else(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from stylekit.media.files import atomic_path, temporary_folder\n"
        "with temporary_folder(Path()) as folder, atomic_path('a.txt') as path:\n"
        "    (folder / 'b.txt').write_text('half')\n"
        "    path.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, 'SIGKILL') else 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, timeout=120)
    left = list(tmp_path.iterdir())
    assert len(left) == 2 and all(path.name.startswith(".stylekit-") for path in left)
    if os.name != "posix":
        for path in left:
            os.utime(path, (0, 0))
    for name in (".stylekit-notebooks.json", ".stylekit-01234567-1-x.png"):
        (tmp_path / name).touch()
    with writing.atomic_path(tmp_path / "mine.txt") as own:
        own.write_text("of a process that lives")
        writing.remove_unfinished(tmp_path)
        assert own.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".stylekit-01234567-1-x.png",  # of another machine
        ".stylekit-notebooks.json",
        "mine.txt",
    ]


@pytest.mark.slow
def test_a_clip_killed_while_it_is_written_leaves_nothing_hidden(capsys):
    assert stylekit(capsys, *VIDEO, "--run", "run").code == 0
    Path("out.mp4").unlink()
    shutil.rmtree("run/pass-1", ignore_errors=True)
    code = (
        "import os, signal\n"
        "from stylekit.media import encode\n"
        "encode._add_picture_track = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "import numpy as np; from fractions import Fraction; from pathlib import Path\n"
        "from stylekit.media.written import complete_result\n"
        "with complete_result(Path('out.mp4')) as hidden:\n"
        "    encode.write_clip([np.zeros((32, 32, 3), np.float32)], hidden, fps=Fraction(9))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    assert list(Path().glob(".stylekit-*")), "it was not killed in time"
    assert stylekit(capsys, *VIDEO, "--run", "run").code == 0
    assert not list(Path().glob(".stylekit-*"))


def test_a_record_that_cannot_be_read_holds_nothing(tmp_path):
    (tmp_path / "written.sha256").write_bytes(b"\xff\xfe")
    (tmp_path / "a.txt").touch()
    assert not WrittenFiles(tmp_path / "written.sha256").holds(tmp_path / "a.txt")


@pytest.mark.parametrize("call", [IMAGE, VIDEO])
def test_two_commands_do_not_paint_the_same_result(capsys, call):
    output = Path(call[4])
    with claimed(output):
        refused = stylekit(capsys, *call)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.endswith(
        f"{output}: another stylekit is painting this result; wait for its end, or give another "
        "name\n"
    )
    assert stylekit(capsys, *call).code == 0
    assert not list(Path().glob(".stylekit-lock-*"))


def test_a_full_disk_is_told_before_a_picture_is_painted(capsys, no_painting, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=150_000))
    outcome = stylekit(capsys, *IMAGE)
    assert outcome.code == 2
    assert outcome.complaint.startswith("out.png: the disk is full; ")


def test_a_folder_that_was_removed_meanwhile_is_made_again(tmp_path):
    output = tmp_path / "gone" / "a.txt"
    with complete_result(output) as hidden:
        hidden.write_text("a result")
    assert output.read_text() == "a result"


def interrupt_once(patch, part: str) -> None:
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    patch.setattr(Progress, part, interrupt)


def test_the_partial_picture_of_the_same_command_goes_when_it_is_finished(capsys, monkeypatch):
    call = [*IMAGE, "--timelapse", "lapse.gif"]
    with monkeypatch.context() as patch:
        interrupt_once(patch, "step")
        for _ in range(3):
            assert stylekit(capsys, *call).code == 130
        # It has the same inputs, and other settings.
        assert stylekit(capsys, *call, "--beta", "3").code == 130
    Path("out.partial-2.png").write_bytes(OWN)
    sidecar = Path("out.partial-3.png.json")
    told = json.loads(sidecar.read_text())
    # A name that a sidecar tells is no reason to remove a file.
    victim = Path("victim.gif")
    victim.write_bytes(OWN)
    sidecar.write_text(json.dumps(told | {"output": "victim.gif", "timelapse": "victim.gif"}))
    assert stylekit(capsys, *call).code == 0
    left = sorted(path.name for path in Path().iterdir() if "partial" in path.name)
    assert left == [
        "lapse.partial-4.gif",
        "out.partial-2.png",
        "out.partial-2.png.json",
        "out.partial-4.png",
        "out.partial-4.png.json",
    ]
    assert victim.read_bytes() == OWN


def test_a_partial_picture_that_the_painting_began_from_stays(capsys, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_once(patch, "step")
        assert stylekit(capsys, *IMAGE).code == 130
    assert stylekit(capsys, *IMAGE, "--init", "out.partial.png").code == 0
    assert Path("out.partial.png").exists() and Path("out.partial.png.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("output", ["out.mp4", "pictures/%04d.png"])
def test_the_partial_clip_of_the_same_command_goes_when_it_is_finished(output, capsys, monkeypatch):
    call = [*VIDEO, "-o", output]
    Path("pictures").mkdir()
    partial = Path(output).with_name(f"{Path(output).stem}.partial{Path(output).suffix}")
    with monkeypatch.context() as patch:
        interrupt_once(patch, "frame")
        assert stylekit(capsys, *call).json["output"] == str(partial)
    mine = partial.with_name(f"{partial.stem}-2{partial.suffix}".replace("%04d", "0000"))
    mine.write_bytes(OWN)
    assert stylekit(capsys, *call).code == 0
    left = [path.name for path in partial.parent.iterdir() if "partial" in path.name]
    assert left == [mine.name]
