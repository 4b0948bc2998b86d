"""A slot of the studio for a picture of the user's that has to fit the content."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from ...arrays import Image
from ...errors import SettingsError
from ...media.file_kinds import PICTURE_ENDINGS
from ...settings import MediaLimits
from ..base import guarded
from ..base.picture_canvas import PictureCanvas
from ..base.upload import Upload, UploadState
from ..base.widget import set_visible
from .parts import Action
from .slots import Source

_WIDTH = 96


class Fitted(Protocol):
    """A picture that was checked."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def size(self) -> tuple[int, int]:
        """Its (width, height)."""

    @property
    def preview(self) -> Image:
        """A small view of it."""

    @property
    def line(self) -> str:
        """A description of it in one line."""


F = TypeVar("F", bound=Fitted)


class FittedSlot(guarded.VBox, Generic[F]):
    """A place to drop a picture, a small view of it, and a button that removes it.

    `read(path)` checks a file by itself, `check(file, content)` whether it has the proportions of
    the content: both raise a StylekitError if not. A picture that is there but does not fit turns
    the slot red until either is replaced. `noun` says what it is.
    """

    def __init__(
        self,
        title: str,
        noun: str,
        *,
        limits: MediaLimits,
        read: Callable[[Path], F],
        check: Callable[[F, Source], object],
    ) -> None:
        self._noun, self._read, self._check = noun, read, check
        self._lock = threading.RLock()
        self._file: F | None = None
        self._content: Source | None = None
        self._misfit = ""
        self._checked: dict[Path, F] = {}
        self._callbacks: list[Callable[[], object]] = []
        self.upload = Upload(
            label=title,
            accept=PICTURE_ENDINGS,
            max_bytes=limits.picture_bytes,
            validate=self._validate,
        )
        self.canvas = PictureCanvas(width=_WIDTH)
        self.remove = Action("Remove", self.clear, about=f"the {noun}: {title}")
        self._side = guarded.VBox([self.canvas, self.remove]).add_class("studio-mask-side")
        super().__init__([self.upload, self._side])
        self.add_class("studio-mask")
        self.upload.on_change(self._uploading)
        self.upload.on_accepted(self._uploaded)
        self._show()

    @property
    def file(self) -> F | None:
        """The picture in the slot; None unless the slot is green."""
        return None if self._misfit else self._file

    @property
    def fault(self) -> str:
        """Why no painting can begin; empty for a picture that fits, and for an empty slot."""
        match self.upload.state:
            case UploadState.SENDING | UploadState.CHECKING:
                return f"Wait until the {self._noun} has been checked."
            case UploadState.REFUSED:
                return self.upload.words
        return ""

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback()` after each change of `file` or `fault`."""
        self._callbacks.append(callback)

    def clear(self) -> None:
        """Empty the slot."""
        with self._lock:
            self._misfit = ""
        self.upload.clear()

    def fit(self, content: Source | None) -> None:
        """Turn green or red as the picture has the proportions of `content`; calls no callbacks."""
        with self._lock:
            self._content = content
            file, before = self._file, self._misfit
            self._misfit = ""
            if file is not None and content is not None:
                try:
                    self._check(file, content)
                except SettingsError as error:
                    self._misfit = error.page_text
            if file is None or self._misfit == before:
                return
            words = self._misfit
        if words:
            self.upload.show_refused(words)
        else:
            self.upload.show_accepted(file.line)

    def _validate(self, path: Path) -> str:
        file = self._read(path)
        self._checked[path] = file
        return file.line

    def _uploaded(self, path: Path) -> None:
        with self._lock:
            self._file = self._checked.pop(path)
        self.fit(self._content)
        self._changed()

    def _uploading(self) -> None:
        """A new file replaces the current one, also if it is refused or cancelled."""
        state = self.upload.state
        # What `fit` says of a picture that stays, and what `_uploaded` follows.
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
        file = self._file
        if file is not None:
            self.canvas.show(file.preview, alt=f"The {self._noun} {file.path.name}")
        set_visible(self.canvas, file is not None)
        set_visible(self._side, self.upload.state is not UploadState.EMPTY)
