"""The check of the search for patches that look alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .answers import Array, Exercise, Inputs, Mistake, check_answer
from .result import CheckResult

_VALUES = 12
"""How many numbers a patch has: 2 × 2 pixels of three colours."""


def check_nearest_patches(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `nearest_patches(wanted, known)`: for each patch the one that is most like it.

    out_i = argmin_j Σ_d (wanted_id − known_jd)², the nearest neighbour by the sum of squared
    differences, which PatchMatch seeks without trying all (Barnes et al. 2009).

    Parameters
    ----------
    student : takes patches as the rows of two tables, `(n, D)` and `(m, D)`, and returns for each
        of the n the number of one of the m, from 0 on: integers `(n,)`.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> def distances(one, other):
    ...     return np.sum((one[:, None] - other) ** 2, axis=2)
    >>> check_nearest_patches(lambda wanted, known: distances(wanted, known).argmin(axis=1)).right
    True
    >>> check_nearest_patches(lambda wanted, known: distances(wanted, known).argmax(1)).diagnosis
    'most unlike'
    """
    return check_answer(_NEAREST, student, seed)


def _patches(random: np.random.Generator, number: int) -> Inputs:
    """Patches, and for each of them one that is like it and others that only seem so.

    Each mistake takes others for the nearest ones: those of the same mean, of the same direction,
    with the same first number, the brightest one, or one that differs in one number alone.
    """
    count = (4, 7, 6)[number]
    half = _VALUES // 2
    dark = random.uniform(0.2, 0.35, (count, half))
    bright = random.uniform(0.6, 0.75, (count, half))
    wanted = np.concatenate([dark, bright], axis=1)
    signs = np.where(np.arange(_VALUES) % 4 == 1, -1, 1)
    one_off = wanted.copy()
    one_off[:, 0] += 0.25
    first_alike = 1 - wanted
    first_alike[:, 0] = wanted[:, 0]
    # The largest sum, the largest product with the patches above, the smallest sum, and the least
    # alike.
    extremes = np.repeat([[0.9, 0.9], [0.75, 1.0], [0.02, 0.02], [0.98, 0.1]], half, axis=1)
    known = np.concatenate(
        [
            wanted + random.uniform(0.03, 0.045, (count, 1)) * signs,
            one_off,
            wanted[:, ::-1],
            0.8 * wanted,
            first_alike,
            extremes + random.uniform(-0.01, 0.01, extremes.shape),
        ]
    )
    order = random.permutation(len(known))
    return wanted.astype(np.float32), known[order].astype(np.float32)


def _differences(wanted: Array, known: Array) -> Array:
    return np.asarray(wanted[:, None] - known)


def _distances(wanted: Array, known: Array) -> Array:
    return np.asarray((_differences(wanted, known) ** 2).sum(axis=2))


def _cosines(wanted: Array, known: Array) -> Array:
    lengths = np.linalg.norm(wanted, axis=1)[:, None] * np.linalg.norm(known, axis=1)
    return np.asarray(wanted @ known.T / lengths)


def _centred(patches: Array) -> Array:
    return np.asarray(patches - patches.mean(axis=1, keepdims=True))


_NO_SQUARE = (
    "differences of both signs are summed as they are: they cancel each other, or the brightest or "
    "darkest patch wins. Square them first."
)
_BRIGHTNESS = (
    "each patch is divided by its own strength, so that a dark patch counts as like a bright one. "
    "Colours must agree, too."
)
_TOO_MANY = (
    "there is a number for each pair of patches. For each wanted patch one number is asked, that "
    "of the known patch with the smallest sum."
)

_NEAREST = Exercise(
    name="patches",
    function="nearest_patches",
    inputs=_patches,
    solve=lambda wanted, known: _distances(wanted, known).argmin(axis=1),
    size=lambda wanted, known: float(_distances(wanted, known).max()),
    terms=lambda *_: _VALUES,
    result="a number for each wanted patch must come out",
    whole=True,
    mistakes=(
        Mistake(
            "most unlike",
            "for each patch the one comes out that is least like it: the largest sum of squares "
            "is taken, not the smallest.",
            lambda wanted, known: _distances(wanted, known).argmax(axis=1),
        ),
        Mistake(
            "other way round",
            "for each known patch the most similar wanted one comes out. It is asked the other way "
            "round: which axis has the known patches?",
            lambda wanted, known: _distances(wanted, known).argmin(axis=0),
        ),
        Mistake(
            "absolute",
            "absolute differences are summed, not squares. One large difference counts less then.",
            lambda wanted, known: np.abs(_differences(wanted, known)).sum(axis=2).argmin(axis=1),
        ),
        Mistake(
            "no square",
            _NO_SQUARE,
            lambda wanted, known: _differences(wanted, known).sum(axis=2).argmin(axis=1),
        ),
        Mistake(
            "no square",
            _NO_SQUARE,
            lambda wanted, known: (-_differences(wanted, known).sum(axis=2)).argmin(axis=1),
        ),
        Mistake(
            "means compared",
            "only the mean of each patch is compared: what is light where does not count.",
            lambda wanted, known: np.abs(_differences(wanted, known).sum(axis=2)).argmin(axis=1),
        ),
        Mistake(
            "product",
            "the largest product is taken for the best. A bright patch has large products with "
            "every other.",
            lambda wanted, known: (wanted @ known.T).argmax(axis=1),
        ),
        Mistake(
            "brightness ignored",
            _BRIGHTNESS,
            lambda wanted, known: _cosines(wanted, known).argmax(axis=1),
        ),
        Mistake(
            "brightness ignored",
            _BRIGHTNESS,
            lambda wanted, known: _cosines(_centred(wanted), _centred(known)).argmax(axis=1),
        ),
        Mistake(
            "one value",
            "only the first number of each patch is compared. All of them are to be summed over.",
            lambda wanted, known: (_differences(wanted, known)[..., 0] ** 2).argmin(axis=1),
        ),
        Mistake(
            "distance",
            "what comes out is how unlike the most similar patch is. Which one it is, is asked.",
            lambda wanted, known: _distances(wanted, known).min(axis=1),
        ),
        Mistake(
            "distance",
            "what comes out is how far the most similar patch is. Which one it is, is asked.",
            lambda wanted, known: np.sqrt(_distances(wanted, known).min(axis=1)),
        ),
        Mistake("one for each pair", _TOO_MANY, _distances),
        Mistake(
            "one for each pair", _TOO_MANY, lambda wanted, known: _distances(wanted, known) ** 0.5
        ),
        Mistake(
            "one for each pair",
            _TOO_MANY,
            lambda wanted, known: _distances(wanted, known).argsort(axis=1),
        ),
        Mistake(
            "patches themselves",
            "the most similar patches come out themselves. Their numbers are asked, so that other "
            "pictures can be read at the same places.",
            lambda wanted, known: known[_distances(wanted, known).argmin(axis=1)],
        ),
        Mistake(
            "one for all",
            "one patch comes out for all: the smallest sum is to be found for each wanted patch.",
            lambda wanted, known: _distances(wanted, known).argmin(),
        ),
        Mistake(
            "counted from one",
            "every number is larger by one: the first patch has the number 0.",
            lambda wanted, known: _distances(wanted, known).argmin(axis=1) + 1,
        ),
        Mistake(
            "second best",
            "the second most similar patch comes out.",
            lambda wanted, known: _distances(wanted, known).argsort(axis=1)[:, 1],
        ),
        Mistake(
            "not sought",
            "each patch gets its own number. The known patches lie in another order: seek.",
            lambda wanted, known: np.arange(len(wanted)),
        ),
    ),
)
