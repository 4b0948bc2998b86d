"""What the network sees: steady frames, blobs, and the painting carried to each frame."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.arrays import Flow, Image
from stylekit.motion.flow import FlowPair, flow_between, warp
from stylekit.scenes import make_scene
from stylekit.settings import NetworkSettings
from stylekit.video.blobs import Blobs
from stylekit.video.keyframe import Keyframe
from stylekit.video.network_guides import GuideMaker
from stylekit.video.steady_input import steady_frame
from stylekit.video.training_views import draw_patches, painted_frame

SHAPE = (48, 64)
STILL = FlowPair(*np.zeros((2, *SHAPE, 2), np.float32))


def uniform(dx: float, dy: float) -> Flow:
    return np.full((*SHAPE, 2), (dx, dy), np.float32)


def texture(seed: int = 0) -> Image:
    coarse = np.random.default_rng(seed).random((12, 16, 3), np.float32)
    return 0.2 + 0.6 * np.ascontiguousarray(coarse.repeat(4, 0).repeat(4, 1))


def test_a_still_clip_is_not_filtered() -> None:
    clip = [texture()] * 5
    for frame_index in range(5):
        filtered = steady_frame(clip, frame_index, lambda _: STILL)
        np.testing.assert_allclose(filtered, clip[0], atol=1e-6)


@pytest.mark.parametrize("reach", [1, 2, 4])
def test_the_mean_of_n_frames_has_the_noise_of_one_divided_by_the_root_of_n(reach: int) -> None:
    random = np.random.default_rng(0)
    noise = 0.005 * random.standard_normal((9, *SHAPE, 3)).astype(np.float32)
    clip = list(texture() + noise)
    filtered = steady_frame(clip, 4, lambda _: STILL, reach=reach)
    left = (filtered - texture()).std() / noise[4].std()
    # The deviation of 9216 samples is known to 1 %; and weights are not quite equal.
    assert left == pytest.approx((2 * reach + 1) ** -0.5, rel=0.05)


def test_frames_are_averaged_along_the_motion() -> None:
    """Noise falls in a clip that moves, too, and edges stay where they are."""
    random = np.random.default_rng(0)
    clean = [np.roll(texture(), 3 * index, axis=1) for index in range(5)]
    noise = 0.005 * random.standard_normal((5, *SHAPE, 3)).astype(np.float32)
    clip = [frame + own for frame, own in zip(clean, noise, strict=True)]
    flow = FlowPair(uniform(3, 0), uniform(-3, 0))
    filtered = steady_frame(clip, 2, lambda _: flow)
    inner = np.s_[:, 8:-8]
    assert (filtered - clean[2])[inner].std() < 0.55 * noise[2][inner].std()


def test_what_looks_different_is_left_out() -> None:
    clip = [texture(0), texture(1), texture(2)]
    filtered = steady_frame(clip, 1, lambda _: STILL)
    assert np.abs(filtered - clip[1]).mean() < 0.25 * np.abs(clip[0] - clip[1]).mean()


def test_blobs_follow_a_translation_exactly() -> None:
    blobs = Blobs((128, 96), seed=1)
    before, image = blobs.points.copy(), blobs.image()
    motion = np.full((96, 128, 2), (4.0, 2.0), np.float32)
    blobs.advance(FlowPair(motion, -motion))
    # A blob belongs to the pixel that it is nearest to.
    inside = (np.rint(before) <= (123, 93)).all(axis=1)
    np.testing.assert_allclose(
        blobs.points[: inside.sum()], before[inside] + motion[0, 0], atol=1e-5
    )
    # Away from the borders, at which blobs leave and come in, the whole picture moves.
    moved = np.roll(image, (2, 4), axis=(0, 1))
    assert np.abs(blobs.image() - moved)[36:-36, 40:-40].max() < 1e-3
    assert np.ptp(image) > 0.5


def test_blobs_end_where_they_are_covered_and_begin_in_what_is_new() -> None:
    blobs = Blobs((64, 48), seed=0)
    count = len(blobs.points)
    for _ in range(30):
        blobs.advance(FlowPair(uniform(5, 0), uniform(-5, 0)))
        x, y = blobs.points.T
        assert (x > -0.5).all() and (x < 64).all() and (y > -0.5).all() and (y < 48).all()
        assert 0.5 * count < len(blobs.points) < 2 * count
    # Nothing flows back to where it came from: all is new.
    before = blobs.points.copy()
    blobs.advance(FlowPair(uniform(20, 0), uniform(20, 0)))
    assert not np.isin(before[:, 0] + 20, blobs.points[:, 0]).any()


def test_the_painting_is_carried_along_exact_flow() -> None:
    """Against the truth of a scene, where both frames show it; and all of a frame is filled."""
    scene = make_scene("tripod", frames=5, size=96)
    painting = np.ascontiguousarray(1 - scene.frames[0][..., ::-1])
    pairs = [flow_between(a, b) for a, b in zip(scene.frames, scene.frames[1:], strict=False)]
    maker = GuideMaker(
        scene.frames,
        [Keyframe(frame_index=0, image=painting)],
        pairs.__getitem__,
        NetworkSettings(steady=0),
    )
    guides = maker.guides(4)
    truth = make_scene("tripod", frames=2, size=96, stride=4).backward[0]
    error = np.abs(guides.carried - warp(painting, truth.flow))[truth.visible].mean()
    bare = np.abs(scene.frames[4] - warp(painting, truth.flow))[truth.visible].mean()
    assert error < 0.1 * bare
    assert guides.fits[truth.visible].mean() > 0.8
    # A later call gives the same, whatever was asked for in between.
    maker.guides(2)
    np.testing.assert_array_equal(maker.guides(4).carried, guides.carried)
    assert guides.inputs(NetworkSettings()).shape[2] == 10
    assert guides.inputs(NetworkSettings(carried=False, blobs=False)).shape[2] == 3


def test_between_two_keyframes_the_nearer_one_is_taken() -> None:
    clip = [texture()] * 9
    dark, light = np.full_like(texture(), 0.2), np.full_like(texture(), 0.8)
    keys = [Keyframe(frame_index=0, image=dark), Keyframe(frame_index=8, image=light)]
    maker = GuideMaker(clip, keys, lambda _: STILL, NetworkSettings(steady=0))
    means = [float(maker.guides(index).carried.mean()) for index in range(9)]
    assert means[0] == pytest.approx(0.2, abs=0.01)
    assert means[-1] == pytest.approx(0.8, abs=0.01)
    assert means == sorted(means)
    # And not in one frame.
    assert max(np.diff(means)) < 0.5


def test_patches_lie_where_the_painting_counts() -> None:
    mask = np.zeros(SHAPE, np.float32)
    mask[:20, :20] = 1
    key = Keyframe(frame_index=0, image=texture(1), mask=mask)
    random = np.random.default_rng(0)
    settings = NetworkSettings(patch=16, batch=30)
    painted = painted_frame(texture(0), texture(2), key, random)
    patches = draw_patches(painted, settings, random)
    assert patches.inputs.shape == (30, 16, 16, 10)
    assert patches.weights.shape == (30, 16, 16, 1)
    assert (patches.weights.max(axis=(1, 2, 3)) == 1).all()
    assert not patches.weights[patches.weights > 0].min() < 1
    outside = np.where(mask[..., np.newaxis] > 0, key.image, 0)
    other = Keyframe(frame_index=0, image=outside, mask=mask)
    random = np.random.default_rng(0)
    again = draw_patches(painted_frame(texture(0), texture(2), other, random), settings, random)
    counts = np.broadcast_to(patches.weights > 0, patches.targets.shape)
    np.testing.assert_array_equal(patches.targets[counts], again.targets[counts])


def test_a_deformed_painting_is_not_the_answer_itself() -> None:
    random = np.random.default_rng(0)
    key = Keyframe(frame_index=0, image=texture(1))
    painted = painted_frame(texture(0), texture(2), key, random)
    patches = draw_patches(painted, NetworkSettings(patch=16, batch=40), random)
    error = np.abs(patches.bases - patches.targets)
    assert 0.001 < error.mean() < 0.2
