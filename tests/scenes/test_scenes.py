"""Scenes tell the truth: their flow, masks and boundaries explain their frames."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from stylekit.arrays import BoolMask, Flow, Image, check_flow, check_image
from stylekit.errors import SettingsError
from stylekit.media.clips import read_clip
from stylekit.media.encode import write_clip
from stylekit.scenes import (
    SCENES,
    Disc,
    Everywhere,
    Layer,
    Polygon,
    Scene,
    Trajectory,
    make_scene,
    render_scene,
)

MIDDLE = complex(0.5, 0.375)


def texture(height: int = 120, width: int = 160) -> Image:
    """A smooth picture whose every place looks different."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(x / 7 + y / 11), np.cos(x / 9 - y / 8), np.sin(x * y / 900)]
    return (0.5 + 0.4 * np.stack(waves, axis=-1)).astype(np.float32)


def moved(shape: object = None, **motion: complex) -> Layer:
    """A layer of `texture` a frame and a half wide, in the middle."""
    placed = {"at": MIDDLE, "width": 1.5, "pivot": 79.5 + 59.5j} | motion
    return Layer(photograph=texture(), shape=shape or Everywhere(), trajectory=Trajectory(**placed))


def warped(picture: NDArray, flow: Flow) -> NDArray:
    """`picture` at p + flow(p), by cubic splines: not the renderer's own interpolation."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]]
    where = [y + flow[..., 1], x + flow[..., 0]]
    channels = picture.reshape(*picture.shape[:2], -1)
    sampled = [
        map_coordinates(channels[..., c], where, order=3, mode="nearest")
        for c in range(channels.shape[2])
    ]
    return np.stack(sampled, axis=-1)


def spread(mask: BoolMask, reach: int) -> BoolMask:
    """True within `reach` pixels of a True pixel."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(mask, reach), (2 * reach + 1, 2 * reach + 1)
    )
    return windows.any(axis=(2, 3))


@pytest.fixture(scope="module", params=list(SCENES))
def scene(request: pytest.FixtureRequest) -> Scene:
    return make_scene(request.param, frames=4, size=160)


def test_a_scene_has_the_promised_shapes(scene: Scene) -> None:
    assert len(scene.frames) == len(scene.layers) == 4
    assert len(scene.forward) == len(scene.backward) == 3
    for frame, layers in zip(scene.frames, scene.layers, strict=True):
        assert check_image(frame).shape == (120, 160, 3)
        assert layers.dtype == np.int32
        assert layers.shape == (120, 160)
    for truth in (*scene.forward, *scene.backward):
        check_flow(truth.flow, like=scene.frames[0])
        for mask in (truth.disocclusion, truth.out_of_frame, truth.motion_boundary):
            assert mask.dtype == bool
            assert mask.shape == (120, 160)
        assert not (truth.out_of_frame & ~truth.disocclusion).any()


def test_flow_explains_the_next_frame_where_it_is_visible(scene: Scene) -> None:
    """Warped frames agree but where they may not: at what is hidden, and beside mixed pixels."""
    for i, (earlier, later) in enumerate(pairwise(scene.frames)):
        for here, there, truth in (
            (later, earlier, scene.backward[i]),
            (earlier, later, scene.forward[i]),
        ):
            change = np.abs(warped(there, truth.flow) - here).mean(axis=-1)
            trusted = ~spread(truth.disocclusion | truth.motion_boundary, 4)
            still = np.abs(there - here).mean(axis=-1)
            assert trusted.mean() > (0.1 if scene.name == "bars" else 0.5)
            assert change[trusted].mean() < 0.005
            assert change[trusted].mean() < 0.3 * still[trusted].mean()


def test_hidden_pixels_are_not_explained_by_flow() -> None:
    scene = make_scene("fast", frames=3, size=160)
    for i, truth in enumerate(scene.backward):
        hidden = truth.disocclusion & ~truth.out_of_frame
        change = np.abs(warped(scene.frames[i], truth.flow) - scene.frames[i + 1]).mean(axis=-1)
        assert change[hidden].mean() > 0.1


def test_forward_and_backward_flow_are_inverse_where_visible(scene: Scene) -> None:
    for forward, backward in zip(scene.forward, scene.backward, strict=True):
        there_and_back = backward.flow + warped(forward.flow, backward.flow)
        inner = ~spread(backward.disocclusion | backward.motion_boundary, 6)
        assert np.abs(there_and_back[inner]).max() < 2e-3


