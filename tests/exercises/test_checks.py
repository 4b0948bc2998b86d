"""The checks of what students write: no wrong answer passes, no right one fails, each gets its
diagnosis. All of it for many seeds, because the inputs are random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

import stylekit as sk
from stylekit.exercises import answers, chaining, features, occlusion, patches, temporal, warping
from stylekit.exercises.warping import fetch

ex = sk.exercises
SEEDS = range(8)


def gram_by_loops(F: Any) -> Any:
    height, width, count = F.shape
    G = [[0.0] * count for _ in range(count)]
    for i in range(count):
        for j in range(count):
            for y in range(height):
                for x in range(width):
                    G[i][j] += float(F[y, x, i]) * float(F[y, x, j]) / (height * width)
    return G


def warp_by_loops(image: Any, flow: Any) -> Any:
    height, width = flow.shape[:2]
    out = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            to_x = min(max(x + flow[y, x, 0], 0), width - 1)
            to_y = min(max(y + flow[y, x, 1], 0), height - 1)
            x0, y0 = int(to_x), int(to_y)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            a, b = to_x - x0, to_y - y0
            out[y, x] = (1 - b) * ((1 - a) * image[y0, x0] + a * image[y0, x1])
            out[y, x] += b * ((1 - a) * image[y1, x0] + a * image[y1, x1])
    return out


def places(flow: Any) -> tuple[Any, Any]:
    y, x = np.indices(flow.shape[:2], np.float32)
    return x + flow[..., 0], y + flow[..., 1]


def warp_by_scipy(image: Any, flow: Any, mode: str = "nearest", order: int = 1) -> Any:
    x, y = places(flow)
    return np.stack(
        [map_coordinates(image[..., k], [y, x], order=order, mode=mode) for k in range(3)], -1
    )


def warp_by_opencv(image: Any, flow: Any, border: int = cv2.BORDER_REPLICATE) -> Any:
    return cv2.remap(image, *map(np.float32, places(flow)), cv2.INTER_LINEAR, borderMode=border)


def warp_by_tensorflow(image: Any, flow: Any) -> Any:
    height, width = flow.shape[:2]
    grid = tf.stack(tf.meshgrid(tf.range(width), tf.range(height)), -1)
    place = tf.clip_by_value(tf.cast(grid, tf.float32) + flow, 0.0, [width - 1.0, height - 1.0])
    low = tf.floor(place)
    high = tf.minimum(low + 1, [width - 1.0, height - 1.0])
    share = place - low

    def pixel(x: Any, y: Any) -> Any:
        return tf.gather_nd(image, tf.cast(tf.stack([y, x], -1), tf.int32))

    a, b = share[..., :1], share[..., 1:]
    upper = (1 - a) * pixel(low[..., 0], low[..., 1]) + a * pixel(high[..., 0], low[..., 1])
    lower = (1 - a) * pixel(low[..., 0], high[..., 1]) + a * pixel(high[..., 0], high[..., 1])
    return (1 - b) * upper + b * lower


def temporal_by_loops(image: Any, warped: Any, mask: Any) -> float:
    height, width, _ = image.shape
    total = 0.0
    for y in range(height):
        for x in range(width):
            for k in range(3):
                total += float(mask[y, x]) * (float(image[y, x, k]) - float(warped[y, x, k])) ** 2
    return total / (height * width * 3)


def temporal_in_tf(image: Any, warped: Any, mask: Any) -> Any:
    return tf.reduce_mean(mask[..., tf.newaxis] * tf.square(image - warped))


def temporal_with_gradient(image: Any, warped: Any, mask: Any) -> Any:
    c = mask[..., None]
    return np.mean(c * (image - warped) ** 2), 2 * c * (image - warped) / image.size


def disoccluded(backward: Any, forward: Any) -> Any:
    back = sk.warp(np.float32(forward), np.float32(backward))
    right = 0.01 * ((back**2).sum(-1) + (backward**2).sum(-1)) + 0.5
    return ((back + backward) ** 2).sum(-1) > right


def disoccluded_in_tf(backward: Any, forward: Any) -> Any:
    back = tf.constant(fetch(np.asarray(forward), np.asarray(backward)), tf.float32)
    length = tf.reduce_sum(back**2, -1) + tf.reduce_sum(tf.square(backward), -1)
    return tf.reduce_sum(tf.square(back + backward), -1) > 0.01 * length + 0.5


def disoccluded_by_loops(backward: Any, forward: Any) -> Any:
    back = warp_by_scipy(np.concatenate([forward, forward[..., :1]], -1), backward)
    out = np.zeros(backward.shape[:2], bool)
    for y, x in np.ndindex(*out.shape):
        (u, v), (a, b) = backward[y, x], back[y, x, :2]
        out[y, x] = (u + a) ** 2 + (v + b) ** 2 > 0.01 * (u * u + v * v + a * a + b * b) + 0.5
    return out


def start(previous: Any, flow: Any, mask: Any, fresh: Any) -> Any:
    c = mask[..., None]
    return c * sk.warp(previous, flow) + (1 - c) * fresh


def flat(F: Any) -> Any:
    return F.reshape(-1, F.shape[-1])


def shuffled(F: Any, order: Any) -> Any:
    return flat(F)[order].reshape(F.shape)


def shuffled_by_loops(F: Any, order: Any) -> Any:
    height, width, count = F.shape
    out = np.empty((height, width, count), F.dtype)
    for k in range(height * width):
        out[k // width, k % width] = F[order[k] // width, order[k] % width]
    return out


def chained_by_loops(first: Any, second: Any) -> Any:
    height, width = first.shape[:2]
    out = np.zeros(first.shape)
    for y, x in np.ndindex(height, width):
        to_x = min(max(x + first[y, x, 0], 0), width - 1)
        to_y = min(max(y + first[y, x, 1], 0), height - 1)
        x0, y0 = int(to_x), int(to_y)
        x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
        a, b = to_x - x0, to_y - y0
        upper = (1 - a) * second[y0, x0] + a * second[y0, x1]
        lower = (1 - a) * second[y1, x0] + a * second[y1, x1]
        out[y, x] = first[y, x] + (1 - b) * upper + b * lower
    return out


def chained_by_scipy(first: Any, second: Any) -> Any:
    x, y = places(first)
    ways = [
        first[..., k] + map_coordinates(second[..., k], [y, x], order=1, mode="nearest")
        for k in range(2)
    ]
    return np.stack(ways, -1)


def distances(wanted: Any, known: Any) -> Any:
    return ((wanted[:, None] - known) ** 2).sum(-1)


def nearest_by_loops(wanted: Any, known: Any) -> Any:
    out = []
    for patch in wanted:
        best, number = float("inf"), 0
        for j, other in enumerate(known):
            total = sum((float(a) - float(b)) ** 2 for a, b in zip(patch, other, strict=True))
            if total < best:
                best, number = total, j
        out.append(number)
    return out


RIGHT: list[tuple[str, Callable[..., Any], list[Callable[..., Any]]]] = [
    (
        "content",
        ex.check_content_loss,
        [
            lambda F, P: np.mean((F - P) ** 2),
            lambda F, P: ((F - P) ** 2).sum() / F.size,
            lambda F, P: tf.reduce_mean(tf.square(F - P)),
            lambda F, P: tf.reduce_mean(tf.math.squared_difference(F, P)),
            lambda F, P: float(np.mean((F.astype(np.float64) - P) ** 2)),
            lambda F, P: (
                sum(float(a - b) ** 2 for a, b in zip(F.flat, P.flat, strict=True)) / F.size
            ),
            lambda F, P: np.linalg.norm(F - P) ** 2 / F.size,
            lambda F, P: np.einsum("ijk,ijk", F - P, F - P) / F.size,
            lambda F, P: tf.reduce_mean(tf.square(F - P)).numpy(),
        ],
    ),
    (
        "gram",
        ex.check_gram,
        [
            lambda F: flat(F).T @ flat(F) / len(flat(F)),
            lambda F: np.einsum("hwi,hwj->ij", F, F) / (F.shape[0] * F.shape[1]),
            lambda F: tf.einsum("hwi,hwj->ij", F, F) / (F.shape[0] * F.shape[1]),
            lambda F: (
                tf.matmul(
                    tf.reshape(F, (-1, F.shape[2])),
                    tf.reshape(F, (-1, F.shape[2])),
                    transpose_a=True,
                )
                / (F.shape[0] * F.shape[1])
            ),
            lambda F: np.tensordot(F, F, ((0, 1), (0, 1))) / np.prod(F.shape[:2]),
            lambda F: flat(F.astype(np.float64)).T @ flat(F.astype(np.float64)) / flat(F).shape[0],
            lambda F: (F[..., :, None] * F[..., None, :]).mean(axis=(0, 1)),
            lambda F: sk.losses.gram_matrix(F[None]),
            lambda F: np.cov(flat(F).T, bias=True) + np.outer(flat(F).mean(0), flat(F).mean(0)),
            gram_by_loops,
        ],
    ),
    (
        "shuffled",
        ex.check_shuffled,
        [
            shuffled,
            shuffled_by_loops,
            lambda F, order: np.take(flat(F), order, axis=0).reshape(F.shape),
            lambda F, order: tf.reshape(tf.gather(tf.reshape(F, (-1, F.shape[2])), order), F.shape),
            lambda F, order: F[np.unravel_index(order, F.shape[:2])].reshape(F.shape),
            lambda F, order: np.array([flat(F)[k] for k in order]).reshape(F.shape),
            lambda F, order: (np.eye(len(order))[order] @ flat(F)).reshape(F.shape),
        ],
    ),
    (
        "temporal",
        ex.check_temporal_loss,
        [
            temporal_in_tf,
            temporal_by_loops,
            temporal_with_gradient,
            lambda x, w, c: np.mean(c[..., None] * (x - w) ** 2),
            lambda x, w, c: np.einsum("hw,hwk->", c, (x - w).astype(np.float64) ** 2) / x.size,
            lambda x, w, c: (
                tf.einsum("hw,hwk->", c, tf.square(x - w)) / tf.cast(tf.size(x), tf.float32)
            ),
            lambda x, w, c: tf.reduce_mean(
                tf.cast(c, tf.float64)[..., None] * tf.cast(x - w, tf.float64) ** 2
            ),
            lambda x, w, c: tf.reduce_mean(
                tf.reduce_mean(tf.square(tf.convert_to_tensor(x) - w), -1) * c
            ),
        ],
    ),
    (
        "warp",
        ex.check_warp,
        [sk.warp, fetch, warp_by_loops, warp_by_scipy, warp_by_opencv, warp_by_tensorflow],
    ),
    (
        "disocclusion",
        ex.check_disocclusion,
        [sk.motion.disocclusion, disoccluded, disoccluded_in_tf, disoccluded_by_loops],
    ),
    (
        "warm_start",
        ex.check_warm_start,
        [
            start,
            lambda p, f, c, n: n + c[..., None] * (warp_by_loops(p, f) - n),
            lambda p, f, c, n: np.stack(
                [c * warp_by_scipy(p, f)[..., k] + (1 - c) * n[..., k] for k in range(3)], -1
            ),
            lambda p, f, c, n: (
                tf.constant(c[..., None]) * warp_by_tensorflow(p, f) + (1 - c[..., None]) * n
            ),
        ],
    ),
    (
        "chain",
        ex.check_chain,
        [
            lambda first, second: first + sk.warp(second, first),
            lambda first, second: first + fetch(second, first),
            lambda first, second: first + warp_by_opencv(second, first),
            # What is read outside of the picture is not judged.
            lambda first, second: first + warp_by_opencv(second, first, cv2.BORDER_CONSTANT),
            lambda first, second: tf.constant(first) + warp_by_tensorflow(second, first),
            chained_by_loops,
            chained_by_scipy,
        ],
    ),
    (
        "patches",
        ex.check_nearest_patches,
        [
            lambda wanted, known: distances(wanted, known).argmin(1),
            lambda wanted, known: np.argmin(cdist(wanted, known), axis=1),
            lambda wanted, known: cKDTree(known).query(wanted)[1],
            lambda wanted, known: [int(np.argmin(((known - row) ** 2).sum(1))) for row in wanted],
            lambda wanted, known: np.linalg.norm(known[:, None] - wanted, axis=2).argmin(axis=0),
            lambda wanted, known: distances(wanted, known).argsort(1)[:, 0],
            lambda wanted, known: (
                np.einsum("md,md->m", known, known) - 2 * np.einsum("nd,md->nm", wanted, known)
            ).argmin(1),
            lambda wanted, known: tf.argmin(
                tf.reduce_sum(tf.square(wanted[:, None] - tf.constant(known)), -1), axis=1
            ),
            nearest_by_loops,
        ],
    ),
]


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        pytest.param(check, answer, id=f"{name}-{number}")
        for name, check, answers_ in RIGHT
        for number, answer in enumerate(answers_)
    ],
)
def test_right_answers_in_other_styles_pass(check: Any, answer: Any) -> None:
    for seed in SEEDS:
        result = check(answer, seed=seed)
        assert result, result.words
        assert result.diagnosis == "right" and "Stuck" not in repr(result)


def no_return(*_: Any) -> None:
    pass


def changes_features(F: Any) -> Any:
    F /= F.max()
    return flat(F).T @ flat(F) / len(flat(F))


def changes_start(previous: Any, flow: Any, mask: Any, fresh: Any) -> Any:
    result = start(previous, flow, mask, fresh)
    fresh[mask > 0.5] = 0
    return result


def changes_image(image: Any, flow: Any) -> Any:
    result = sk.warp(image, flow)
    image *= 0.5
    return result


def scattered_positions(F: Any, order: Any) -> Any:
    out = np.empty_like(flat(F))
    out[order] = flat(F)
    return out.reshape(F.shape)


def shuffled_by_columns(F: Any, order: Any) -> Any:
    across = F.swapaxes(0, 1)
    return flat(across)[order].reshape(across.shape).swapaxes(0, 1)


def shuffled_in_place(F: Any, order: Any) -> Any:
    F[...] = shuffled(F, order)
    return F


def chained_in_place(first: Any, second: Any) -> Any:
    first += sk.warp(second, first)
    return first


def nearest_in_place(wanted: Any, known: Any) -> Any:
    known -= wanted[0]
    return distances(wanted, known).argmin(1)


def not_written(*_: Any) -> Any:
    raise NotImplementedError


def dead_by_numpy(x: Any, w: Any, c: Any) -> Any:
    return tf.reduce_mean(c[..., None] * tf.square(tf.convert_to_tensor(x).numpy() - w))


def dead_by_method(x: Any, w: Any, c: Any) -> Any:
    return np.mean(c.numpy()[..., None] * (x.numpy() - w.numpy()) ** 2)


def dead_outside(x: Any, w: Any, c: Any) -> Any:
    return tf.constant(np.mean(np.asarray(c)[..., None] * (np.asarray(x) - np.asarray(w)) ** 2))


def half_dead(x: Any, w: Any, c: Any) -> Any:
    y = tf.concat([x[:2], tf.stop_gradient(x[2:])], 0)
    return tf.reduce_mean(c[..., None] * tf.square(y - w))


WRONG: dict[str, tuple[Callable[..., Any], list[tuple[str, Any]]]] = {
    "content": (
        ex.check_content_loss,
        [
            ("sum", lambda F, P: np.sum((F - P) ** 2)),
            ("sum", lambda F, P: tf.reduce_sum(tf.square(F - P))),
            ("half the sum", lambda F, P: np.sum((F - P) ** 2) / 2),
            ("half", lambda F, P: 0.5 * np.mean((F - P) ** 2)),
            ("positions only", lambda F, P: np.sum((F - P) ** 2) / F.shape[0] / F.shape[1]),
            ("absolute", lambda F, P: np.abs(F - P).mean()),
            ("no square", lambda F, P: (P - F).mean()),
            ("square of the mean", lambda F, P: (F.mean() - P.mean()) ** 2),
            ("squares apart", lambda F, P: np.mean(F**2) - np.mean(P**2)),
            ("root", lambda F, P: np.sqrt(np.mean((F - P) ** 2))),
            ("length", lambda F, P: np.linalg.norm(F - P)),
            ("not one number", lambda F, P: np.square(F - P)),
            ("Gram matrices", lambda F, P: np.mean((gram(F) - gram(P)) ** 2)),
            ("wrong factor", lambda F, P: 3 * np.mean((F - P) ** 2)),
            ("wrong factor", lambda F, P: np.sum((F - P) ** 2) / (F.size - 1)),
            ("wrong sign", lambda F, P: -np.mean((F - P) ** 2)),
            ("constant", lambda _F, _P: 0.5),
            ("returns nothing", no_return),
            ("not written", not_written),
            ("raises", lambda F, P: np.mean((F - P.T) ** 2)),
            ("raises", lambda F: F),
            ("not finite", lambda F, P: np.mean((F - P) ** 2) * np.nan),
            ("wrong type", lambda F, P: int(np.mean((F - P) ** 2))),
            ("not numbers", lambda F, P: "0.5"),
            ("not numbers", lambda F, P: np.mean((F - P) ** 2) * 1j),
            ("not a function", 0.5),
        ],
    ),
    "gram": (
        ex.check_gram,
        [
            ("unnormalised", lambda F: flat(F).T @ flat(F)),
            ("transposed", lambda F: flat(F) @ flat(F).T),
            ("transposed", lambda F: flat(F) @ flat(F).T / F.shape[2]),
            ("divided by both", lambda F: flat(F).T @ flat(F) / F.size),
            ("wrong reshape", lambda F: (t := F.reshape(F.shape[2], -1)) @ t.T / t.shape[1]),
            ("wrong factor", lambda F: flat(F).T @ flat(F) / F.shape[0]),
            ("wrong factor", lambda F: flat(F).T @ flat(F) / F.shape[2]),
            ("wrong factor", lambda F: flat(F).T @ flat(F) / len(flat(F)) ** 2),
            ("covariance", lambda F: np.cov(flat(F).T)),
            ("correlation", lambda F: np.corrcoef(flat(F).T)),
            ("diagonal only", lambda F: np.mean(F * F, axis=(0, 1))),
            ("products of means", lambda F: np.outer(flat(F).mean(0), flat(F).mean(0))),
            ("not summed", lambda F: np.einsum("hwi,hwj->hwij", F, F)),
            ("triangle only", lambda F: np.triu(flat(F).T @ flat(F)) / len(flat(F))),
            ("wrong shape", lambda F: F),
            ("constant", lambda F: np.eye(F.shape[2]) * 0 + 1),
            ("changes its input", changes_features),
            ("returns nothing", no_return),
            ("not written", not_written),
            ("raises", lambda F: F @ F.T),
            ("wrong type", lambda F: np.rint(flat(F).T @ flat(F) / len(flat(F))).astype(int)),
            ("other numbers", lambda F: np.sqrt(flat(F).T @ flat(F) / len(flat(F)))),
            ("wrong sign", lambda F: -(flat(F).T @ flat(F)) / len(flat(F))),
        ],
    ),
    "shuffled": (
        ex.check_shuffled,
        [
            ("not shuffled", lambda F, order: F),
            ("other way round", lambda F, order: flat(F)[np.argsort(order)].reshape(F.shape)),
            ("other way round", scattered_positions),
            ("a table", lambda F, order: flat(F)[order]),
            ("a table", lambda F, order: flat(F)),
            (
                "wrong reshape",
                lambda F, order: F.reshape(F.shape[2], -1)[:, order].reshape(F.shape),
            ),
            ("filters apart", lambda F, order: flat(F)[order].T.reshape(F.shape)),
            ("columns first", shuffled_by_columns),
            ("filters reversed", lambda F, order: F[:, :, ::-1]),
            ("upside down", lambda F, order: F[::-1]),
            ("sorted", lambda F, order: np.sort(flat(F), axis=0).reshape(F.shape)),
            ("raises", lambda F, order: F[order]),
            ("raises", lambda F, order: F.reshape(order)),
            ("wrong shape", lambda F, order: F[..., 0]),
            ("other numbers", lambda F, order: np.random.default_rng(1).permutation(F)),
            ("wrong type", lambda F, order: shuffled(F, order).astype(int)),
            ("wrong factor", lambda F, order: 2 * shuffled(F, order)),
            ("changes its input", shuffled_in_place),
            ("constant", lambda F, order: 0 * F),
            ("returns nothing", no_return),
            ("not written", not_written),
        ],
    ),
    "temporal": (
        ex.check_temporal_loss,
        [
            ("no mask", lambda x, w, c: tf.reduce_mean(tf.square(x - w))),
            ("mask inverted", lambda x, w, c: np.mean((1 - c[..., None]) * (x - w) ** 2)),
            ("mask squared", lambda x, w, c: np.mean((c[..., None] * (x - w)) ** 2)),
            ("mask on a number", lambda x, w, c: c * np.mean((x - w) ** 2)),
            ("mask on a number", lambda x, w, c: c.mean() * np.mean((x - w) ** 2)),
            (
                "divided by the mask",
                lambda x, w, c: np.sum(c[..., None] * (x - w) ** 2) / (3 * np.sum(c)),
            ),
            ("sum", lambda x, w, c: np.sum(c[..., None] * (x - w) ** 2)),
            ("pixels only", lambda x, w, c: np.sum(c[..., None] * (x - w) ** 2) / c.size),
            ("half", lambda x, w, c: temporal_in_tf(x, w, c) / 2),
            ("absolute", lambda x, w, c: np.mean(c[..., None] * np.abs(x - w))),
            ("wrong sign", lambda x, w, c: -temporal_in_tf(x, w, c)),
            ("raises", lambda x, w, c: np.mean(c * (x - w) ** 2)),
            ("not one number", lambda x, w, c: c[..., None] * (x - w) ** 2),
            ("dead gradient", dead_by_numpy),
            ("dead gradient", dead_by_method),
            ("dead gradient", dead_outside),
            ("dead gradient", lambda x, w, c: temporal_in_tf(tf.stop_gradient(x), w, c)),
            ("dead gradient", lambda x, w, c: temporal_in_tf(tf.constant(np.array(x)), w, c)),
            ("wrong gradient", half_dead),
            (
                "wrong gradient",
                lambda x, w, c: (temporal_by_loops(x, w, c), 2 * (x - w) / x.size),
            ),
            (
                "wrong sign",
                lambda x, w, c: (temporal_by_loops(x, w, c), -temporal_with_gradient(x, w, c)[1]),
            ),
            ("constant", lambda x, w, c: tf.constant(0.1)),
            ("returns nothing", no_return),
            ("not written", not_written),
        ],
    ),
    "warp": (
        ex.check_warp,
        [
            ("wrong sign", lambda i, f: sk.warp(i, -f)),
            ("axes exchanged", lambda i, f: sk.warp(i, f[..., ::-1].copy())),
            ("nearest", lambda i, f: warp_by_scipy(i, f, order=0)),
            ("nearest", lambda i, f: sk.warp(i, np.trunc(f))),
            ("wrong grid", warping._scattered),
            ("border", lambda i, f: warp_by_scipy(i, f, mode="constant")),
            ("border", lambda i, f: warp_by_scipy(i, f, mode="mirror")),
            ("border", lambda i, f: warp_by_opencv(i, f, cv2.BORDER_CONSTANT)),
            ("border", lambda i, f: warp_by_opencv(i, f, cv2.BORDER_WRAP)),
            ("border", lambda i, f: warp_by_opencv(i, f, cv2.BORDER_REFLECT_101)),
            ("channels swapped", lambda i, f: sk.warp(i, f)[..., ::-1]),
            ("not moved", lambda i, f: i),
            ("transposed", lambda i, f: sk.warp(i, f).swapaxes(0, 1)),
            ("one colour", lambda i, f: sk.warp(i, f).mean(2)),
            (
                "flow alone",
                lambda i, f: cv2.remap(
                    i, f[..., 0], f[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
                ),
            ),
            ("half a pixel", lambda i, f: sk.warp(i, f + np.float32(0.5))),
            ("changes its input", changes_image),
            ("wrong type", lambda i, f: (255 * sk.warp(i, f)).astype(np.uint8)),
            ("wrong factor", lambda i, f: 255 * sk.warp(i, f)),
            ("raises", lambda i, f: i[f]),
            ("returns nothing", no_return),
            ("not written", not_written),
            ("constant", lambda i, f: 0 * i),
            ("other numbers", lambda i, f: warp_by_scipy(i, f, order=3)),
        ],
    ),
    "disocclusion": (
        ex.check_disocclusion,
        [
            ("mask inverted", lambda b, f: ~disoccluded(b, f)),
            ("wrong grid", lambda b, f: same_grid(b, f)),
            ("wrong sign", lambda b, f: disoccluded(b, -f)),
            ("flows exchanged", lambda b, f: disoccluded(f, b)),
            ("no square", occlusion._unsquared),
            ("no ratio", lambda b, f: ((sk.warp(f, b) + b) ** 2).sum(-1) > 0.5),
            ("motion boundary", lambda b, f: sk.motion.motion_boundary(b)),
            ("all visible", lambda b, f: np.zeros(b.shape[:2], bool)),
            ("all hidden", lambda b, f: np.ones(b.shape[:2], bool)),
            ("wrong type", lambda b, f: disoccluded(b, f).astype(float)),
            ("wrong type", lambda b, f: sk.consistency_mask(b, f)),
            ("wrong shape", lambda b, f: (sk.warp(f, b) + b) ** 2 > 0.5),
            ("one direction only", lambda b, f: occlusion._x_alone(b, f)),
            ("returns nothing", no_return),
            ("raises", lambda b, f: disoccluded(b, f[0])),
            ("not written", not_written),
        ],
    ),
    "warm_start": (
        ex.check_warm_start,
        [
            ("mask inverted", lambda p, f, c, n: start(p, f, 1 - c, n)),
            ("no mask", lambda p, f, c, n: sk.warp(p, f)),
            ("nothing carried", lambda p, f, c, n: n),
            ("not carried along", lambda p, f, c, n: start(p, 0 * f, c, n)),
            ("wrong sign", lambda p, f, c, n: start(p, -f, c, n)),
            ("mask made binary", lambda p, f, c, n: start(p, f, np.float32(c > 0.5), n)),
            (
                "mask made binary",
                lambda p, f, c, n: np.where(c[..., None] > 0, sk.warp(p, f), n),
            ),
            ("black where unknown", lambda p, f, c, n: c[..., None] * sk.warp(p, f)),
            ("shares above one", lambda p, f, c, n: c[..., None] * sk.warp(p, f) + n),
            ("carried too late", lambda p, f, c, n: sk.warp(start(p, 0 * f, c, n), f)),
            ("mask carried along", lambda p, f, c, n: start(p, f, sk.warp(c, f), n)),
            ("raises", lambda p, f, c, n: c * sk.warp(p, f) + (1 - c) * n),
            ("changes its input", changes_start),
            ("wrong type", lambda p, f, c, n: np.uint8(255 * start(p, f, c, n))),
            ("returns nothing", no_return),
            ("not written", not_written),
        ],
    ),
    "chain": (
        ex.check_chain,
        [
            ("wrong grid", lambda one, two: one + two),
            ("exchanged", lambda one, two: two + sk.warp(one, two)),
            ("exchanged", lambda one, two: one + sk.warp(one, two)),
            ("wrong flow carried", lambda one, two: sk.warp(one, one) + two),
            ("wrong flow carried", lambda one, two: sk.warp(one + two, one)),
            ("wrong flow carried", lambda one, two: one + sk.warp(two, two)),
            ("first way missing", lambda one, two: sk.warp(two, one)),
            ("first way missing", lambda one, two: two),
            ("second way missing", lambda one, two: one),
            ("wrong side", lambda one, two: one + sk.warp(two, -one)),
            ("subtracted", lambda one, two: one - sk.warp(two, one)),
            ("wrong sign", lambda one, two: -one - sk.warp(two, one)),
            ("averaged", lambda one, two: (one + sk.warp(two, one)) / 2),
            ("axes exchanged", lambda one, two: one + sk.warp(two, one[..., ::-1].copy())),
            ("nearest", lambda one, two: one + fetch(two, one, nearest=True)),
            ("wrong type", lambda one, two: (one + sk.warp(two, one)).astype(int)),
            ("wrong shape", lambda one, two: (one + sk.warp(two, one))[..., 0]),
            ("constant", lambda one, two: 0 * one),
            ("other numbers", lambda one, two: one * two),
            ("changes its input", chained_in_place),
            ("raises", lambda one, two: one + two[one]),
            ("returns nothing", no_return),
            ("not written", not_written),
        ],
    ),
    "patches": (
        ex.check_nearest_patches,
        [
            ("most unlike", lambda wanted, known: distances(wanted, known).argmax(1)),
            ("other way round", lambda wanted, known: distances(wanted, known).argmin(0)),
            ("other way round", lambda wanted, known: distances(known, wanted).argmin(1)),
            ("absolute", lambda wanted, known: cdist(wanted, known, "cityblock").argmin(1)),
            ("no square", lambda wanted, known: (wanted[:, None] - known).sum(2).argmin(1)),
            ("no square", lambda wanted, known: (known - wanted[:, None]).sum(2).argmin(1)),
            (
                "means compared",
                lambda wanted, known: abs(wanted.mean(1)[:, None] - known.mean(1)).argmin(1),
            ),
            ("product", lambda wanted, known: (wanted @ known.T).argmax(1)),
            ("brightness ignored", lambda wanted, known: cdist(wanted, known, "cosine").argmin(1)),
            (
                "brightness ignored",
                lambda wanted, known: cdist(wanted, known, "correlation").argmin(1),
            ),
            ("one value", lambda wanted, known: abs(wanted[:, :1] - known[:, 0]).argmin(1)),
            ("distance", lambda wanted, known: distances(wanted, known).min(1)),
            ("distance", lambda wanted, known: cdist(wanted, known).min(1)),
            ("one for each pair", distances),
            ("one for each pair", cdist),
            ("one for each pair", lambda wanted, known: distances(wanted, known).argsort(1)),
            ("patches themselves", lambda wanted, known: known[distances(wanted, known).argmin(1)]),
            ("one for all", lambda wanted, known: np.argmin(distances(wanted, known))),
            ("counted from one", lambda wanted, known: distances(wanted, known).argmin(1) + 1),
            ("second best", lambda wanted, known: distances(wanted, known).argsort(1)[:, 1]),
            ("not sought", lambda wanted, known: np.arange(len(wanted))),
            ("wrong type", lambda wanted, known: distances(wanted, known).argmin(1).astype(float)),
            ("constant", lambda wanted, known: np.zeros(len(wanted), int)),
            ("wrong shape", lambda wanted, known: np.zeros(3, int)),
            ("raises", lambda wanted, known: ((wanted - known) ** 2).sum(1).argmin()),
            ("changes its input", nearest_in_place),
            ("returns nothing", no_return),
            ("not written", not_written),
        ],
    ),
}


def gram(F: Any) -> Any:
    return flat(F).T @ flat(F) / len(flat(F))


def same_grid(backward: Any, forward: Any) -> Any:
    length = (backward**2).sum(-1) + (forward**2).sum(-1)
    return ((backward + forward) ** 2).sum(-1) > 0.01 * length + 0.5


@pytest.mark.parametrize(
    ("check", "diagnosis", "answer"),
    [
        pytest.param(check, diagnosis, answer, id=f"{name}-{number}-{diagnosis}")
        for name, (check, wrong) in WRONG.items()
        for number, (diagnosis, answer) in enumerate(wrong)
    ],
)
def test_wrong_answers_get_their_diagnosis(check: Any, diagnosis: str, answer: Any) -> None:
    for seed in SEEDS:
        result = check(answer, seed=seed)
        assert not result
        assert result.diagnosis == diagnosis, result.words
        assert repr(result).startswith("Not yet: ") and result.words.endswith((".", "?", ")"))


def test_each_exercise_was_tried_with_many_kinds_of_wrong_answers() -> None:
    for name, (_, wrong) in WRONG.items():
        assert len({diagnosis for diagnosis, _ in wrong}) >= 8, name


EXERCISES = [
    features._CONTENT,
    features._GRAM,
    features._SHUFFLED,
    temporal._TEMPORAL,
    warping._WARP,
    occlusion._DISOCCLUSION,
    warping._WARM_START,
    chaining._CHAIN,
    patches._NEAREST,
]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_each_known_mistake_is_found_and_differs_from_the_right_answer(exercise: Any) -> None:
    """For each seed: otherwise a mistake would pass by chance, or be taken for another one."""
    for mistake in exercise.mistakes:

        def student(*given: Any, mistake: Any = mistake) -> Any:
            answer = np.asarray(mistake.compute(*(np.float64(array) for array in given)))
            return answer.astype(bool) if exercise.boolean else answer

        for seed in SEEDS:
            result = answers.check_answer(exercise, student, seed)
            assert not result and result.diagnosis == mistake.name, result.words


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_an_answer_that_was_seen_once_does_not_pass_again(exercise: Any) -> None:
    """Inputs differ from call to call unless a seed is given."""
    seen: list[Any] = []

    def remembers(*given: Any) -> Any:
        seen.append(exercise.solve(*(np.float64(array) for array in given)))
        return seen[-1]

    assert answers.check_answer(exercise, remembers, None)
    replay = iter(list(seen))
    assert not answers.check_answer(exercise, lambda *_: next(replay), None)


def test_hints_are_there_in_three_levels_and_grow() -> None:
    for name in ex.HINTS:
        levels = [ex.hint(name, level) for level in (1, 2, 3)]
        assert len(set(levels)) == 3 and all(len(text) > 40 for text in levels)
    assert repr(ex.hint("gram")) == str(ex.hint("gram", 1))
    with pytest.raises(sk.errors.SettingsError, match=r"^exercise: must be one of content, gram"):
        ex.hint("grams")
    with pytest.raises(sk.errors.SettingsError, match=r"^level: must be 1, 2 or 3"):
        ex.hint("gram", 4)
    assert ex.check_gram(lambda F: F).hint(2) == ex.hint("gram", 2)


def test_a_result_shows_itself_in_words_and_with_a_picture() -> None:
    result = ex.check_warp(lambda image, flow: sk.warp(image, -flow), seed=1)
    page = result._repr_html_()
    assert "Not yet" in page and "data:image/png;base64," in page and 'alt="image' in page
    right = ex.check_warp(sk.warp, seed=1)._repr_html_()
    assert "Right" in right and "<img" not in right

    def raises(F: Any) -> Any:
        raise ValueError("<b>bold</b>")

    page = ex.check_gram(raises)._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;" in page and "line 2 of raises" not in page
    assert "of raises" in page
