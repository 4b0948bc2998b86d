"""Checks of what is done with features: the content loss, the Gram matrix, another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .answers import Array, Exercise, Inputs, Mistake, check_answer
from .result import CheckResult

# No product of the sides of one equals that of another, and no side is the number of filters.
_SHAPES = ((4, 7, 3), (6, 5, 4), (3, 8, 5))


def check_content_loss(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `content_loss(features, target)`: the mean of the squared differences.

    L = 1/(N M) Σ_ij (F_ij − P_ij)², with N filters and M positions (report, eq. 2).

    Parameters
    ----------
    student : takes two arrays `(h, w, N)` and returns one number, in NumPy or TensorFlow.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_content_loss(lambda F, P: np.mean((F - P) ** 2)).right
    True
    >>> check_content_loss(lambda F, P: np.sum((F - P) ** 2)).diagnosis
    'sum'
    """
    return check_answer(_CONTENT, student, seed)


def check_gram(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `gram_matrix(features)`: how strongly each two filters respond together.

    G = F Fᵀ / M: G_ij = 1/M Σ_p F_pi F_pj over the M = h·w positions.

    Parameters
    ----------
    student : takes an array `(h, w, N)` and returns one `(N, N)`, in NumPy or TensorFlow.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_gram(lambda F: np.einsum("hwi,hwj->ij", F, F) / (F.shape[0] * F.shape[1])).right
    True
    >>> check_gram(lambda F: np.einsum("hwi,hwj->ij", F, F)).diagnosis
    'unnormalised'
    """
    return check_answer(_GRAM, student, seed)


def check_shuffled(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `shuffled(features, order)`: the same features with their positions in another order.

    Position k of the result is position order_k of `features`; positions are counted row by row.

    Parameters
    ----------
    student : takes an array `(h, w, N)` and integers `(h·w,)`, each number from 0 to h·w − 1 once;
        returns one `(h, w, N)`, in NumPy or TensorFlow.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_shuffled(lambda F, order: F.reshape(-1, F.shape[2])[order].reshape(F.shape)).right
    True
    >>> check_shuffled(lambda F, order: F).diagnosis
    'not shuffled'
    """
    return check_answer(_SHUFFLED, student, seed)


def _pairs(random: np.random.Generator, number: int) -> Inputs:
    shape = _SHAPES[number]
    return tuple(random.uniform(0.2, 2, shape).astype(np.float32) for _ in range(2))


def _features(random: np.random.Generator, number: int) -> Inputs:
    return (random.uniform(0.1, 2, _SHAPES[number]).astype(np.float32),)


def _with_order(random: np.random.Generator, number: int) -> Inputs:
    features = random.uniform(0.1, 2, _SHAPES[number]).astype(np.float32)
    return features, random.permutation(_positions(features))


def _shuffled(F: Array, order: Array) -> Array:
    # Inputs are given to the mistakes in float64.
    return np.asarray(F.reshape(-1, F.shape[-1])[order.astype(int)].reshape(F.shape))


def _gram(F: Array) -> Array:
    flat = F.reshape(-1, F.shape[-1])
    return np.asarray(flat.T @ flat)


def _between_positions(F: Array) -> Array:
    flat = F.reshape(-1, F.shape[-1])
    return np.asarray(flat @ flat.T)


def _reshaped(F: Array) -> Array:
    """The products of rows of a table that was reshaped where it should be transposed."""
    table = F.reshape(F.shape[-1], -1)
    return np.asarray(table @ table.T)


def _positions(F: Array) -> int:
    return int(F.shape[0] * F.shape[1])


_CONTENT = Exercise(
    name="content",
    function="content_loss",
    inputs=_pairs,
    solve=lambda F, P: np.mean((F - P) ** 2),
    size=lambda F, P: float(np.mean((np.abs(F) + np.abs(P)) ** 2)),
    terms=lambda F, _P: F.size + 4,
    result="one number must come out",
    titles=("features", "target"),
    mistakes=(
        Mistake(
            "sum",
            "the squares are summed, and not divided by how many there are: a large picture would "
            "have a larger loss than a small one.",
            lambda F, P: np.sum((F - P) ** 2),
        ),
        Mistake(
            "half the sum",
            "this is half of the sum, as Gatys et al. write it. Here the loss is a mean.",
            lambda F, P: np.sum((F - P) ** 2) / 2,
        ),
        Mistake(
            "positions only",
            "the sum is divided by the number of positions, but not by that of the filters.",
            lambda F, P: np.sum((F - P) ** 2) / _positions(F),
        ),
        Mistake(
            "filters only",
            "the sum is divided by the number of filters, but not by that of the positions.",
            lambda F, P: np.sum((F - P) ** 2) / F.shape[-1],
        ),
        Mistake(
            "half",
            "the mean is right, but half of it comes out.",
            lambda F, P: np.mean((F - P) ** 2) / 2,
        ),
        Mistake(
            "absolute",
            "the absolute differences are averaged, not their squares.",
            lambda F, P: np.mean(np.abs(F - P)),
        ),
        Mistake(
            "no square",
            "differences of both signs are averaged as they are: they cancel each other.",
            lambda F, P: np.mean(F - P),
        ),
        Mistake(
            "no square",
            "differences of both signs are averaged as they are: they cancel each other.",
            lambda F, P: np.mean(P - F),
        ),
        Mistake(
            "square of the mean",
            "the mean is taken first and squared then. Differences of both signs have cancelled "
            "each other by that time.",
            lambda F, P: np.mean(F - P) ** 2,
        ),
        Mistake(
            "squares apart",
            "the squares of both are compared, not their difference squared.",
            lambda F, P: np.mean(F**2 - P**2),
        ),
        Mistake(
            "squares apart",
            "the squares of both are compared, not their difference squared.",
            lambda F, P: np.mean(F**2) - 2 * np.mean(F) * np.mean(P) + np.mean(P**2),
        ),
        Mistake(
            "root",
            "a root is taken in the end; the loss is the mean square itself.",
            lambda F, P: np.sqrt(np.mean((F - P) ** 2)),
        ),
        Mistake(
            "length",
            "the length of the difference comes out; the loss is the mean of its squares.",
            lambda F, P: np.sqrt(np.sum((F - P) ** 2)),
        ),
        Mistake(
            "plus",
            "the two arrays are added where they should be subtracted.",
            lambda F, P: np.mean((F + P) ** 2),
        ),
        Mistake(
            "not one number",
            "there is a number for each position and filter: the mean over them is missing.",
            lambda F, P: (F - P) ** 2,
        ),
        Mistake(
            "not one number",
            "there is a number for each position: the mean over the positions is missing.",
            lambda F, P: np.mean((F - P) ** 2, axis=2),
        ),
        Mistake(
            "not one number",
            "there is a number for each filter: the mean over the filters is missing.",
            lambda F, P: np.mean((F - P) ** 2, axis=(0, 1)),
        ),
        Mistake(
            "Gram matrices",
            "Gram matrices are compared: that is the style loss. The content loss compares "
            "position by position.",
            lambda F, P: np.mean((_gram(F) / _positions(F) - _gram(P) / _positions(P)) ** 2),
        ),
    ),
)

_GRAM = Exercise(
    name="gram",
    function="gram_matrix",
    inputs=_features,
    solve=lambda F: _gram(F) / _positions(F),
    size=lambda F: float((_gram(np.abs(F)) / _positions(F)).max()),
    terms=_positions,
    result="a table of filters by filters must come out",
    factors=lambda F: {
        "N, the number of filters,": float(F.shape[2]),
        "1/N, with N filters,": 1 / F.shape[2],
        "w, the number of columns,": float(F.shape[1]),
        "h, the number of rows,": float(F.shape[0]),
        "1/h, with h rows,": 1 / F.shape[0],
        "1/w, with w columns,": 1 / F.shape[1],
        "1/M, with M positions,": 1 / _positions(F),
        "M/N, with M positions and N filters,": _positions(F) / F.shape[2],
    },
    titles=("features, mean over the filters",),
    mistakes=(
        Mistake(
            "unnormalised",
            "the products are summed, but not divided by the number of positions: a large picture "
            "would have a larger matrix than a small one, and no style of another size could be "
            "compared with it.",
            _gram,
        ),
        Mistake(
            "transposed",
            "positions are compared with positions: the product was taken the other way round. "
            "The places are what must be summed away.",
            _between_positions,
        ),
        Mistake(
            "transposed",
            "positions are compared with positions, and divided by their number: the product was "
            "taken the other way round. The places are what must be summed away.",
            lambda F: _between_positions(F) / _positions(F),
        ),
        Mistake(
            "transposed",
            "positions are compared with positions, and divided by the number of filters: the "
            "product was taken the other way round. The places are what must be summed away.",
            lambda F: _between_positions(F) / F.shape[2],
        ),
        Mistake(
            "divided by both",
            "the sum is divided by positions and filters; only positions are summed over.",
            lambda F: _gram(F) / F.size,
        ),
        Mistake(
            "wrong reshape",
            "the table mixes positions and filters: reshaping to (N, M) does not turn an array of "
            "(h, w, N) on its side, it reads the same numbers in the same order.",
            lambda F: _reshaped(F) / _positions(F),
        ),
        Mistake(
            "wrong reshape",
            "the table mixes positions and filters: reshaping to (N, M) does not turn an array of "
            "(h, w, N) on its side, it reads the same numbers in the same order. And the division "
            "by the positions is missing.",
            _reshaped,
        ),
        Mistake(
            "covariance",
            "the mean of each filter was taken away first: that is the covariance.",
            lambda F: np.cov(F.reshape(-1, F.shape[2]).T, bias=True),
        ),
        Mistake(
            "covariance",
            "the mean of each filter was taken away first: that is the covariance.",
            lambda F: np.cov(F.reshape(-1, F.shape[2]).T),
        ),
        Mistake(
            "correlation",
            "each filter is divided by its own strength: that is a correlation.",
            lambda F: np.corrcoef(F.reshape(-1, F.shape[2]).T),
        ),
        Mistake(
            "diagonal only",
            "only the diagonal is there: each filter with itself. What is asked is each filter "
            "with each other.",
            lambda F: np.diag(np.diag(_gram(F))) / _positions(F),
        ),
        Mistake(
            "diagonal only",
            "each filter is multiplied with itself only. What is asked is each filter with each "
            "other, (N, N).",
            lambda F: (F**2).mean(axis=(0, 1)),
        ),
        Mistake(
            "products of means",
            "the mean over the positions is taken before the product. What occurs together at one "
            "position is lost then.",
            lambda F: np.outer(F.mean(axis=(0, 1)), F.mean(axis=(0, 1))),
        ),
        Mistake(
            "not summed",
            "there is a matrix for each position: the sum over the positions is missing.",
            lambda F: F[..., :, None] * F[..., None, :],
        ),
        Mistake(
            "triangle only",
            "half of the matrix is zero: filter i with j is also j with i.",
            lambda F: np.triu(_gram(F)) / _positions(F),
        ),
        Mistake(
            "triangle only",
            "half of the matrix is zero: filter i with j is also j with i.",
            lambda F: np.tril(_gram(F)) / _positions(F),
        ),
    ),
)

_SHUFFLED = Exercise(
    name="shuffled",
    function="shuffled",
    inputs=_with_order,
    solve=_shuffled,
    size=lambda F, _order: float(np.abs(F).max()),
    terms=lambda *_: 1,
    result="the same features must come out, in the same shape",
    titles=("features, mean over the filters",),
    mistakes=(
        Mistake(
            "not shuffled",
            "the features come out as they went in: the order is not used.",
            lambda F, _order: F,
        ),
        Mistake(
            "other way round",
            "position k goes to place order[k]. Asked is that place k gets position order[k].",
            lambda F, order: _shuffled(F, np.argsort(order)),
        ),
        Mistake(
            "a table",
            "a table of positions by filters comes out, in the right order: give it the shape "
            "(h, w, N) again.",
            lambda F, order: _shuffled(F, order).reshape(-1, F.shape[2]),
        ),
        Mistake(
            "a table",
            "a table of positions by filters comes out, and the order is not used.",
            lambda F, _order: F.reshape(-1, F.shape[2]),
        ),
        Mistake(
            "wrong reshape",
            "filters and positions are mixed: reshaping to (N, M) does not turn an array of "
            "(h, w, N) on its side, it reads the same numbers in the same order.",
            lambda F, order: F.reshape(F.shape[2], -1)[:, order.astype(int)].reshape(F.shape),
        ),
        Mistake(
            "filters apart",
            "the positions are in the right order, but the numbers of each position are not "
            "together any more: after (N, M) the array must be turned back before it is reshaped.",
            lambda F, order: _shuffled(F, order).reshape(-1, F.shape[2]).T.reshape(F.shape),
        ),
        Mistake(
            "columns first",
            "positions are counted column by column; they are counted row by row.",
            lambda F, order: _shuffled(F.transpose(1, 0, 2), order).transpose(1, 0, 2),
        ),
        Mistake(
            "filters reversed",
            "the order of the filters changes. Positions are to be moved, each with all of its "
            "filters.",
            lambda F, _order: F[..., ::-1],
        ),
        Mistake(
            "positions lost",
            "a number of `order` is taken for a row of the picture. There are h·w positions: make "
            "one table of them first.",
            lambda F, order: F[order.astype(int) % len(F)],
        ),
        Mistake(
            "upside down",
            "the picture is turned over, whatever the order is.",
            lambda F, _order: F[::-1],
        ),
        Mistake(
            "upside down",
            "the positions are reversed, whatever the order is.",
            lambda F, _order: F[::-1, ::-1],
        ),
        Mistake(
            "sorted",
            "the numbers of each filter are sorted, which mixes those of different positions.",
            lambda F, _order: np.sort(F.reshape(-1, F.shape[2]), axis=0).reshape(F.shape),
        ),
    ),
)
