"""What a transfer is made from, as one line: a command, Python, and a link of the studio's page."""

from __future__ import annotations

import dataclasses
import filecmp
import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ...losses import TERMS, weight_of
from ...samples import MaterialKind, materials
from ...settings import ImageSettings, VideoSettings, Weights, tunables
from ..base.text import python_line, short_number

# More than any link of the page has.
_MOST_CHARACTERS, _MOST_FIELDS = 2000, 40
_FLAGS = {name: known.flag for name, known in tunables(ImageSettings).items()}
_FLAGS |= {name: known.flag for name, known in tunables(VideoSettings).items()}
_WEIGHTS = tunables(Weights)

WEIGHT_NAMES = tuple(term.weight for term in TERMS.values())
"""The weights that a link may give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a picture or a clip is painted from. `frames` is None for a picture."""

    content: Path
    styles: tuple[Path, ...]
    size: int
    steps: int
    weights: Weights
    frames: int | None = None
    style_weights: tuple[float, ...] = ()
    regions: tuple[Path, ...] = ()
    keep: Path | None = None
    offsets: tuple[int, ...] = (1,)
    passes: int = 1
    loop: bool = False

    @property
    def is_clip(self) -> bool:
        """Whether a clip is painted."""
        return self.frames is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The content and the styles: the name of what is built in, else that of the file."""
        kind = MaterialKind.CLIP if self.is_clip else MaterialKind.PHOTOGRAPH
        styles = (_name(style, MaterialKind.STYLE) for style in self.styles)
        return _name(self.content, kind), *styles

    @property
    def command(self) -> str:
        """The command that paints it."""
        words = ["stylekit", "video" if self.is_clip else "image", *self.names]
        words += ["-o", f"{self._stem}{'.mp4' if self.is_clip else '.png'}"]
        words += ["--size", str(self.size), "--steps", str(self.steps)]
        if self.is_clip:
            words += ["--frames", str(self.frames), *self._clip_options()]
        for term in TERMS.values():
            value = weight_of(term, self.weights)
            # The weight of what a picture has not is no option of its command.
            if value != weight_of(term, Weights()) and (self.is_clip or term.weight != "gamma"):
                words += [_WEIGHTS[term.weight].flag, short_number(value)]
        if self.weights.layers:
            words += [_FLAGS["style_layer_weights"], _joined(self.weights.layers)]
        if self.style_weights:
            words += ["--style-weights", _joined(self.style_weights)]
        if self.regions:
            words += ["--regions", *(mask.name for mask in self.regions)]
        if self.keep:
            words += ["--keep", self.keep.name]
        return shlex.join(words)

    @property
    def python(self) -> str:
        """The line of Python that paints it, after `import stylekit as sk`."""
        content, *styles = self.names
        loaded = [f"sk.load({style!r})" for style in styles]
        style = loaded[0] if len(loaded) == 1 else f"[{', '.join(loaded)}]"
        line = f"sk.{python_line(self.weights)}"
        settings = f"sk.ImageSettings(size={self.size}, steps={self.steps}, weights={line})"
        masks = [f"sk.load({mask.name!r})[..., 0]" for mask in self.regions]
        options = "".join(
            [
                f", style_weights=({_joined(self.style_weights, ', ')})"
                if self.style_weights
                else "",
                f", regions=[{', '.join(masks)}]" if masks else "",
                f", keep=sk.load({self.keep.name!r})[..., 0]" if self.keep else "",
            ]
        )
        if not self.is_clip:
            photograph = f"sk.load({content!r})"
            return f"sk.stylize_image({photograph}, {style}, {settings}{options}).image"
        values = {"frame_steps": self._frame_steps, "offsets": self.offsets}
        values |= {"passes": self.passes, "loop": self.loop}
        usual = VideoSettings()
        chosen = [f", {n}={v!r}" for n, v in values.items() if v != getattr(usual, n)]
        clip = f"sk.media.read_clip({content!r}, size={self.size}, frames={self.frames})"
        video = f"sk.VideoSettings(image={settings}{''.join(chosen)})"
        return f"sk.stylize_video({clip}, {style}, '{self._stem}-run', {video})"

    @property
    def fragment(self) -> str:
        """The part after "#" of a link of the page: no files of the user's, nor extra styles."""
        kinds = (MaterialKind.CLIP if self.is_clip else MaterialKind.PHOTOGRAPH, MaterialKind.STYLE)
        fields: dict[str, object] = {}
        files = zip(("content", "style"), (self.content, *self.styles[:1]), kinds, strict=False)
        for key, path, kind in files:
            if _built_in(path, kind):
                fields[key] = path.stem
        fields |= {"size": self.size, "steps": self.steps}
        if self.is_clip:
            fields["frames"] = self.frames
        for term in TERMS.values():
            fields[term.weight] = short_number(weight_of(term, self.weights))
        return urlencode(fields)

    @property
    def _stem(self) -> str:
        return "-".join(Path(name).stem for name in self.names)

    @property
    def _frame_steps(self) -> int:
        return min(VideoSettings().frame_steps, self.steps)

    def _clip_options(self) -> list[str]:
        usual, words = VideoSettings(), []
        if self._frame_steps != usual.frame_steps:
            words += [_FLAGS["frame_steps"], str(self._frame_steps)]
        if self.offsets != usual.offsets:
            words += [_FLAGS["offsets"], ",".join(map(str, self.offsets))]
        if self.passes != usual.passes:
            words += [_FLAGS["passes"], str(self.passes)]
        return [*words, *([_FLAGS["loop"]] if self.loop else [])]


def read_fragment(fragment: str) -> dict[str, str]:
    """The fields of a link's fragment, of which each counts once; empty for anything else."""
    if len(fragment) > _MOST_CHARACTERS:
        return {}
    try:
        return dict(parse_qsl(fragment, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def read_weights(fields: dict[str, str], weights: Weights) -> tuple[Weights, list[str]]:
    """The weights that a link gives, the others as in `weights`; and the names that are left out.

    A weight is 0, or a number that its slider reaches.
    """
    left: list[str] = []
    given: dict[str, Any] = {}
    for name in WEIGHT_NAMES:
        if name not in fields:
            continue
        try:
            value = float(fields[name])
        except ValueError:
            value = math.nan
        span = _WEIGHTS[name].slider
        if value == 0 or (span is not None and 10.0 ** span[0] <= value <= 10.0 ** span[1]):
            given[name] = value
        else:
            left.append(name)
    return dataclasses.replace(weights, **given), left


def _joined(numbers: Any, between: str = ",") -> str:
    return between.join(map(short_number, numbers))


def _built_in(path: Path, kind: MaterialKind) -> bool:
    """Whether a file is built-in material, or a copy of it."""
    known = materials(kind).get(path.stem)
    return known is not None and (path == known or filecmp.cmp(path, known, shallow=False))


def _name(path: Path, kind: MaterialKind) -> str:
    return path.stem if _built_in(path, kind) else path.name
