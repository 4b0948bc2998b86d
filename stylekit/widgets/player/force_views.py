"""What force maps show, without any widget: pictures, words and the scale of brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...explain.pulls import PullMaps
from ...explain.words import compared, two_digits
from ...losses import TERMS, weight_of
from ...settings import Weights
from ..base.text import FAINT_STYLE, TEXT_STYLE

# The hardest pulls are at single pixels: this percentage of the pixels is left out for white.
_WHITE = 0.5
# The powers of ten from black to white: at the start style pulls hundreds of times as hard as
# content, and both must be visible.
_DECADES = 4


def drawn(pull: NDArray[np.float32], top: float) -> NDArray[np.uint8]:
    """A map `(H, W)` as a grey picture `(H, W, 3)`: black where nothing pulls, white from `top` on.

    Brightness is linear in the logarithm of the pull over four powers of ten, so that a weak term
    can be seen beside a strong one. Only a pull of zero is black.
    """
    if not top:
        return np.zeros((*pull.shape, 3), np.uint8)
    ratio = np.clip(pull / np.float32(top), 10.0**-_DECADES, 1.0)
    grey = np.maximum(np.rint(255 * (1 + np.log10(ratio) / _DECADES)), 1).astype(np.uint8)
    grey[pull == 0] = 0
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def force_words(maps: PullMaps, weights: Weights) -> str:
    """Which term pulls harder (root mean square over the picture), and where γ pulls at all."""
    strength = {
        name: float(np.sqrt(np.mean(np.square(pull, dtype=np.float64))))
        for name, pull in maps.items()
    }
    said = []
    if strength["style"] and strength["content"]:
        said.append(compared("style", "content", strength))
    for name in ("content", "style"):
        if not weight_of(TERMS[name], weights):
            said.append(f"{name.capitalize()} does not pull: its weight is 0.")
    others = [name for name in strength if name not in ("content", "style") and strength[name]]
    if strength["style"]:
        said += [compared(name, "style", strength) for name in others]
    for name in (name for name in others if TERMS[name].needs_mask):
        share, subject = float(np.mean(maps[name] > 0)), TERMS[name].subject
        words = f"{subject[0].upper()}{subject[1:]}"
        said.append(f"{words} pulls at {100 * share:.0f} % of the picture.")
    return " ".join(said)


def reweighted(maps: PullMaps, before: Weights, after: Weights) -> PullMaps | None:
    """The maps under other weights, computed from `maps`: a pull is proportional to its weight.

    None if that is not possible: a term that was off is on, or style layers have other weights.
    """
    if before.layers != after.layers:
        return None
    scaled = {}
    for name, term in TERMS.items():
        old, new = weight_of(term, before), weight_of(term, after)
        if new and not old:
            return None
        scaled[name] = maps[name] * np.float32(new / old if old else 0.0)
    return PullMaps(**scaled)


def white_of(maps: PullMaps) -> float:
    """The pull that is drawn white: nearly the hardest pull of all maps."""
    return max(float(np.percentile(pull, 100 - _WHITE)) for pull in maps.values()) or max(
        float(pull.max()) for pull in maps.values()
    )


def key_html(top: float) -> str:
    """The scale of brightness, the same for all maps."""
    if not top:
        return ""
    shifts = [0, *[-50] * (_DECADES - 1), -100]
    marks = "".join(
        f'<span style="position:absolute;left:{100 * power / _DECADES:.0f}%;white-space:nowrap;'
        f'transform:translateX({shift}%)">{two_digits(top * 10.0 ** (power - _DECADES))}</span>'
        for power, shift in enumerate(shifts)
    )
    return (
        f'<div class="stylekit-force-key" style="{TEXT_STYLE};max-width:460px;margin-top:8px">'
        '<div style="height:12px;border:1px solid var(--jp-ui-font-color2,gray);'
        'background:linear-gradient(to right,#000,#fff)"></div>'
        f'<div style="position:relative;height:1.5em;font-variant-numeric:tabular-nums">{marks}'
        f'</div><div style="{FAINT_STYLE}">How hard a pixel is pulled, in loss per unit of '
        "brightness: one scale for all maps; black is zero. "
        "The percentages are shares of all pulls.</div></div>"
    )
