"""Two pictures, one above the other, with a divider to drag between before and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import traitlets
from numpy.typing import NDArray

from ...arrays import Image
from ...media.images import encode_preview
from ..base.modules import bundle, stylesheet
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent


class BeforeAfter(LockedWidget):
    """What the comparisons of two pictures and of two clips have in common: names and width."""

    _name_before = traitlets.Unicode().tag(sync=True)
    _name_after = traitlets.Unicode().tag(sync=True)
    _alt_before = traitlets.Unicode().tag(sync=True)
    _alt_after = traitlets.Unicode().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    width = traitlets.Int(min=0, help="In the page's pixels, 0: its own.").tag(sync=True)

    def __init__(
        self, *, name_before: str = "before", name_after: str = "after", width: int = 0
    ) -> None:
        super().__init__(_name_before=name_before, _name_after=name_after, width=width)

    def rename(self, before: str, after: str) -> None:
        """Give the two other names, which the page shows with the next `show`."""
        with self.updating():
            self._name_before, self._name_after = before, after


class SplitView(BeforeAfter):
    """Two pictures of the same size: the first left of a divider, the second right of it.

    The divider is dragged on the picture, or moved with the keys of the range input below it.
    Buttons below enlarge both pictures, and show them on the full screen. Nothing is drawn before
    the first `show`.

    Parameters
    ----------
    name_before, name_after : str
        The names of the two, beside the range input.
    width : int
        The drawn width in the page's pixels, 0 for one to one; never wider than the container.

    Examples
    --------
    >>> view = SplitView()
    >>> content = np.zeros((24, 32, 3), np.float32)
    >>> view.show(content, 1 - content, alt_before="A black square", alt_after="A white square")
    """

    _esm = bundle(_HERE / "split_view.js")
    _css = stylesheet(
        _HERE.parent / "base" / "dom.css",
        _HERE.parent / "base" / "frame.css",
        _HERE / "divider.css",
    )

    _before = traitlets.Bytes().tag(sync=True)
    _after = traitlets.Bytes().tag(sync=True)
    _media_type = traitlets.Unicode().tag(sync=True)

    def show(
        self,
        before: Image | NDArray[np.uint8],
        after: Image | NDArray[np.uint8],
        *,
        alt_before: str,
        alt_after: str,
        lossless: bool = False,
    ) -> None:
        """Replace both pictures and their descriptions. Any thread may call this.

        Parameters
        ----------
        before, after : ndarray, shape (H, W, 3)
            float32 in [0, 1], or uint8.
        alt_before, alt_after : str
            What the pictures show, for screen readers.
        lossless : bool
            Send PNG instead of JPEG, which takes about ten times as long.

        Raises
        ------
        ValueError
            If the pictures differ in size.
        """
        if before.shape != after.shape:
            raise ValueError(
                f"after: must be {before.shape[1]}×{before.shape[0]} pixels as before, "
                f"is {after.shape[1]}×{after.shape[0]}"
            )
        first, second = (encode_preview(image, lossless=lossless) for image in (before, after))
        with self.updating():
            self._before, self._after, self._media_type = first.data, second.data, first.media_type
            self._alt_before, self._alt_after = alt_before, alt_after
            self._serial += 1
