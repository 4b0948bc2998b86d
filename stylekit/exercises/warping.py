"""Checks of what follows the flow: the warp and the warm start.

The flow has whole eighths of a pixel. So the answer is the same for functions that work in exact
coordinates and for those that round them to 1/32 of a pixel, as OpenCV does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..media.images import load_image, resize_image
from ..samples import find_material
from .answers import BORDER, Array, Exercise, Inputs, Mistake, check_answer
from .result import CheckResult


def check_warp(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `warp(image, flow)`: the picture seen from the grid of the flow.

    out(p) = image(p + flow(p)), read linearly between the four pixels around. The flow has first
    the pixels to the right, then those down. Outside, the nearest pixel of the border is read.

    Parameters
    ----------
    student : takes a picture `(H, W, 3)` and a flow `(H, W, 2)` in pixels, returns `(H, W, 3)`.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_warp(sk.warp).right
    True
    >>> check_warp(lambda image, flow: sk.warp(image, -flow)).diagnosis
    'wrong sign'
    """
    return check_answer(_WARP, student, seed)


def check_warm_start(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `warm_start(previous, flow, mask, fresh)`: where the next frame begins.

    c · warp(previous, flow) + (1 − c) · fresh, with the mask c: carried along where the flow is
    trusted, and fresh paint elsewhere.

    Parameters
    ----------
    student : takes the painting of the frame before `(H, W, 3)`, the backward flow `(H, W, 2)`, the
        mask `(H, W)` in [0, 1], and a picture `(H, W, 3)` for what has no past; returns
        `(H, W, 3)`.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_warm_start(lambda previous, flow, mask, fresh: fresh).diagnosis
    'nothing carried'
    """
    return check_answer(_WARM_START, student, seed)


def random_flow(random: np.random.Generator, shape: tuple[int, int], longest: float) -> Array:
    """A flow `(H, W, 2)` of whole eighths that are no halves: rounding those is not defined."""
    eighths = random.integers(-int(8 * longest), int(8 * longest), (*shape, 2))
    eighths[eighths % 8 == 4] += 1
    return (eighths / 8).astype(np.float32)


def leads_outside(flow: Array) -> Array:
    """True, `(H, W)`, where p + flow(p) is outside of the picture."""
    height, width = flow.shape[:2]
    y, x = np.indices((height, width), np.float64)
    x, y = x + flow[..., 0], y + flow[..., 1]
    return np.asarray((x < 0) | (x > width - 1) | (y < 0) | (y > height - 1))


def fetch(image: Array, flow: Array, *, border: str = "edge", nearest: bool = False) -> Array:
    """`image` `(H, W, …)` at p + flow(p), in float64; `border` is a mode of `numpy.pad`."""
    height, width = flow.shape[:2]
    y, x = np.indices((height, width), np.float64)
    return read_at(image, x + flow[..., 0], y + flow[..., 1], border=border, nearest=nearest)


def read_at(
    image: Array, x: Array, y: Array, *, border: str = "edge", nearest: bool = False
) -> Array:
    """`image` read linearly, or at the nearest pixel, at the places (x, y)."""
    reach = int(max(np.abs(x).max(), np.abs(y).max())) + 2
    padding = [(reach, reach), (reach, reach), *[(0, 0)] * (image.ndim - 2)]
    # numpy.pad offers all borders, and pads as far as the flow can lead.
    padded = np.pad(image, padding, mode=border)  # type: ignore[call-overload]
    if nearest:
        return np.asarray(padded[np.rint(y).astype(int) + reach, np.rint(x).astype(int) + reach])
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    extra = (1,) * (image.ndim - 2)
    a, b = (x - left).reshape(*x.shape, *extra), (y - top).reshape(*y.shape, *extra)
    left, top = left + reach, top + reach
    upper = (1 - a) * padded[top, left] + a * padded[top, left + 1]
    lower = (1 - a) * padded[top + 1, left] + a * padded[top + 1, left + 1]
    return np.asarray((1 - b) * upper + b * lower)


def _warp_inputs(random: np.random.Generator, number: int) -> Inputs:
    shape = ((9, 14), (12, 8), (7, 11))[number]
    image = random.uniform(0, 1, (*shape, 3)).astype(np.float32)
    return image, random_flow(random, shape, 3.0)


def _start_inputs(random: np.random.Generator, number: int) -> Inputs:
    previous, flow = _warp_inputs(random, number)
    mask = random.uniform(0, 1, flow.shape[:2]).astype(np.float32)
    mask[:3], mask[-3:] = 0, 1
    fresh = random.uniform(0, 1, previous.shape).astype(np.float32)
    return previous, flow, mask, fresh


def _shown_warp() -> Inputs:
    """A small photograph that turns, so that a wrong direction is seen."""
    image = load_image(find_material("chelsea"), size=72)
    height, width = image.shape[:2]
    y, x = np.indices((height, width), np.float64)
    turned = np.stack([(y - height / 2) * 0.3 + 4, (width / 2 - x) * 0.3], axis=-1)
    return image, (np.rint(turned * 8) / 8).astype(np.float32)


def _shown_start() -> Inputs:
    previous, flow = _shown_warp()
    mask = np.zeros(flow.shape[:2], np.float32)
    mask[:, flow.shape[1] // 3 :] = 1
    return (
        previous,
        flow,
        mask,
        resize_image(load_image(find_material("swirls"), size=96), previous.shape[1::-1]),
    )


def _mix(mask: Array, one: Array, other: Array) -> Array:
    return np.asarray(mask[..., None] * one + (1 - mask[..., None]) * other)


def _scattered(image: Array, flow: Array) -> Array:
    """Each pixel laid where the flow leads, to the nearest place; the rest is black."""
    height, width = flow.shape[:2]
    out = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            to_x, to_y = round(x + flow[y, x, 0]), round(y + flow[y, x, 1])
            if 0 <= to_x < width and 0 <= to_y < height:
                out[to_y, to_x] = image[y, x]
    return out


def _floored(image: Array, flow: Array) -> Array:
    """As by int() of a place inside of the picture: the pixel at its upper left."""
    height, width = flow.shape[:2]
    y, x = np.indices((height, width), np.float64)
    x = np.clip(x + flow[..., 0], 0, width - 1)
    y = np.clip(y + flow[..., 1], 0, height - 1)
    return np.asarray(image[np.floor(y).astype(int), np.floor(x).astype(int)])


def _truncated_flow(image: Array, flow: Array) -> Array:
    return fetch(image, np.trunc(flow))


def _black_outside(image: Array, flow: Array) -> Array:
    return np.asarray(np.where(leads_outside(flow)[..., None], 0, fetch(image, flow)))


_NEAREST = (
    "the colour of one pixel is taken where it should be mixed from the four pixels around: the "
    "place lies between them. Flow by parts of a pixel would make the picture jump."
)
_AXES = "the two numbers of the flow are exchanged: first comes the way to the right, then down."
_GRID = (
    "pixels are carried to where the flow leads, which leaves holes. The flow belongs to the grid "
    "of the result: each pixel of the result fetches its colour from where the flow leads."
)

_WARP = Exercise(
    name="warp",
    function="warp",
    inputs=_warp_inputs,
    solve=fetch,
    size=lambda _image, flow: float(np.abs(flow).max() + max(flow.shape)),
    terms=lambda _image, _flow: 8,
    result="a picture must come out",
    titles=("image", ""),
    shown=_shown_warp,
    outside=lambda _image, flow: leads_outside(flow),
    mistakes=(
        Mistake(
            "wrong sign",
            "the colours come from the opposite side: p − flow(p) is read.",
            lambda image, flow: fetch(image, -flow),
        ),
        Mistake("wrong grid", _GRID, _scattered),
        Mistake(
            "axes exchanged",
            _AXES,
            lambda image, flow: fetch(image, flow[..., ::-1]),
        ),
        Mistake(
            "axes exchanged",
            _AXES + " And the sign is wrong.",
            lambda image, flow: fetch(image, -flow[..., ::-1]),
        ),
        Mistake("nearest", _NEAREST, lambda image, flow: fetch(image, flow, nearest=True)),
        Mistake("nearest", _NEAREST, _floored),
        Mistake("nearest", _NEAREST, _truncated_flow),
        Mistake(*BORDER, _black_outside),
        Mistake(*BORDER, lambda i, f: fetch(i, f, border="constant")),
        Mistake(*BORDER, lambda i, f: fetch(i, f, border="wrap")),
        Mistake(*BORDER, lambda i, f: fetch(i, f, border="reflect")),
        Mistake(*BORDER, lambda i, f: fetch(i, f, border="symmetric")),
        Mistake(
            "not moved",
            "the picture comes out as it went in: the flow is not used.",
            lambda image, _flow: image,
        ),
        Mistake(
            "one direction only",
            "the picture moves across only: the way down is not used.",
            lambda image, flow: fetch(image, flow * [1, 0]),
        ),
        Mistake(
            "one direction only",
            "the picture moves down only: the way across is not used.",
            lambda image, flow: fetch(image, flow * [0, 1]),
        ),
        Mistake(
            "channels swapped",
            "the colours are right but for their order: red and blue are exchanged.",
            lambda image, flow: fetch(image, flow)[..., ::-1],
        ),
        Mistake(
            "one colour",
            "the colours are mixed to grey.",
            lambda image, flow: fetch(image, flow).mean(axis=2),
        ),
        Mistake(
            "flow alone",
            "p is missing: the flow says how far to go from p, and it is read as a place.",
            lambda image, flow: read_at(image, flow[..., 0], flow[..., 1]),
        ),
        Mistake(
            "half a pixel",
            "everything is off by half a pixel: whole numbers are the middles of pixels here.",
            lambda image, flow: fetch(image, flow + 0.5),
        ),
        Mistake(
            "half a pixel",
            "everything is off by half a pixel: whole numbers are the middles of pixels here.",
            lambda image, flow: fetch(image, flow - 0.5),
        ),
        Mistake(
            "transposed",
            "rows and columns of the answer are exchanged.",
            lambda image, flow: fetch(image, flow).transpose(1, 0, 2),
        ),
    ),
)

_WARM_START = Exercise(
    name="warm_start",
    function="warm_start",
    inputs=_start_inputs,
    solve=lambda previous, flow, mask, fresh: _mix(mask, fetch(previous, flow), fresh),
    size=lambda _previous, flow, _mask, _fresh: float(np.abs(flow).max() + max(flow.shape)),
    terms=lambda *_: 12,
    result="a picture must come out",
    titles=("previous", "", "mask", "fresh"),
    shown=_shown_start,
    outside=lambda _previous, flow, _mask, _fresh: leads_outside(flow),
    mistakes=(
        Mistake(
            "mask inverted",
            "the mask is turned round: 1 means that the flow can be trusted, so there the previous "
            "painting counts.",
            lambda p, f, c, new: _mix(1 - c, fetch(p, f), new),
        ),
        Mistake(
            "no mask",
            "the previous painting is carried along everywhere. Where the mask is 0 it has nothing "
            "to do with this frame.",
            lambda p, f, _c, _new: fetch(p, f),
        ),
        Mistake(
            "nothing carried",
            "the fresh picture comes out: nothing of the previous painting is used.",
            lambda _p, _f, _c, new: new,
        ),
        Mistake(
            "not carried along",
            "the previous painting is mixed in where it was, and not carried along the flow.",
            lambda p, _f, c, new: _mix(c, p, new),
        ),
        Mistake(
            "wrong sign",
            "the previous painting is carried the opposite way: against the flow.",
            lambda p, f, c, new: _mix(c, fetch(p, -f), new),
        ),
        Mistake(
            "axes exchanged",
            _AXES,
            lambda p, f, c, new: _mix(c, fetch(p, f[..., ::-1]), new),
        ),
        Mistake(
            "mask made binary",
            "the mask is rounded to 0 or 1. Its values between are meant: there the two pictures "
            "are mixed.",
            lambda p, f, c, new: _mix((c >= 0.5).astype(float), fetch(p, f), new),
        ),
        Mistake(
            "mask made binary",
            "any mask above 0 counts as 1. Its values between are meant: there the two pictures "
            "are mixed.",
            lambda p, f, c, new: _mix((c > 0).astype(float), fetch(p, f), new),
        ),
        Mistake(
            "mask carried along",
            "the mask is carried along too. It lies on the grid of the new frame already.",
            lambda p, f, c, new: _mix(fetch(c, f), fetch(p, f), new),
        ),
        Mistake(
            "carried too late",
            "the fresh picture is carried along too: first mixed, then warped. It belongs to the "
            "new frame and must stay.",
            lambda p, f, c, new: fetch(_mix(c, p, new), f),
        ),
        Mistake(
            "fresh carried along",
            "the fresh picture is carried along too. It belongs to the new frame and must stay.",
            lambda p, f, c, new: _mix(c, fetch(p, f), fetch(new, f)),
        ),
        Mistake(
            "roles exchanged",
            "the fresh picture is carried along and the previous painting is not: which of them "
            "is from the frame before?",
            lambda p, f, c, new: _mix(c, fetch(new, f), p),
        ),
        Mistake(
            "black where unknown",
            "where the mask is 0 it is black: the fresh picture is missing.",
            lambda p, f, c, _new: c[..., None] * fetch(p, f),
        ),
        Mistake(
            "shares above one",
            "the fresh picture is added in full: the shares of the two must add up to 1.",
            lambda p, f, c, new: c[..., None] * fetch(p, f) + new,
        ),
        Mistake(
            "half of each",
            "both pictures count one half everywhere: the mask is not used.",
            lambda p, f, _c, new: (fetch(p, f) + new) / 2,
        ),
        Mistake("nearest", _NEAREST, lambda p, f, c, new: _mix(c, fetch(p, f, nearest=True), new)),
        Mistake(*BORDER, lambda p, f, c, new: _mix(c, _black_outside(p, f), new)),
        Mistake(*BORDER, lambda p, f, c, new: _mix(c, fetch(p, f, border="wrap"), new)),
        Mistake(
            "channels swapped",
            "the order of the colours is turned round: red and blue are exchanged.",
            lambda p, f, c, new: _mix(c, fetch(p, f), new)[..., ::-1],
        ),
    ),
)
