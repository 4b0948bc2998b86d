"""Which files a run was painted from, so that they are found again."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..samples import data_folder
from ..settings import MediaLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInputs:
    """The files of clip, styles and masks of a run, and how the clip was read.

    `more_styles` are the styles after the first, `regions` and `keep` the masks. The run has
    `frames` frames whose longest side is `size` pixels: every `stride`-th frame of the clip from
    `start` seconds on, at the frame rate `fps`, None for the clip's own. `limits` are those that
    the files were read with.
    """

    clip: Path
    style: Path
    frames: int
    size: int
    start: float = 0.0
    stride: int = 1
    more_styles: tuple[Path, ...] = ()
    regions: tuple[Path, ...] = ()
    keep: Path | None = None
    fps: Fraction | None = None
    limits: MediaLimits = field(default_factory=MediaLimits)

    @property
    def styles(self) -> tuple[Path, ...]:
        """The files of all styles."""
        return self.style, *self.more_styles

    def to_json(self) -> dict[str, Any]:
        """JSON's own types; the paths of built-in files are relative to the data folder."""
        names = ("clip", "style", "more_styles", "regions", "keep")
        files = {name: _portable(getattr(self, name)) for name in names if getattr(self, name)}
        return {
            **files,
            "frames": self.frames,
            "size": self.size,
            "start": self.start,
            "stride": self.stride,
            **({"fps": str(self.fps)} if self.fps else {}),
            **({"limits": self.limits.to_json()} if self.limits != MediaLimits() else {}),
        }

    @classmethod
    def from_json(cls, data: Any) -> RunInputs:
        """The inputs that `to_json` wrote. Raises ValueError for anything else."""
        try:
            return cls(
                # An absolute path stays as it is.
                clip=data_folder() / data["clip"],
                style=data_folder() / data["style"],
                frames=int(data["frames"]),
                size=int(data["size"]),
                start=float(data["start"]),
                stride=int(data["stride"]),
                more_styles=tuple(data_folder() / name for name in data.get("more_styles", ())),
                regions=tuple(data_folder() / name for name in data.get("regions", ())),
                keep=data_folder() / data["keep"] if "keep" in data else None,
                fps=Fraction(data["fps"]) if "fps" in data else None,
                limits=MediaLimits.from_json(data.get("limits", {})),
            )
        except (TypeError, KeyError, ZeroDivisionError, SettingsError) as error:
            raise ValueError(f"not the inputs of a run: {data!r}") from error


def _portable(path: Path | tuple[Path, ...]) -> str | list[str]:
    if isinstance(path, tuple):
        return [str(_portable(one)) for one in path]
    path = path.absolute()
    built_in = path.is_relative_to(data_folder())
    return path.relative_to(data_folder()).as_posix() if built_in else str(path)
