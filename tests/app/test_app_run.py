"""`stylekit image` and `stylekit video` from the call to the files and the JSON."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
from clip_files import NTSC, ffmpeg, h264, make_clip, numbered_picture
from PIL import ImageSequence
from shallow import IN_PYTHON, make_shallow
from short_runs import END_SIGNALS, built_in_style, difference, entries, share_objectives, stylekit

from stylekit.app.progress import Progress
from stylekit.image.colors import match_colors
from stylekit.losses import total_variation_loss
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image, resize_image, save_image
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import make_scene
from stylekit.settings import Weights
from stylekit.video.folder import RunFolder, RunInputs

pytestmark = pytest.mark.slow

SMALL = ["--size", "48", "--backbone", "vgg16", "--json"]
IMAGE = ["--steps", "3", *SMALL]
VIDEO = ["--steps", "8", "--frame-steps", "2", *SMALL]
FRAMES = 4
DRIFT = ["video", "drift", "glass", "--frames", FRAMES, *VIDEO]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The clip that `DRIFT` makes without an interruption."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        make_shallow(monkeypatch)
        share_objectives(monkeypatch)
        output = tmp_path_factory.mktemp("unbroken") / "out.mp4"
        from stylekit.app.cli import main

        assert main([str(argument) for argument in [*DRIFT, "-o", output]]) == 0
    return output.read_bytes()


@pytest.fixture
def interrupt(monkeypatch):
    """Send a signal while the given step, counted over all frames, is shown."""
    step = Progress.step

    def arm(at: int | None, number: int = signal.SIGINT) -> None:
        seen = 0

        def counted(self, *arguments, **more):
            nonlocal seen
            seen += 1
            if seen == at:
                signal.raise_signal(number)
            step(self, *arguments, **more)

        monkeypatch.setattr(Progress, "step", counted)

    # Programs started in the background may have been told to ignore them.
    handlers = {number: signal.signal(number, signal.SIG_DFL) for number in END_SIGNALS}
    handlers[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield arm
    for number, handler in handlers.items():
        signal.signal(number, handler)


def numbers(data, *names) -> bool:
    """Whether `data` holds exactly these names, and only finite numbers."""
    return set(data) >= set(names) and all(
        isinstance(value, float | int) and np.isfinite(value) for value in data.values()
    )


def read_sidecar(report) -> dict:
    assert report["sidecar"] == f"{report['output']}.json"
    return json.loads(Path(report["sidecar"]).read_text(encoding="utf-8"))


# --- pictures -------------------------------------------------------------------------------------


def test_the_report_of_a_picture(capsys):
    outcome = stylekit(capsys, "image", "chelsea", "glass", "-o", "out.png", *IMAGE)
    assert outcome.code == 0
    report = outcome.json
    assert report["output"] == "out.png"
    assert report["seconds"] > 0
    assert (report["size"], report["frames"], report["fps"]) == ([48, 32], 1, None)
    assert report["backbone"].startswith("vgg16 (")
    assert report["optimizer"] == "lbfgs"
    assert report["weights"] == Weights().to_json()
    assert numbers(report["losses"], "content", "style", "temporal", "tv")
    assert report["style_distance"] == pytest.approx(report["losses"]["style"], rel=1e-4)
    assert report["complete"] is True
    image = load_image("out.png")
    assert image.shape == (32, 48, 3)
    tv = float(total_variation_loss(image))
    assert report["losses"]["tv"] == pytest.approx(tv, rel=1e-4), "not of the written picture"


def test_the_sidecar_of_a_picture(capsys):
    report = stylekit(capsys, "image", "chelsea", "glass", "-o", "out.png", *IMAGE).json
    sidecar = read_sidecar(report)
    for name in ("backbone", "weights", "losses", "style_distance", "size", "optimizer"):
        assert sidecar[name] == report[name]
    for role, name, kind in (
        ("content", "chelsea.jpg", MaterialKind.PHOTOGRAPH),
        ("style", "glass.jpg", MaterialKind.STYLE),
    ):
        source = find_material(Path(name).stem, kind)
        assert sidecar[role]["name"] == name
        assert sidecar[role]["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert sidecar["settings"]["steps"] == 3
    assert "compositeWithTrainedAlgorithmicMedia" in sidecar["digital_source_type"]


ODD_NAME = 'l\'été "hier" & 猫 100% (1)'


def test_a_picture_is_written_though_its_inputs_are_gone_when_it_is_painted(capsys, monkeypatch):
    """As on a memory stick that is taken out: all that is said of them is read before."""
    shutil.copy(find_material("chelsea"), "mine.jpg")
    step = Progress.step

    def taken_out(self, *arguments, **more):
        Path("mine.jpg").unlink(missing_ok=True)
        return step(self, *arguments, **more)

    monkeypatch.setattr(Progress, "step", taken_out)
    words = "image", "mine.jpg", "mine.jpg", "-o", "out.png", *IMAGE
    report = stylekit(capsys, *words).json
    assert read_sidecar(report)["content"]["name"] == "mine.jpg"
    assert not Path("mine.jpg").exists()


def test_pictures_with_any_name(capsys, content, style):
    for name, image in ((f"{ODD_NAME} in.png", content), (f"{ODD_NAME} style.png", style)):
        save_image(image, name, provenance=None)
    output = f"{ODD_NAME} out.png"
    outcome = stylekit(
        capsys, "image", f"{ODD_NAME} in.png", f"{ODD_NAME} style.png", "-o", output, *IMAGE
    )
    assert outcome.code == 0
    assert outcome.json["output"] == output
    assert Path(output).is_file()
    assert read_sidecar(outcome.json)["content"]["name"] == f"{ODD_NAME} in.png"


def test_people_get_lines_for_people(capsys):
    call = [option for option in IMAGE if option != "--json"]
    outcome = stylekit(capsys, "image", "chelsea", "glass", "-o", "out.png", *call)
    assert outcome.code == 0
    assert outcome.out.startswith("out.png: 48×32 pixels, 1 frame, ")
    assert "backbone vgg16" in outcome.out
    assert "step 1 of at most 3" in outcome.err


def test_a_seed_repeats_a_picture(capsys):
    call = ["image", "chelsea", "glass", "--init", "noise", *IMAGE]
    for name, seed in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        assert stylekit(capsys, *call, "--seed", seed, "-o", name).code == 0
    a, b, c = (Path(name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert a == b != c


def test_a_picture_that_is_interrupted_is_kept_and_can_go_on(capsys, interrupt):
    call = ["image", "chelsea", "glass", *IMAGE]
    interrupt(2)
    outcome = stylekit(capsys, *call, "-o", "out.png")
    assert outcome.code == 130
    assert outcome.json["complete"] is False
    assert not Path("out.png").exists(), "the name of a finished picture"
    so_far = Path("out.partial.png").read_bytes()
    assert load_image("out.partial.png").shape == (32, 48, 3)
    advice = outcome.err.splitlines()[-1]
    assert advice == (
        "interrupted: out.partial.png is the picture so far; go on with --init out.partial.png"
    )
    interrupt(None)
    assert stylekit(capsys, *call, "-o", "out.png", "--init", "out.partial.png").code == 0
    finished = Path("out.png").read_bytes()
    interrupt(1)
    outcome = stylekit(capsys, *call, "-o", "out.png", "--overwrite")
    assert outcome.json["output"] == "out.partial-2.png"
    assert Path("out.png").read_bytes() == finished
    assert Path("out.partial.png").read_bytes() == so_far
    assert read_sidecar(outcome.json)["complete"] is False


def frames_of(path: str) -> list[np.ndarray]:
    if not path.endswith(".gif"):
        return list(read_clip(path))
    with PIL.Image.open(path) as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    return [frame.astype(np.float32) / 255 for frame in frames]


@pytest.mark.parametrize(("name", "count"), [("lapse.mp4", 8 + 14), ("lapse.gif", 8)])
def test_a_time_lapse_ends_with_the_result(capsys, name, count):
    call = ["image", "chelsea", "glass", "-o", "out.png", "--init", "noise", *IMAGE, "--steps", "8"]
    report = stylekit(capsys, *call, "--timelapse", name).json
    assert report["timelapse"] == read_sidecar(report)["timelapse"] == name
    frames, result = frames_of(name), load_image("out.png")
    assert len(frames) == count
    assert {frame.shape for frame in frames} == {result.shape}
    # A clip halves the resolution of colours, and a GIF dithers: what both keep are areas.
    first, last, result = (resize_image(i, (12, 8)) for i in (frames[0], frames[-1], result))
    assert 2 * difference(last, result) < difference(first, result)
    assert b"Made by AI editing" in Path(name).read_bytes()


@pytest.mark.parametrize("step", [1, 2])
def test_an_interrupted_painting_leaves_its_time_lapse(capsys, interrupt, step):
    Path("lapse.gif").write_bytes(b"an earlier one")
    interrupt(step)
    call = ["image", "chelsea", "glass", "-o", "out.png", *IMAGE]
    outcome = stylekit(capsys, *call, "--timelapse", "lapse.gif", "--overwrite")
    assert (outcome.code, outcome.json["timelapse"]) == (130, "lapse.partial.gif")
    assert Path("lapse.gif").read_bytes() == b"an earlier one"
    frames = frames_of("lapse.partial.gif")
    assert len(frames) == step
    assert frames[-1].shape == load_image("out.partial.png").shape


# --- clips ----------------------------------------------------------------------------------------


def test_the_report_of_a_clip(capsys):
    outcome = stylekit(capsys, *DRIFT, "-o", "out.mp4")
    assert outcome.code == 0
    report = outcome.json
    source = read_clip(find_material("drift", MaterialKind.CLIP), size=48)
    assert (report["size"], report["frames"]) == ([source.width, source.height], FRAMES)
    assert Fraction(report["fps"]) == source.fps
    assert report["weights"] == Weights().to_json()
    assert numbers(report["losses"], "content", "style", "temporal", "tv")
    assert report["style_distance"] == pytest.approx(report["losses"]["style"], rel=1e-4)
    for name in ("warping_error", "input_warping_error"):
        assert numbers(report[name], "mse", "rmse")
        assert 0 < report[name]["rmse"] == pytest.approx(report[name]["mse"] ** 0.5)
    assert report["cold_frames"] == [0]
    table = entries(Path(report["run"]))
    assert len(table) == FRAMES
    mean = np.mean([entry["losses"]["content"] for entry in table.values()])
    assert report["losses"]["content"] == pytest.approx(mean)
    sidecar = read_sidecar(report)
    for name in ("losses", "warping_error", "style_distance", "fps", "frames", "weights"):
        assert sidecar[name] == report[name]
    assert sidecar["frame_table"] == list(table.values())


def test_the_clip_is_what_the_report_says(capsys, unbroken):
    Path("out.mp4").write_bytes(unbroken)
    clip = read_clip("out.mp4")
    assert (len(clip), clip.width, clip.height) == (FRAMES, 48, 36)
    with av.open("out.mp4") as container:
        assert "Made by AI editing" in container.metadata["comment"]
    outcome = stylekit(capsys, *DRIFT, "-o", "again.mp4")
    stored = load_image(Path(outcome.json["run"]) / "frames" / "000001.png")
    assert np.abs(clip[1] - stored).mean() < 0.05, "these are other pictures"


def test_progress_without_a_terminal_is_plain_lines(capsys):
    lines = stylekit(capsys, *DRIFT, "-o", "out.mp4").err.splitlines()
    assert not any("\r" in line or "\x1b" in line for line in lines)
    told = [line for line in lines if line.startswith("frame ")]
    assert [line.split(",")[0] for line in told] == [
        f"frame {number} of {FRAMES} finished" for number in range(1, FRAMES + 1)
    ]
    assert "cold start" in told[0] and "warm start" in told[1]


def test_the_rate_and_the_sound_of_the_source_survive(capsys):
    h264(Path("source.mp4"), [numbered_picture(n, 96, 72) for n in range(12)], fps=NTSC, beep=0.2)
    call = ["video", "source.mp4", "glass", "--start", "0.1", "--frames", "6", *VIDEO]
    report = stylekit(capsys, *call, "-o", "out.mp4").json
    assert report["fps"] == "30000/1001"
    clip = read_clip("out.mp4")
    assert (clip.fps, len(clip), clip.has_audio) == (NTSC, 6, True)


def test_a_sideways_clip_comes_out_upright(capsys):
    h264(Path("lying.mp4"), [numbered_picture(1, 72, 96)] * 2)
    ffmpeg("-display_rotation", 90, "-i", "lying.mp4", "-c", "copy", "sideways.mp4")
    report = stylekit(
        capsys, "video", "sideways.mp4", "glass", "--beta", "0", *VIDEO, "-o", "out.mp4"
    ).json
    upright = match_colors(read_clip("sideways.mp4", size=48)[1], built_in_style())
    clip = read_clip("out.mp4")
    assert report["size"] == [clip.width, clip.height] == [48, 36]
    assert difference(clip[1], upright) < 0.5 * difference(clip[1], upright[::-1, ::-1])


def test_an_odd_size_is_made_even_and_reported_so(capsys):
    odd = [numbered_picture(0, 45, 33)]
    make_clip(Path("odd.mp4"), odd, "-c:v", "libx264", "-pix_fmt", "yuv444p")
    call = ["video", "odd.mp4", "glass", "-o", "out.mp4", "--steps", "1", "--backbone", "vgg16"]
    report = stylekit(capsys, *call, "--json").json
    clip = read_clip("out.mp4")
    assert report["size"] == [clip.width, clip.height] == [46, 34]


def test_a_clip_with_any_name(capsys):
    shutil.copy(find_material("drift", MaterialKind.CLIP), f"{ODD_NAME}.mp4")
    call = ["video", f"{ODD_NAME}.mp4", "glass", "--frames", 1, *VIDEO]
    report = stylekit(capsys, *call, "-o", f"{ODD_NAME} out.mp4", "--run", f"{ODD_NAME} run").json
    assert len(read_clip(report["output"])) == 1
    assert report["run"] == f"{ODD_NAME} run"
    assert report["warping_error"] == {"mse": None, "rmse": None}, "one frame has no motion"


def test_independent_frames_flicker_more(capsys):
    call = ["video", "drift", "glass", "--frames", 3, "--init", "noise", *VIDEO]
    apart = stylekit(capsys, *call, "--independent", "-o", "apart.mp4").json
    steady = stylekit(capsys, *call, "-o", "steady.mp4").json
    assert apart["cold_frames"] == [0, 1, 2]
    assert apart["run"] != steady["run"]
    assert apart["input_warping_error"] == steady["input_warping_error"]
    assert steady["warping_error"]["rmse"] < apart["warping_error"]["rmse"]


# --- runs that are broken off ---------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, *END_SIGNALS])
def test_an_interrupted_clip_is_playable_and_goes_on_to_the_same_bytes(
    number, capsys, interrupt, unbroken
):
    interrupt(10, number)
    outcome = stylekit(capsys, *DRIFT, "-o", "out.mp4")
    done = outcome.json["frames"]
    assert outcome.code == 130
    assert 1 <= done < FRAMES
    assert outcome.json["complete"] is False
    assert not Path("out.mp4").exists(), "the name of a finished clip"
    assert len(read_clip("out.partial.mp4")) == done
    assert outcome.err.splitlines()[-1] == (
        f"interrupted: out.partial.mp4 holds the {done} of {FRAMES} frames that are finished; "
        "run the same command again to go on from there"
    )
    interrupt(None)
    outcome = stylekit(capsys, *DRIFT, "-o", "out.mp4")
    assert outcome.code == 0
    assert outcome.err.count("stored before") == done
    assert outcome.json["complete"] is True
    assert Path("out.mp4").read_bytes() == unbroken


def test_an_interrupted_run_spares_an_earlier_result(capsys, interrupt):
    Path("out.mp4").write_bytes(b"a finished clip")
    interrupt(10)
    outcome = stylekit(capsys, *DRIFT, "-o", "out.mp4", "--overwrite")
    assert outcome.code == 130
    assert Path("out.mp4").read_bytes() == b"a finished clip"
    assert outcome.json["output"] == "out.partial.mp4"
    assert len(read_clip("out.partial.mp4")) == outcome.json["frames"]


def test_a_run_interrupted_in_its_first_frame_has_nothing_to_show(capsys, interrupt):
    interrupt(1)
    outcome = stylekit(capsys, *DRIFT, "-o", "out.mp4")
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err.splitlines()[-1] == ("interrupted: not finished; run the same command again")
    assert not Path("out.mp4").exists()


def test_the_run_remembers_where_its_inputs_were(capsys):
    shutil.copy(find_material("drift", MaterialKind.CLIP), "mine.mp4")
    call = ["video", "mine.mp4", "glass", "--start", "0.25", "--frames", 1, *VIDEO]
    report = stylekit(capsys, *call, "-o", "out.mp4").json
    assert RunFolder(Path(report["run"])).inputs() == RunInputs(
        clip=Path("mine.mp4").absolute(),
        style=find_material("glass", MaterialKind.STYLE),
        frames=1,
        size=48,
        start=0.25,
    )


def test_a_built_in_clip_may_be_painted_with_its_exact_flow(capsys):
    call = ["video", "drift", "glass", "--start", "0.25", "--frames", 2, *VIDEO]
    report = stylekit(capsys, *call, "--flow", "exact", "-o", "out.mp4").json
    stored, _ = RunFolder(Path(report["run"])).read_flow(1)
    scene = make_scene("drift", frames=2, size=48, first=6)
    np.testing.assert_array_equal(stored.backward_flow, scene.backward_flow[0])
    np.testing.assert_array_equal(stored.forward_flow, scene.forward_flow[0])
    again = stylekit(capsys, *call, "-o", "out.mp4", "--overwrite")
    assert again.json["run"] != report["run"]


def test_settings_that_change_get_a_run_of_their_own(capsys):
    for beta in (1e4, 2e4):
        call = ["video", "drift", "glass", "--frames", 1, "--beta", beta, *VIDEO]
        assert stylekit(capsys, *call, "-o", "out.mp4", "--overwrite").code == 0
    assert len(list(Path().glob("out.run-*"))) == 2


def test_a_folder_with_another_run_is_refused(capsys):
    call = ["video", "drift", "glass", "--frames", 1, "--run", "kept", *VIDEO, "-o", "out.mp4"]
    assert stylekit(capsys, *call).code == 0
    outcome = stylekit(capsys, *call, "--beta", "3")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == (
        "kept: holds a run with other settings: "
        "settings.image.weights.beta (10000.0 before, 3.0 now); "
        "use the same settings, or a new folder"
    )


def test_a_folder_that_is_no_run_is_refused(capsys):
    Path("mine").mkdir()
    Path("mine/holiday.jpg").write_bytes(b"mine")
    Path("file").write_bytes(b"mine")
    for name in ("mine", "file"):
        outcome = stylekit(capsys, *DRIFT, "-o", "out.mp4", "--run", name)
        assert outcome.code == 2
        assert outcome.complaint.startswith(f"{name}: is ")


def start_process(*arguments: object) -> subprocess.Popen[str]:
    """The command line in a process of its own, which reacts to Ctrl-C in any case."""
    code = IN_PYTHON + (
        "import signal, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler); "
        # However fast the machine, nothing but a signal ends it before its last frame.
        "from stylekit.app.progress import Progress; show = Progress.frame; "
        "Progress.frame = lambda self, index, **k: "
        f"(show(self, index, **k), time.sleep(60 * (index == {FRAMES - 2}))); "
        "from stylekit.app.cli import main; sys.exit(main())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the file has content: a manifest exists a moment before its first line."""
    end = time.monotonic() + 600
    while not (path.exists() and path.stat().st_size):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.01)


