"""Two pictures over each other, with a divider to drag between before and after."""

from __future__ import annotations

import threading
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from ...arrays import Image
from ...media.images import encode_preview
from ..base.modules import bundle, stylesheet

_HERE = Path(__file__).parent


class SplitView(anywidget.AnyWidget):
    """Two pictures of one size: left of a divider the first, right of it the second.

    >>> view = sk.SplitView()
    >>> view.show(content, stylized, alt_before="A harbour", alt_after="The harbour, painted")

    The divider is dragged on the picture, or moved with the keys of the range input below it,
    between the names of the two. Nothing is drawn before the first `show`.

    `width` is how wide the pictures are drawn, in the page's pixels, 0 for one to one; they never
    get wider than what they stand in.
    """

    _esm = bundle(_HERE / "split_view.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE.parent / "base" / "divider.css")

    _name_before = traitlets.Unicode().tag(sync=True)
    _name_after = traitlets.Unicode().tag(sync=True)
    _alt_before = traitlets.Unicode().tag(sync=True)
    _alt_after = traitlets.Unicode().tag(sync=True)
    _before = traitlets.Bytes().tag(sync=True)
    _after = traitlets.Bytes().tag(sync=True)
    _media_type = traitlets.Unicode().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    width = traitlets.Int(min=0, help="Drawn width in the page's pixels, 0: one to one.").tag(
        sync=True
    )

    def __init__(
        self, *, name_before: str = "before", name_after: str = "after", width: int = 0
    ) -> None:
        self._lock = threading.Lock()
        super().__init__(_name_before=name_before, _name_after=name_after, width=width)

    def show(
        self,
        before: Image | NDArray[np.uint8],
        after: Image | NDArray[np.uint8],
        *,
        alt_before: str,
        alt_after: str,
        lossless: bool = False,
    ) -> None:
        """Replace both pictures, and what each says to those who do not see it.

        Both are `(H, W, 3)`, float32 in [0, 1] or uint8. `lossless` sends PNG instead of JPEG,
        which takes about ten times as long. Any thread may call it.

        Raises ValueError for pictures of two sizes.
        """
        if before.shape != after.shape:
            raise ValueError(
                f"after: must be {before.shape[1]}×{before.shape[0]} pixels as before, "
                f"is {after.shape[1]}×{after.shape[0]}"
            )
        first, second = (encode_preview(image, lossless=lossless) for image in (before, after))
        with self._lock, self.hold_sync():
            self._before, self._after, self._media_type = first.data, second.data, first.media_type
            self._alt_before, self._alt_after = alt_before, alt_after
            self._serial += 1
