"""Runs that take seconds: small clips, few steps, and networks that are prepared once."""

from __future__ import annotations

import dataclasses
import json
import logging
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shallow import SHALLOW

from stylekit.app.cli import main
from stylekit.arrays import Image
from stylekit.image.guidance import Guidance
from stylekit.image.objective import Objective
from stylekit.image.stylization import prepare_objective
from stylekit.media.clips import Clip, read_clip
from stylekit.media.images import load_image, resize_image
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import Colors, ImageSettings, VideoSettings
from stylekit.video.folder import digest

SIZE, HEIGHT = 48, 32
SETTINGS = VideoSettings(
    image=ImageSettings(size=SIZE, steps=4, backbone="vgg16", **SHALLOW),
    frame_steps=3,
)

_objectives: dict[tuple, Objective] = {}

END_SIGNALS = tuple(
    number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)
"""What ends a program politely, beside Ctrl-C, on this system."""


def shot(name: str = "chelsea", frames: int = 6) -> list[Image]:
    """A photograph that moves by a pixel a frame, `SIZE` × `HEIGHT` pixels."""
    image = load_image(find_material(name, MaterialKind.PHOTOGRAPH))
    wide = resize_image(image, (SIZE + frames, HEIGHT))
    return [np.ascontiguousarray(wide[:, i : i + SIZE]) for i in range(frames)]


def share_objectives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs in one style share their compiled network, which takes most of a short run.

    That a new process comes to the same result is for the tests that start one.
    """

    def prepare(
        style: Image | Guidance, settings: ImageSettings, *, content: Image | None = None
    ) -> Objective:
        guidance = Guidance.of(style)
        masks = [*guidance.regions, *([] if guidance.keep is None else [guidance.keep])]
        key = (
            digest(guidance.styles[0]),
            tuple(digest(array) for array in (*guidance.styles[1:], *masks)),
            guidance.shares,
            digest(content)
            if content is not None and settings.colors is not Colors.STYLE
            else None,
            settings.colors,
            settings.style_scale,
            settings.backbone,
            settings.size,
            settings.pooling,
            settings.margin,
            settings.content_layers,
            settings.style_layers,
            settings.style_layer_weights,
            settings.style_loss,
        )
        if key not in _objectives:
            _objectives[key] = prepare_objective(style, settings, content=content)
        return _objectives[key]

    for module in ("video.run", "image.stylization"):
        monkeypatch.setattr(f"stylekit.{module}.prepare_objective", prepare)


def forget_objectives(style: Image) -> None:
    """Let the next run in this style compile its network anew, as in a new process."""
    for key in [key for key in _objectives if key[0] == digest(style)]:
        del _objectives[key]


def changed(**settings) -> VideoSettings:
    """`SETTINGS` with other settings, those of a picture among them."""
    own = {field.name for field in dataclasses.fields(VideoSettings)}
    image = {name: value for name, value in settings.items() if name not in own}
    rest = {name: value for name, value in settings.items() if name in own}
    return dataclasses.replace(SETTINGS, image=dataclasses.replace(SETTINGS.image, **image), **rest)


def built_in_clip(name: str, frames: int | None = None, *, size: int = SIZE) -> Clip:
    """A built-in clip, at the size of these runs unless said otherwise."""
    return read_clip(find_material(name, MaterialKind.CLIP), size=size, frames=frames)


def built_in_style(name: str = "glass") -> Image:
    """A built-in style as it is."""
    return load_image(find_material(name, MaterialKind.STYLE))


def finished(folder: Path) -> dict[str, Any]:
    """All that a finished run has left: its pictures, flows and masks as bytes, its entries."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name != "manifest.jsonl"
        and not path.name.startswith(".stylekit-")
    }
    return {**files, "entries": entries(folder)}


def entries(folder: Path) -> dict[int, dict[str, Any]]:
    """The last word of the manifest on each frame; lines that are no JSON don't count."""
    last = {}
    for line in (folder / "manifest.jsonl").read_bytes().split(b"\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        last[entry["frame_index"]] = entry
    return last


def difference(a: Image, b: Image) -> float:
    """The root mean squared difference of two pictures."""
    return float(np.sqrt(np.mean((a.astype(np.float64) - b) ** 2)))


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a call of the command line left on the terminal."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The only line on standard output."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def complaint(self) -> str:
        """The only line on standard error, of a call that is refused."""
        (line,) = self.err.splitlines()
        return line


def stylekit(capsys: pytest.CaptureFixture[str], *arguments: object) -> Outcome:
    """Call the command line in this process."""
    capsys.readouterr()
    handlers = {number: signal.getsignal(number) for number in END_SIGNALS}
    logger = logging.getLogger("stylekit")
    level = logger.level
    try:
        code = main([str(argument) for argument in arguments])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        logger.setLevel(level)
    return Outcome(code, *capsys.readouterr())
