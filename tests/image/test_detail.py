"""Sharpness: of a picture, and what a clip keeps of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stylekit.image.detail import sharpness, sharpness_kept
from stylekit.motion.flow import FlowPair

SHAPE = 20, 24


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((*SHAPE, 3), dtype=np.float32)


def moving_right(speed: float, columns: slice) -> FlowPair:
    """These columns move, of the frame on whose grid either flow is."""
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[:, columns, 0] = speed
    return FlowPair(forward_flow=flow, backward_flow=-flow)


def test_sharpness_is_the_mean_square_of_the_laplacian() -> None:
    x, y = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    ramp = np.repeat((x / 50 + y / 60)[..., None], 3, axis=2).astype(np.float32)
    assert sharpness(ramp) == pytest.approx(0, abs=1e-12)
    # A parabola has the same curvature everywhere: 2 a.
    bowl = np.repeat((0.001 * x**2)[..., None], 3, axis=2).astype(np.float32)
    assert sharpness(bowl) == pytest.approx(0.002**2, rel=1e-3)
    assert sharpness(0.5 * noise()) == pytest.approx(0.25 * sharpness(noise()), rel=1e-5)
    green = np.zeros_like(ramp)
    green[..., 1] = noise()[..., 0]
    grey = np.repeat(noise()[..., :1], 3, axis=2)
    assert sharpness(green) == pytest.approx(0.587**2 * sharpness(grey), rel=1e-4)


def test_sharpness_of_a_part_counts_its_pixels_alone() -> None:
    picture, left = noise(), np.zeros(SHAPE, bool)
    left[:, :8] = True
    flat = picture.copy()
    flat[:, 9:] = 0.5
    assert sharpness(flat, left) == pytest.approx(sharpness(picture, left), rel=1e-6)
    both = 7 * sharpness(picture, left) + 15 * sharpness(picture, ~left)
    assert both / 22 == pytest.approx(sharpness(picture), rel=1e-6)
    assert math.isnan(sharpness(picture, np.zeros(SHAPE, bool)))
    assert math.isnan(sharpness(picture[:2]))
    for where in (left[1:], left.astype(np.float32)):
        with pytest.raises(ValueError, match=r"^where: "):
            sharpness(picture, where)


def test_what_is_kept_is_measured_against_the_input_and_in_the_part_that_moves() -> None:
    content = [noise(), 0.5 * noise(1), 0.5 * noise(2)]
    flows = [moving_right(2, slice(0, 8))] * 2
    same = sharpness_kept(iter(content), iter(content), flows)
    assert (same.whole, same.moving) == (pytest.approx(1), pytest.approx(1))
    # In later frames the right side stays, and what moves has half the contrast.
    soft = [content[0], content[1].copy(), content[2].copy()]
    for frame in soft[1:]:
        frame[:, :9] *= 0.5
    kept = sharpness_kept(soft, content, flows)
    assert kept.moving == pytest.approx(0.25, rel=1e-5)
    assert 0.3 < kept.whole < 1


def test_where_nothing_moves_there_is_no_moving_part() -> None:
    content = [noise(seed) for seed in range(4)]
    still, moves = moving_right(0.05, slice(0, 8)), moving_right(1, slice(0, 8))
    assert math.isnan(sharpness_kept(content, content, [still] * 3).moving)
    assert math.isnan(sharpness_kept(content, content, [still, still, moves]).moving)
    # Something comes into sight in frame 2, which is then the first of those that are compared.
    soft = [content[0], content[1], content[2], 0.5 * content[3]]
    kept = sharpness_kept(soft, content, [still, moves, moves])
    assert kept.moving == pytest.approx(0.25, rel=1e-5)


def test_nothing_to_compare_is_nan_and_misfits_are_refused() -> None:
    content, flat = [noise(), noise(1)], [np.full((*SHAPE, 3), 0.5, np.float32)] * 2
    flow = moving_right(1, slice(0, 8))
    assert math.isnan(sharpness_kept(flat, content, [flow]).whole)
    assert math.isnan(sharpness_kept(content, flat, [flow]).whole)
    alone = sharpness_kept(content[:1], content[:1], [])
    assert math.isnan(alone.whole) and math.isnan(alone.moving)
    for frames, flows in ((content, []), (content[:1], [flow]), ([*content, noise()], [flow])):
        with pytest.raises(ValueError, match="same number"):
            sharpness_kept(frames, content, flows)
    with pytest.raises(ValueError, match=r"^content: "):
        sharpness_kept(content, [frame[1:] for frame in content], [flow])
    with pytest.raises(ValueError, match=r"^moves: "):
        sharpness_kept(content, content, [flow], moves=math.nan)