def test_visible_pixels_find_their_own_layer(scene: Scene) -> None:
    """Where flow lands on whole pixels, the layer there is known without interpolation."""
    for i, truth in enumerate(scene.backward):
        near = np.rint(truth.flow).astype(int)
        y, x = np.mgrid[:120, :160]
        rows, columns = y + near[..., 1], x + near[..., 0]
        exact = np.abs(truth.flow - near).max(axis=-1) < 0.02
        visible = exact & ~truth.disocclusion
        found = scene.layers[i][rows.clip(0, 119), columns.clip(0, 159)]
        right = found[visible] == scene.layers[i + 1][visible]
        assert right.size == 0 or right.mean() > 0.99


def test_a_shift_gives_constant_flow() -> None:
    scene = render_scene([moved(velocity=0.02 - 0.01j)], frames=3, size=160)
    for forward, backward in zip(scene.forward_flow, scene.backward_flow, strict=True):
        np.testing.assert_allclose(forward, np.broadcast_to([3.2, -1.6], forward.shape), rtol=1e-5)
        np.testing.assert_array_equal(forward, -backward)


def test_a_layer_at_rest_has_no_flow_and_nothing_to_distrust() -> None:
    scene = render_scene([moved(), moved(Disc(79.5 + 59.5j, 30))], frames=2, size=160)
    for truth in (*scene.forward, *scene.backward):
        assert not truth.flow.any()
        assert not truth.disocclusion.any()
        assert not truth.motion_boundary.any()
    assert set(np.unique(scene.layers[0])) == {0, 1}
    np.testing.assert_array_equal(scene.frames[0], scene.frames[1])


def test_a_single_layer_uncovers_only_what_comes_into_the_frame() -> None:
    """The frame moves 3.2 pixels to the left over it, so four columns on the left are new."""
    scene = render_scene([moved(velocity=0.02 + 0j)], frames=2, size=160)
    expected = np.zeros((120, 160), bool)
    expected[:, :4] = True
    np.testing.assert_array_equal(scene.disocclusion[0], expected)
    np.testing.assert_array_equal(scene.out_of_frame[0], expected)
    np.testing.assert_array_equal(scene.forward[0].out_of_frame, expected[:, ::-1])
    assert not scene.motion_boundary[0].any()


def test_rotation_and_zoom_have_their_analytic_flow() -> None:
    layer = moved(spin=2.0, zoom=0.01)
    flow = render_scene([layer], frames=2, size=160).forward_flow[0]
    y, x = np.mgrid[:120, :160]
    from_pivot = (x - 79.5) + 1j * (y - 59.5)
    expected = from_pivot * (cmath.exp(complex(0.01, math.radians(2.0))) - 1)
    np.testing.assert_allclose(flow[..., 0], expected.real, atol=1e-5)
    np.testing.assert_allclose(flow[..., 1], expected.imag, atol=1e-5)


def test_a_moving_disc_uncovers_a_crescent_behind_it() -> None:
    """A disc of radius r moving by v ≪ r uncovers an area of about 2 r v, on its trailing side."""
    disc = moved(Disc(79.5 + 59.5j, 30), velocity=0.02 + 0j)
    scene = render_scene([moved(), disc], frames=2, size=320)
    uncovered = scene.disocclusion[0]
    radius, step = 30 * 1.5 * 320 / 160, 0.02 * 320
    assert uncovered.sum() == pytest.approx(2 * radius * step, rel=0.03)
    assert np.nonzero(uncovered)[1].max() < 160 + step
    np.testing.assert_array_equal(scene.layers[1][uncovered], 0)
    assert (scene.layers[0][uncovered] == 1).all()
    covered = scene.forward[0].disocclusion
    assert covered.sum() == pytest.approx(2 * radius * step, rel=0.03)
    assert np.nonzero(covered)[1].min() >= 160


