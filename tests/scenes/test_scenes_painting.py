"""How a scene is painted: shapes, edges, interpolation, motion blur, and the built-in clips."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.media.clips import read_clip
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import (
    CLIP_SCENES,
    SCENES,
    Bars,
    Disc,
    Everywhere,
    Layer,
    Polygon,
    Trajectory,
    render_scene,
)
from stylekit.scenes.painting import paint, prepare
from stylekit.scenes.sampling import sample, shrink
from stylekit.scenes.truth import top_layer


@pytest.fixture
def picture() -> Image:
    """A small piece of a photograph, 20 rows of 30 pixels."""
    return SCENES["pan"](np.random.default_rng(0))[0].photograph[100:120, 200:230]


def test_edges_are_as_smooth_as_supersampling_makes_them() -> None:
    """A white disc on black: the sum of its pixels is its area, to a fraction of a pixel."""
    white, black = np.ones((2, 40, 40, 3), np.float32) * np.array([1, 0])[:, None, None, None]
    for offset in (0j, 0.3 + 0.4j):
        path = Trajectory(at=0.5 + 0.375j + offset / 40, width=1.0, pivot=20 + 20j)
        layers = [
            Layer(photograph=black.astype(np.float32), shape=Everywhere(), trajectory=path),
            Layer(photograph=white.astype(np.float32), shape=Disc(20 + 20j, 9.3), trajectory=path),
        ]
        frame = render_scene(layers, frames=1, size=40).frames[0]
        assert frame[..., 0].sum() == pytest.approx(math.pi * 9.3**2, rel=5e-3)
        grey = (frame[..., 0] > 0.01) & (frame[..., 0] < 0.99)
        assert 40 < grey.sum() < 3 * math.pi * 9.3


def test_bars_and_polygons_contain_what_they_should() -> None:
    points = np.array([0.5, 3.5, 10.5, -9.5]) + 7j
    np.testing.assert_array_equal(Bars(width=3, spacing=10).contains(points), [1, 0, 1, 1])
    arrow = Polygon(((0, 0), (10, 5), (0, 10), (4, 5)))
    inside = arrow.contains(np.array([5 + 5j, 2 + 5j, 1 + 1j, 9.9 + 5j, 11 + 5j, 1 + 9j]))
    np.testing.assert_array_equal(inside, [True, False, True, True, False, True])


def test_sampling_is_exact_on_pixels_and_on_straight_lines(picture: Image) -> None:
    y, x = np.mgrid[:20, :30]
    on_pixels = sample(picture, (x + 1j * y).ravel()).reshape(picture.shape)
    np.testing.assert_allclose(on_pixels, picture, atol=1e-6)
    ramp = np.repeat((0.01 * x + 0.02 * y)[..., None], 3, axis=2).astype(np.float32)
    between = sample(ramp, np.array([5.3 + 7.8j, 12.5 + 3.1j]))
    np.testing.assert_allclose(between[:, 0], [0.053 + 0.156, 0.125 + 0.062], atol=1e-6)


def test_beyond_its_border_a_photograph_is_mirrored(picture: Image) -> None:
    inside, outside = np.array([0.2 + 3j, 28.6 + 19j]), np.array([-1.2 + 3j, 30.4 + 20j])
    np.testing.assert_allclose(sample(picture, outside), sample(picture, inside), atol=1e-5)


def test_shrinking_leaves_nothing_to_alias() -> None:
    """Stripes finer than the new pixels become grey, and a flat picture stays as it is."""
    stripes = np.zeros((60, 90, 3), np.float32)
    stripes[:, ::2] = 1
    small = shrink(stripes, 0.3)
    assert small.shape == (18, 27, 3)
    assert np.abs(small[:, 3:-3] - 0.5).max() < 0.01
    np.testing.assert_allclose(shrink(np.full((60, 90, 3), 0.7, np.float32), 0.43), 0.7, atol=1e-6)


def test_motion_blur_smears_along_the_motion_and_is_centered() -> None:
    """A thin upright bar that moves to the right widens, stays in place and keeps its weight."""
    white = np.ones((40, 40, 3), np.float32)
    still = Trajectory(at=0.5 + 0.375j, width=1.0, pivot=20 + 20j)
    moving = Trajectory(at=0.5 + 0.375j, width=1.0, pivot=20 + 20j, velocity=0.2 + 0j)
    layers = [
        Layer(photograph=white * 0, shape=Everywhere(), trajectory=still),
        Layer(photograph=white, shape=Bars(width=2, spacing=40), trajectory=moving),
    ]
    x = np.arange(40)
    rows = [
        render_scene(layers, frames=2, size=40, motion_blur=blur).frames[1][15, :, 0]
        for blur in (0.0, 0.5)
    ]
    centers = [(row * x).sum() / row.sum() for row in rows]
    spreads = [
        np.sqrt((row * (x - c) ** 2).sum() / row.sum())
        for row, c in zip(rows, centers, strict=True)
    ]
    assert centers[0] == pytest.approx(centers[1], abs=0.05)
    assert rows[0].sum() == pytest.approx(rows[1].sum(), rel=0.02)
    assert spreads[1] > spreads[0] + 0.5


def test_a_swing_comes_back() -> None:
    motion = Trajectory(
        at=0j, width=1.0, pivot=0j, velocity=0.1 + 0j, spin=3.0, zoom=0.02, swing=12
    )
    start, half, full = (motion.placement(t, size=100, photograph_width=50) for t in (0, 6, 12))
    assert half.a == pytest.approx(start.a)
    assert full.b == pytest.approx(start.b)


@pytest.mark.parametrize("name", CLIP_SCENES)
def test_built_in_clips_are_their_scenes(name: str) -> None:
    """So that the exact flow of every built-in clip is at hand."""
    clip = read_clip(find_material(name, MaterialKind.CLIP))
    assert (clip.width, clip.height, len(clip), clip.fps) == (320, 240, 24, 24)
    brushes = [prepare(layer, 320, 24) for layer in SCENES[name](np.random.default_rng(0))]
    grid = np.arange(320) + 1j * np.arange(240)[:, None]
    for index in (0, 23):
        assert np.abs(clip[index] - paint(brushes, index, grid, 320)).mean() < 0.015


@pytest.mark.parametrize("name", CLIP_SCENES)
def test_no_mirrored_border_is_in_sight_in_a_clip(name: str) -> None:
    layers = SCENES[name](np.random.default_rng(0))
    grid = np.arange(320) + 1j * np.arange(240)[:, None]
    for time in range(24):
        placed = [layer.placement(time, 320) for layer in layers]
        top = top_layer(layers, placed, grid)
        for number, layer in enumerate(layers):
            seen = placed[number].inverse(grid[top == number])
            height, width = layer.photograph.shape[:2]
            assert -0.5 <= seen.real.min() <= seen.real.max() <= width - 0.5
            assert -0.5 <= seen.imag.min() <= seen.imag.max() <= height - 0.5
