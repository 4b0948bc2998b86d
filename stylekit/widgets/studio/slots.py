"""A place for content or style on the studio's page: a file of one's own, or built-in material."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import ipywidgets
import numpy as np

from ...arrays import Image, from_bytes
from ...media.clips import read_clip
from ...media.image_reading import read_rgb
from ...media.images import fitted_size, resize_image
from ...media.loading import CLIP_ENDINGS
from ...samples import MaterialKind, materials
from ...settings import MediaLimits
from ..base.alerts import Alerts
from ..base.picture_canvas import PictureCanvas
from ..base.picture_strip import PictureStrip, StripPicture
from ..base.upload import Upload, UploadState

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff")
"""Files that are read as pictures; of an animation the first frame."""

_PREVIEW_SIZE = 320
_THUMBNAIL_SIZE = 96


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Source:
    """A file that can be painted, or painted like: it was looked at, and is good.

    `size` is its (width, height), `preview` what it looks like, an Image of at most 320 pixels.
    `frames` and `fps` are those of a clip; a picture has one frame and no rate.
    """

    path: Path
    size: tuple[int, int]
    preview: Image
    frames: int = 1
    fps: Fraction | None = None

    @property
    def is_clip(self) -> bool:
        """Whether it moves."""
        return self.fps is not None

    @property
    def name(self) -> str:
        """What to call it: the file's name without its ending."""
        return self.path.stem

    @property
    def line(self) -> str:
        """What it is, in a line."""
        shape = f"{self.size[0]}×{self.size[1]} pixels"
        if self.fps is None:
            return f"{self.path.name}: picture, {shape}"
        count = f"{self.frames} {'frame' if self.frames == 1 else 'frames'}"
        return f"{self.path.name}: clip, {shape}, {count} at {float(self.fps):.3g}/s"


def look_at(path: Path, limits: MediaLimits) -> Source:
    """A picture, decoded whole, or a clip, of which only the first frame is.

    Its ending says which. Raises MediaError, in words for the page, for what cannot be used.
    """
    return (_clip if path.suffix.lower() in CLIP_ENDINGS else look_at_picture)(path, limits)


def look_at_picture(path: Path, limits: MediaLimits) -> Source:
    """A picture, decoded whole. Raises MediaError for what cannot be used."""
    picture = read_rgb(path, limits)
    size = picture.size
    # Still in 8 bits, and in place: as float32 a large picture fills hundreds of megabytes.
    picture.thumbnail((_PREVIEW_SIZE, _PREVIEW_SIZE))
    return Source(path=path, size=size, preview=from_bytes(np.asarray(picture)))


def _clip(path: Path, limits: MediaLimits) -> Source:
    clip = read_clip(path, frames=1, limits=limits)
    size = clip.width, clip.height
    preview = resize_image(clip[0], fitted_size(size, min(_PREVIEW_SIZE, max(size))))
    return Source(path=path, size=size, preview=preview, frames=clip.source_frames, fps=clip.fps)


class Slot(ipywidgets.VBox):
    """What was chosen, a place to drop a file, and a strip of built-in material.

    `judge(path)` looks at a file; what it raises turns the slot red, in words. `source` is what
    it gave, None as long as the slot is not green.
    """

    def __init__(
        self,
        title: str,
        *,
        kinds: Sequence[MaterialKind],
        accept: Sequence[str],
        max_bytes: int,
        judge: Callable[[Path], Source],
    ) -> None:
        self.title, self._judge = title, judge
        self._lock = threading.RLock()
        self._source: Source | None = None
        self._judged: dict[Path, Source] = {}
        self._callbacks: list[Callable[[], object]] = []
        self.alerts = Alerts()
        self.upload = Upload(
            label=title, accept=accept, max_bytes=max_bytes, validate=self._validate
        )
        self.canvas = PictureCanvas(width=_PREVIEW_SIZE)
        self.empty = ipywidgets.HTML(
            f'<p class="studio-empty" aria-hidden="true">No {title.lower()} yet</p>'
        )
        self.built_in = {
            f"{name}{' ▶' if kind is MaterialKind.CLIP else ''}": path
            for kind in kinds
            for name, path in materials(kind).items()
        }
        self.strip = PictureStrip(f"Or take a built-in {title.lower()}")
        self.strip.show([_thumbnail(name, path) for name, path in self.built_in.items()])
        self.upload.on_change(self._uploading)
        self.upload.on_accepted(self._uploaded)
        self.strip.on_pick(self.alerts.guarded(self._picked))
        picture = ipywidgets.Box([self.empty, self.canvas]).add_class("studio-thumb")
        own = ipywidgets.VBox([self.strip, self.alerts.widget])
        super().__init__([picture, self.upload, own])
        self.add_class("studio-slot")
        self._show(None)

    @property
    def source(self) -> Source | None:
        """What stands in the slot, if it is green."""
        return self._source

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback()` after each change of `source`; what it raises is shown in the slot."""
        self._callbacks.append(callback)

    def choose(self, name: str) -> None:
        """Take built-in material by its name. Raises KeyError if there is none."""
        labels = list(self.built_in)
        index = next(i for i, label in enumerate(labels) if label.split(" ")[0] == name)
        self.strip.selected = index
        self._picked(index)

    def _validate(self, path: Path) -> str:
        source = self._judge(path)
        self._judged[path] = source
        return source.line

    def _uploaded(self, path: Path) -> None:
        self._show(self._judged.pop(path))

    def _uploading(self) -> None:
        """A file comes, was refused or cancelled: what stood here is gone."""
        if self.upload.state is not UploadState.ACCEPTED:
            self.strip.selected = -1
            self._show(None)

    def _picked(self, index: int) -> None:
        path = list(self.built_in.values())[index]
        source = self._judge(path)
        self.upload.show_accepted(source.line)
        self._show(source)

    def _show(self, source: Source | None) -> None:
        with self._lock:
            self._source = source
            if source is not None:
                self.canvas.show(source.preview, alt=f"{self.title}: {source.line}")
            self.canvas.layout.display = None if source else "none"
            self.empty.layout.display = "none" if source else None
        for callback in tuple(self._callbacks):
            with self.alerts.guard():
                callback()


def _thumbnail(name: str, path: Path) -> StripPicture:
    limits = MediaLimits()
    image = look_at(path, limits).preview
    return StripPicture(resize_image(image, _THUMBNAIL_SIZE), name)
