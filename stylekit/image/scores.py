"""How much of the photograph a painting kept, and how much of the style it reached.

Losses have no scale that a person knows. Here each is compared with a picture that has nothing of
what is asked for:

    content kept  = 1 − L_content(x) / mean_j L_content(stranger j)
    style reached = 1 − L_style(x) / L_style(content)

A stranger is an unrelated photograph. 1 is the content itself, or the style's own statistics; 0 is
a picture that has no more of the content than a stranger has, or of the style than the content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..arrays import Image
from ..media.images import load_image, resize_image
from ..samples import MaterialKind, materials

# The size of the thumbnails by which a content is recognised, and the most by which thumbnails of
# one photograph differ: by the compression of files and by how they are made smaller.
_THUMBNAIL = (16, 16)
_SAME_PHOTOGRAPH = 0.04


# Below this a share is no measure any more: the loss is ten times that of nothing.
_NONSENSE = -9.0


@dataclass(frozen=True, slots=True)
class Scores:
    """How much of the content was kept and how much of the style reached: 1 all, 0 nothing.

    Either may be below 0: a picture may be less like the content than a stranger is. If the content
    has the style's own statistics, `style_reached` is some huge negative number, because nothing is
    compared with almost nothing; in words it is told as such.

    Examples
    --------
    >>> Scores(content_kept=0.452, style_reached=0.938).text
    'content 45 % kept, style 94 % reached'
    """

    content_kept: float
    style_reached: float

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Pairs of a name and a value in per cent, for a page."""
        values = (("content kept", self.content_kept), ("style reached", self.style_reached))
        return [(name, _share_words(value)) for name, value in values]

    @property
    def text(self) -> str:
        """Both in words, in per cent."""
        kept = _share_words(self.content_kept)
        if self.style_reached < _NONSENSE:
            return f"content {kept} kept, style not reached: the content itself is nearer to it"
        return f"content {kept} kept, style {_share_words(self.style_reached)} reached"


def _share_words(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= _NONSENSE else "none"


def strangers_to(content: Image) -> dict[str, Image]:
    """The built-in photographs by name, in the size of `content`, without `content` itself.

    They are cut to its proportions, so that nothing is distorted.

    Parameters
    ----------
    content : An Image `(H, W, 3)`.
    """
    height, width = content.shape[:2]
    return {name: _sized(name, width, height) for name in _names_of_strangers(content)}


def each_stranger_to(content: Image) -> Iterator[Image]:
    """The same photographs one after the other: only one of them is in memory."""
    height, width = content.shape[:2]
    for name in _names_of_strangers(content):
        yield _sized.__wrapped__(name, width, height)


def _names_of_strangers(content: Image) -> list[str]:
    own = resize_image(content, _THUMBNAIL)
    return [
        name
        for name, thumbnail in _thumbnails().items()
        if np.abs(thumbnail - own).mean() > _SAME_PHOTOGRAPH
    ]


@lru_cache(maxsize=1)
def _thumbnails() -> dict[str, Image]:
    # Not cut: a photograph is recognised by its whole.
    files = materials(MaterialKind.PHOTOGRAPH)
    return {name: resize_image(load_image(path), _THUMBNAIL) for name, path in files.items()}


# Enough for the frames of one clip.
@lru_cache(maxsize=8)
def _sized(name: str, width: int, height: int) -> Image:
    image = load_image(materials(MaterialKind.PHOTOGRAPH)[name])
    return resize_image(_cut(image, width / height), (width, height))


def _cut(image: Image, proportions: float) -> Image:
    """The largest part in the middle of `image` with these proportions, width by height."""
    height, width = image.shape[:2]
    wide = max(1, min(width, round(height * proportions)))
    high = max(1, min(height, round(width / proportions)))
    top, left = (height - high) // 2, (width - wide) // 2
    return np.ascontiguousarray(image[top : top + high, left : left + wide])


def share_left(loss: float, loss_of_nothing: float) -> float:
    """1 − loss / loss_of_nothing; 1 if there is nothing to lose.

    Examples
    --------
    >>> share_left(1.0, 4.0), share_left(0.0, 0.0)
    (0.75, 1.0)
    """
    return 1.0 - loss / loss_of_nothing if loss_of_nothing > 0 else 1.0
