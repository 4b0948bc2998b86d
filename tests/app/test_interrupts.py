"""Ctrl-C, SIGTERM and SIGHUP at every kind of moment: one line, exit code 130, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shallow import make_shallow
from short_runs import END_SIGNALS, share_objectives, stylekit

from stylekit.app import batch, clip_run, run
from stylekit.app.interrupts import NOT_FINISHED, check, handled, loading, was_interrupted, writing
from stylekit.app.terminal import tell
from stylekit.image.stylization import Stylization
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image

SMALL = ["--size", "48", "--backbone", "vgg16", "--json"]
IMAGE = ["image", "chelsea", "glass", "-o", "out.png", "--steps", "3", *SMALL]
CLIP = ["video", "drift", "glass", "-o", "out.mp4", "--frames", "2", "--steps", "3", *SMALL]
SIGNALS = [signal.SIGINT, *END_SIGNALS]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Programs started in the background may have been told to ignore them.
    before = {number: signal.signal(number, signal.SIG_DFL) for number in END_SIGNALS}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def short_runs(monkeypatch):
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    usual = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    return subprocess.Popen(
        [sys.executable, "-c", usual + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("numpy", signal.SIGINT),
        ("stylekit.app.options", END_SIGNALS[0]),
        ("cv2", signal.SIGINT),
        ("av", END_SIGNALS[-1]),
        ("tensorflow.python.ops.ragged.ragged_tensor", signal.SIGINT),
        ("tensorflow.python.ops.ragged.ragged_tensor", END_SIGNALS[0]),
    ],
)
def test_a_signal_while_libraries_are_loaded_ends_the_program(module, number, tmp_path):
    """Some swallow a KeyboardInterrupt, others break in their middle."""
    code = (
        "import sys\n"
        "def hook(event, arguments):\n"
        f"    if event == 'import' and arguments[0] == {module!r}:\n"
        f"        signal.raise_signal({int(number)})\n"
        "sys.addaudithook(hook)\n"
        "from stylekit.app.cli import main; sys.exit(main())"
    )
    process = start(code, *IMAGE)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if not line.startswith("backbone: ")] == [
        NOT_FINISHED
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_signal_in_a_long_computation_is_answered_before_it_ends():
    code = (
        "import hashlib, os\n"
        "from stylekit.app.interrupts import handled, painting\n"
        "with handled(), painting():\n"
        "    os.write(1, b'ready\\n')\n"
        # Hours, without a return to Python.
        "    hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)\n"
    )
    process = start(code)
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(2)  # until it is in the computation, also on a busy machine
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline().startswith("interrupted: the computation under way ends")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, err) == (130, f"{NOT_FINISHED}\n")


def test_a_signal_that_a_library_swallowed_comes_again():
    for number in SIGNALS:
        with handled():
            with pytest.raises(KeyboardInterrupt):
                try:
                    signal.raise_signal(number)
                except KeyboardInterrupt:
                    assert was_interrupted()
                check()
            with writing(interrupted=True):
                pass
            assert not was_interrupted()


def test_an_error_that_a_signal_has_caused_is_no_error(capsys, monkeypatch):
    def broken(_options):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise NameError("half imported") from None

    monkeypatch.setattr(batch, "image_command", broken)
    outcome = stylekit(capsys, *IMAGE)
    assert (outcome.code, outcome.out, outcome.complaint) == (130, "", NOT_FINISHED)


def test_while_a_result_is_written_only_a_second_ctrl_c_gives_it_up():
    with handled():
        for first in SIGNALS:
            with pytest.raises(KeyboardInterrupt), writing() as state:
                assert not state.interrupted
                signal.raise_signal(first)
                assert state.interrupted
                # start.py hands them on, also to a program that has had them already.
                for number in END_SIGNALS:
                    signal.raise_signal(number)
                signal.raise_signal(signal.SIGINT)


def test_what_was_ignored_stays_ignored_and_all_is_as_before():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with handled():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        signal.raise_signal(signal.SIGTERM)
        with loading():
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "finish", "call"),
    [(run, "finish_image", IMAGE), (clip_run, "finish_clip", CLIP)],
)
def test_a_signal_while_a_finished_result_is_written_costs_nothing(
    module, finish, call, capsys, monkeypatch, short_runs
):
    real = getattr(module, finish)

    def late(*arguments, **more):
        signal.raise_signal(signal.SIGINT)
        return real(*arguments, **more)

    monkeypatch.setattr(module, finish, late)
    outcome = stylekit(capsys, *call)
    output = outcome.json["output"]
    assert (outcome.code, outcome.json["complete"]) == (130, True)
    assert outcome.err.splitlines()[-1] == (
        f"interrupted: {output} was all but finished, and is complete"
    )
    if output == "out.png":
        assert load_image(output).shape == (32, 48, 3)
    else:
        assert len(read_clip(output)) == 2


@pytest.mark.slow
def test_of_a_folder_it_is_recorded_as_finished(capsys, monkeypatch, short_runs):
    Path("in").mkdir()
    for name in ("a.png", "b.png"):
        Path("in", name).write_bytes(_picture())
    real = run.finish_image

    def late(*arguments, **more):
        signal.raise_signal(END_SIGNALS[0])
        return real(*arguments, **more)

    call = ["image", "in", "glass", "-o", "out", "--steps", "2", *SMALL]
    with monkeypatch.context() as patch:
        patch.setattr(run, "finish_image", late)
        outcome = stylekit(capsys, *call)
    assert (outcome.code, outcome.json["left"]) == (130, 1)
    assert [each["output"] for each in outcome.json["painted"]] == ["out/a.png"]
    outcome = stylekit(capsys, *call)
    assert (outcome.code, outcome.json["skipped"]) == (0, ["out/a.png"])


def _picture() -> bytes:
    import io

    import PIL.Image

    data = io.BytesIO()
    PIL.Image.radial_gradient("L").resize((48, 32)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.slow
def test_before_the_first_step_there_is_nothing_to_keep(capsys, monkeypatch, tmp_path, short_runs):
    def early(painting, *arguments, **more):
        signal.raise_signal(signal.SIGINT)
        yield from ()

    monkeypatch.setattr(Stylization, "steps", early)
    outcome = stylekit(capsys, *IMAGE)
    assert (outcome.code, outcome.out, outcome.complaint) == (130, "", NOT_FINISHED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_nobody_who_reads_is_no_reason_to_end(name):
    code = (
        "import sys, os\n"
        "from stylekit.app.progress import Progress\n"
        "from stylekit.app.terminal import tell\n"
        "sys.stdin.readline()\n"
        f"tell('a line', sys.{name}); tell('another', sys.{name})\n"
        f"Progress(3, stream=sys.{name}).frame(0, max_steps_left=2, facts='')\n"
        "sys.exit(7)"
    )
    reader, writer = os.pipe()
    streams = {"stdin": subprocess.PIPE, name: writer}
    process = subprocess.Popen([sys.executable, "-c", code], text=True, **streams)
    os.close(writer)
    os.close(reader)
    process.communicate("go\n", timeout=120)
    assert process.returncode == 7


def test_a_full_disk_is_told_though():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    stream = full.open("w")
    with pytest.raises(OSError, match="No space"):
        tell("a line", stream)
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    stream.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_a_closed_stream_costs_no_result(number, tmp_path):
    code = (
        f"import os, sys; os.close({number}); "
        f"sys.{'stdout' if number == 1 else 'stderr'} = None; "
        "from stylekit.app.cli import main; sys.exit(main())"
    )
    process = start(code, *IMAGE)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert load_image("out.png").shape == (32, 48, 3)


@pytest.mark.skipif(os.name != "posix", reason="removes the current folder")
def test_a_current_folder_that_is_gone_is_told_in_a_line(tmp_path):
    code = (
        "import os, sys; os.mkdir('gone'); os.chdir('gone'); "
        f"os.rmdir({str(tmp_path / 'gone')!r})\n"
        "from stylekit.app.cli import main; sys.exit(main())"
    )
    process = start(code, *IMAGE)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (2, "")
    assert err == "folder: the current one was removed; change to another one\n"
