"""The slots of the studio for content and style: a user's file, or built-in material."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ...arrays import Image, from_bytes
from ...media.clips import read_clip
from ...media.file_kinds import CLIP_ENDINGS
from ...media.image_reading import read_alpha, read_rgb
from ...media.images import fitted_size, resize_image
from ...samples import MaterialKind, materials
from ...settings import MediaLimits
from ..base import guarded
from ..base.alerts import Alerts
from ..base.picture_canvas import PictureCanvas
from ..base.picture_strip import PictureStrip, StripPicture
from ..base.text import counted
from ..base.upload import Upload, UploadState
from ..base.widget import set_visible

_ON_WHITE = "its transparent parts on white"

_PREVIEW_SIZE = 320
_THUMBNAIL_SIZE = 96


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Source:
    """A file that was checked and can be used as content or style.

    `size` is its (width, height), `preview` an Image of at most 320 pixels. `frames` and `fps` are
    those of a clip; a picture has one frame and no `fps`. `losses` are words for what is read
    otherwise than the file has it.
    """

    path: Path
    size: tuple[int, int]
    preview: Image
    frames: int = 1
    fps: Fraction | None = None
    losses: tuple[str, ...] = ()

    @property
    def is_clip(self) -> bool:
        """Whether it is a clip."""
        return self.fps is not None

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self.path.stem

    @property
    def line(self) -> str:
        """A description of the file in one line."""
        shape = f"{self.size[0]}×{self.size[1]} pixels"
        if self.fps is None:
            return ", ".join([f"{self.path.name}: picture", shape, *self.losses])
        rate = f"{counted(self.frames, 'frame')} at {float(self.fps):.3g}/s"
        return ", ".join([f"{self.path.name}: clip", shape, rate, *self.losses])


def read_source(path: Path, limits: MediaLimits) -> Source:
    """Check a picture or a clip, according to its ending; of a clip only the first frame is read.

    Raises MediaError, with a reason for the page, if the file cannot be used.
    """
    if path.suffix.lower() not in CLIP_ENDINGS:
        return read_picture(path, limits)
    clip = read_clip(path, frames=1, limits=limits)
    size = clip.width, clip.height
    preview = resize_image(clip[0], fitted_size(size, min(_PREVIEW_SIZE, max(size))))
    losses = [_ON_WHITE] if clip.has_alpha else []
    if clip.source_dropped:
        losses.append(f"{counted(clip.source_dropped, 'short picture')} left out")
    if clip.unread_sound:
        losses.append(f"without its sound, which is coded as {clip.unread_sound}")
    return Source(
        path=path,
        size=size,
        preview=preview,
        frames=clip.source_frames,
        fps=clip.fps,
        losses=tuple(losses),
    )


def read_picture(path: Path, limits: MediaLimits) -> Source:
    """Check a picture by decoding it. Raises MediaError if it cannot be used."""
    picture = read_rgb(path, limits)
    size = picture.size
    losses = () if read_alpha(path, limits) is None else (_ON_WHITE,)
    # In place and with 8 bits, because a large picture takes hundreds of megabytes as float32.
    picture.thumbnail((_PREVIEW_SIZE, _PREVIEW_SIZE))
    preview = from_bytes(np.asarray(picture))
    return Source(path=path, size=size, preview=preview, losses=losses)


class Slot(guarded.VBox):
    """A preview, a place to drop a file, and a strip of built-in material.

    `read(path)` checks a file and returns its Source; if it raises an exception, the slot turns red
    and shows it. `source` is that Source, None while the slot is not green.
    """

    def __init__(
        self,
        title: str,
        *,
        kinds: Sequence[MaterialKind],
        accept: Sequence[str],
        max_bytes: int,
        read: Callable[[Path], Source],
    ) -> None:
        self.title, self._read = title, read
        self._lock = threading.RLock()
        self._source: Source | None = None
        self._checked: dict[Path, Source] = {}
        self._callbacks: list[Callable[[], object]] = []
        self.alerts = Alerts(on_page=True)
        self.upload = Upload(
            label=title, accept=accept, max_bytes=max_bytes, validate=self._validate
        )
        self.canvas = PictureCanvas(width=_PREVIEW_SIZE)
        self.empty = guarded.HTML(
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
        picture = guarded.Box([self.empty, self.canvas]).add_class("studio-thumb")
        built_in = guarded.VBox([self.strip, self.alerts.widget])
        super().__init__([picture, self.upload, built_in])
        self.add_class("studio-slot")
        self._show(None)

    @property
    def source(self) -> Source | None:
        """The file in the slot; None unless the slot is green."""
        return self._source

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback()` after each change of `source`; its exceptions are shown in the slot."""
        self._callbacks.append(callback)

    def choose(self, name: str) -> None:
        """Choose built-in material by its name. Raises ValueError for an unknown name."""
        index = [label.split(" ")[0] for label in self.built_in].index(name)
        self.strip.selected = index
        self._picked(index)

    def _validate(self, path: Path) -> str:
        source = self._read(path)
        self._checked[path] = source
        return source.line

    def _uploaded(self, path: Path) -> None:
        self._show(self._checked.pop(path))

    def _uploading(self) -> None:
        """A new file replaces the current one, also if it is refused or cancelled."""
        if self.upload.state is not UploadState.ACCEPTED:
            self.strip.selected = -1
            self._show(None)

    def _picked(self, index: int) -> None:
        path = list(self.built_in.values())[index]
        source = self._read(path)
        self.upload.show_accepted(source.line)
        self._show(source)

    def _show(self, source: Source | None) -> None:
        with self._lock:
            self._source = source
            if source is not None:
                self.canvas.show(source.preview, alt=f"{self.title}: {source.line}")
            set_visible(self.canvas, source is not None)
            set_visible(self.empty, source is None)
        for callback in tuple(self._callbacks):
            with self.alerts.guard():
                callback()


def _thumbnail(name: str, path: Path) -> StripPicture:
    image = read_source(path, MediaLimits()).preview
    return StripPicture(resize_image(image, _THUMBNAIL_SIZE), name)