def kill_soon(process: subprocess.Popen[str]) -> None:
    """No more than half a second after its first frame was stored."""
    wait_for(Path("killed.run/frames/000000.png"), process)
    time.sleep(random.uniform(0, 0.5))
    process.kill()
    process.communicate()


def test_killed_and_interrupted_processes_go_on_to_the_same_bytes(capsys, unbroken):
    names = ("killed", "interrupted")
    killed, interrupted = (
        start_process(*DRIFT, "-o", f"{name}.mp4", "--run", f"{name}.run") for name in names
    )
    # Both at a time, for each takes many seconds to begin.
    with ThreadPoolExecutor() as pool:
        killing = pool.submit(kill_soon, killed)
        # The manifest begins when the first frame is safe.
        wait_for(Path("interrupted.run/manifest.jsonl"), interrupted)
        interrupted.send_signal(signal.SIGINT)
        out, err = interrupted.communicate(timeout=300)
        killing.result()

    assert killed.returncode == -signal.SIGKILL
    assert not Path("killed.mp4").exists()
    assert interrupted.returncode == 130, err
    told = ("backbone: ", "step ", "frame ", "interrupted: ")
    assert [line for line in err.splitlines() if not line.startswith(told)] == []
    done = json.loads(out)["frames"]
    assert len(read_clip("interrupted.partial.mp4")) == done < FRAMES
    for name in names:
        assert stylekit(capsys, *DRIFT, "-o", f"{name}.mp4", "--run", f"{name}.run").code == 0
        assert Path(f"{name}.mp4").read_bytes() == unbroken
