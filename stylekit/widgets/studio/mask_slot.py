"""A slot of the studio for a mask, a grey picture of the user's that has to fit the content."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...arrays import Image, Mask
from ...errors import SettingsError
from ...image.colors import is_grey, mask_of
from ...image.guidance import check_proportions
from ...media.file_kinds import PICTURE_ENDINGS
from ...media.images import fitted_size, load_image, resize_image, resize_mask
from ...settings import MediaLimits
from ..base import guarded
from ..base.picture_canvas import PictureCanvas
from ..base.upload import Upload, UploadState
from ..base.widget import set_visible
from .parts import Action
from .slots import Source

_THUMBNAIL_SIZE = 96


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MaskFile:
    """A picture that was checked and can be used as a mask.

    `size` is its (width, height), `preview` an Image of at most 96 pixels.
    """

    path: Path
    size: tuple[int, int]
    preview: Image
    is_grey: bool

    @property
    def line(self) -> str:
        """A description of the file in one line."""
        words = f"{self.path.name}: mask, {self.size[0]}×{self.size[1]} pixels"
        return words if self.is_grey else f"{words}; only the luminance of its colours counts"

    def load(self, size: tuple[int, int], limits: MediaLimits) -> Mask:
        """The mask at a `(width, height)`."""
        return resize_mask(mask_of(load_image(self.path, limits=limits)), size)


def read_mask(path: Path, limits: MediaLimits) -> MaskFile:
    """Read a picture that is to serve as a mask. Raises MediaError if it cannot be used."""
    image = load_image(path, limits=limits)
    size = image.shape[1], image.shape[0]
    return MaskFile(
        path=path,
        size=size,
        preview=resize_image(image, fitted_size(size, _THUMBNAIL_SIZE)),
        is_grey=is_grey(image),
    )


class MaskSlot(guarded.VBox):
    """A place to drop a mask, a small view of it, and a button that removes it.

    `check(mask, path)` raises SettingsError for a mask that serves for no content. A mask that is
    there but has other proportions than the content turns the slot red until either is replaced.
    """

    def __init__(
        self, title: str, *, limits: MediaLimits, check: Callable[[Mask, Path], object]
    ) -> None:
        self._limits, self._check = limits, check
        self._lock = threading.RLock()
        self._file: MaskFile | None = None
        self._content: Source | None = None
        self._misfit = ""
        self._checked: dict[Path, MaskFile] = {}
        self._callbacks: list[Callable[[], object]] = []
        self.upload = Upload(
            label=title,
            accept=PICTURE_ENDINGS,
            max_bytes=limits.picture_bytes,
            validate=self._validate,
        )
        self.canvas = PictureCanvas(width=_THUMBNAIL_SIZE)
        self.remove = Action("Remove", self.clear, about=f"the mask: {title}")
        self._side = guarded.VBox([self.canvas, self.remove]).add_class("studio-mask-side")
        super().__init__([self.upload, self._side])
        self.add_class("studio-mask")
        self.upload.on_change(self._uploading)
        self.upload.on_accepted(self._uploaded)
        self._show()

    @property
    def file(self) -> MaskFile | None:
        """The mask in the slot; None unless the slot is green."""
        return None if self._misfit else self._file

    @property
    def fault(self) -> str:
        """Why no painting can begin; empty for a mask that fits, and for an empty slot."""
        match self.upload.state:
            case UploadState.SENDING | UploadState.CHECKING:
                return "Wait until the mask has been checked."
            case UploadState.REFUSED:
                return self.upload.words
        return ""

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback()` after each change of `file` or `fault`."""
        self._callbacks.append(callback)

    def clear(self) -> None:
        """Remove the mask."""
        with self._lock:
            self._misfit = ""
        self.upload.clear()

    def fit(self, content: Source | None) -> None:
        """Turn green or red as the mask has the proportions of `content`; calls no callbacks."""
        with self._lock:
            self._content = content
            mask, before = self._file, self._misfit
            self._misfit = ""
            if mask is not None and content is not None:
                try:
                    check_proportions(mask.size[::-1], content.size[::-1], mask.path)
                except SettingsError as error:
                    self._misfit = error.page_text
            if mask is None or self._misfit == before:
                return
            words = self._misfit
        if words:
            self.upload.show_refused(words)
        else:
            self.upload.show_accepted(mask.line)

    def _validate(self, path: Path) -> str:
        mask = read_mask(path, self._limits)
        self._check(mask.load(mask.size, self._limits), path)
        self._checked[path] = mask
        return mask.line

    def _uploaded(self, path: Path) -> None:
        with self._lock:
            self._file = self._checked.pop(path)
        self.fit(self._content)
        self._changed()

    def _uploading(self) -> None:
        """A new file replaces the current one, also if it is refused or cancelled."""
        state = self.upload.state
        # What `fit` says of a mask that stays, and what `_uploaded` follows.
        if state is UploadState.ACCEPTED or (self._misfit and self.upload.words == self._misfit):
            return
        with self._lock:
            self._file, self._misfit = None, ""
        self._changed()

    def _changed(self) -> None:
        self._show()
        for callback in tuple(self._callbacks):
            callback()

    def _show(self) -> None:
        mask = self._file
        if mask is not None:
            self.canvas.show(mask.preview, alt=f"The mask {mask.path.name}")
        set_visible(self.canvas, mask is not None)
        set_visible(self._side, self.upload.state is not UploadState.EMPTY)