def test_the_motion_boundary_is_both_sides_of_the_edge() -> None:
    square = Polygon(((40, 30), (110, 30), (110, 80), (40, 80)))
    scene = render_scene([moved(), moved(square, velocity=0.05j)], frames=2, size=160)
    for truth, layers in (
        (scene.backward[0], scene.layers[1]),
        (scene.forward[0], scene.layers[0]),
    ):
        beside = np.zeros(layers.shape, bool)
        inner = layers[1:-1, 1:-1]
        for other in (layers[:-2, 1:-1], layers[2:, 1:-1], layers[1:-1, :-2], layers[1:-1, 2:]):
            beside[1:-1, 1:-1] |= inner != other
        inside = np.s_[1:-1, 1:-1]
        np.testing.assert_array_equal(truth.motion_boundary[inside], beside[inside])
        assert set(layers[truth.motion_boundary]) == {0, 1}


def test_the_nearer_layer_is_never_hidden_by_the_farther() -> None:
    scene = make_scene("crossing", frames=12, size=160)
    for i, truth in enumerate(scene.backward):
        hidden = truth.disocclusion & ~truth.out_of_frame
        assert not (hidden & (scene.layers[i + 1] == 2)).any()


def test_seeds_repeat_and_differ() -> None:
    first, again, other = (
        make_scene("pan", frames=2, size=64, seed=seed, noise=0.02) for seed in (3, 3, 4)
    )
    for a, b in zip(first.frames, again.frames, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(first.frames[0] - other.frames[0]).max() > 0.1
    assert not np.array_equal(first.forward_flow[0], other.forward_flow[0])


def test_noise_has_its_deviation_and_leaves_the_truth_alone() -> None:
    clean = render_scene([moved(velocity=0.01 + 0j)], frames=2, size=160)
    noisy = render_scene([moved(velocity=0.01 + 0j)], frames=2, size=160, noise=0.02)
    grain = [a - b for a, b in zip(noisy.frames, clean.frames, strict=True)]
    assert np.std(grain[0]) == pytest.approx(0.02, rel=0.03)
    assert abs(np.corrcoef(grain[0].ravel(), grain[1].ravel())[0, 1]) < 0.02
    np.testing.assert_array_equal(noisy.forward_flow[0], clean.forward_flow[0])


@pytest.mark.parametrize("frames", [2, 30])
def test_motion_does_not_depend_on_the_length_of_the_clip(frames: int) -> None:
    scene = make_scene("zoom_rotation", frames=frames, size=64)
    reference = make_scene("zoom_rotation", frames=3, size=64)
    np.testing.assert_array_equal(scene.forward_flow[0], reference.forward_flow[0])


def test_flow_scales_with_the_size() -> None:
    small, large = (make_scene("pan", frames=2, size=size) for size in (128, 256))
    layers = large.layers[0][::2, ::2]
    same = small.layers[0] == layers
    ratio = large.forward_flow[0][::2, ::2][same] / small.forward_flow[0][same]
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-4)


def test_fast_is_fast_and_subtle_is_subtle() -> None:
    speeds = {
        name: np.hypot(*np.moveaxis(make_scene(name, frames=2, size=512).forward_flow[0], 2, 0))
        for name in ("fast", "subtle")
    }
    assert speeds["fast"].max() == pytest.approx(16, abs=0.2)
    assert speeds["subtle"].min() > 0.1
    assert speeds["subtle"].max() < 2


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("frames", 0),
        ("frames", 2.5),
        ("size", 4),
        ("seed", -1),
        ("noise", -0.1),
        ("motion_blur", 1.5),
        ("noise", math.nan),
    ],
)
def test_bad_knobs_are_named(knob: str, value: float) -> None:
    with pytest.raises(SettingsError, match=rf"^{knob}: must be .*from"):
        make_scene("pan", **{knob: value})


def test_an_unknown_scene_is_told_what_there_is() -> None:
    with pytest.raises(SettingsError, match=r"^scene: must be one of pan, .*is 'storm'"):
        make_scene("storm")


def test_odd_sizes_and_single_frames_work() -> None:
    scene = make_scene("bars", frames=1, size=101)
    assert scene.frames[0].shape == (76, 101, 3)
    assert scene.forward == scene.backward_flow == ()


def test_a_scene_can_be_written_as_a_clip(tmp_path: Path) -> None:
    scene = make_scene("pan", frames=3, size=64)
    path = tmp_path / "pan.mp4"
    write_clip(scene.frames, path, fps=Fraction(24))
    clip = read_clip(path)
    assert len(clip) == 3
    for written, frame in zip(clip, scene.frames, strict=True):
        assert np.abs(written - frame).mean() < 0.03
