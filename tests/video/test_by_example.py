"""Patches of a painted frame: exact where the truth is known, and the same for any threads."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stylekit.arrays import Image, Mask, from_bytes, to_bytes
from stylekit.errors import SettingsError
from stylekit.motion.flow import FlowPair, Interpolation, warp
from stylekit.scenes import Scene, make_scene
from stylekit.settings import PatchSettings
from stylekit.video.by_example import ByExample, Synthesized
from stylekit.video.keyframe import Keyframe

SIZE = 64
QUICK = PatchSettings(levels=2, iterations=2, sweeps=3)


@cache
def scene_of(name: str, frames: int = 2, stride: int = 1) -> Scene:
    return make_scene(name, frames=frames, size=SIZE, stride=stride)


def texture(height: int, width: int, seed: int = 0) -> Image:
    """Noise after a small blur: no two patches of it are alike."""
    noise = np.random.default_rng(seed).random((height + 2, width + 2, 3), np.float32)
    rows = noise[:-2] + noise[1:-1] + noise[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, np.float32)


def painted(frame: Image) -> Image:
    """A painting that has more than the frame shows: its colours turned, and strokes over it."""
    strokes = 0.3 * texture(*frame.shape[:2], seed=5)
    return from_bytes(to_bytes(np.clip(0.6 * frame[..., ::-1] + strokes, 0, 1)))


def constant_pair(height: int, width: int, dx: float, dy: float) -> FlowPair:
    flow = np.full((height, width, 2), (dx, dy), np.float32)
    return FlowPair(flow, -flow)


def shifted_clip(dx: int) -> tuple[list[Image], FlowPair]:
    """A camera that moves by whole pixels, so that the picture moves by `dx`."""
    wide = texture(48, SIZE + dx)
    return [wide[:, dx:].copy(), wide[:, :SIZE].copy()], constant_pair(48, SIZE, dx, 0)


def carry(
    clip: list[Image] | tuple[Image, ...],
    flows: list[FlowPair],
    image: Image,
    *,
    mask: Mask | None = None,
    settings: PatchSettings = QUICK,
    threads: int = 1,
) -> Synthesized:
    """The second frame of a clip, its first one being painted."""
    key = Keyframe(frame_index=0, image=image, mask=mask)
    return ByExample(clip, key, flows, settings, threads=threads).frame(1, image)


def test_the_keyframe_itself_is_the_painting() -> None:
    clip, pair = shifted_clip(6)
    painting = painted(clip[1])
    method = ByExample(clip, Keyframe(frame_index=1, image=painting), [pair], QUICK)
    found = method.frame(1, None)
    assert np.array_equal(found.image, painting)
    assert not found.error.any()


def test_a_frame_like_the_keyframe_gets_its_painting_back() -> None:
    frame = texture(48, SIZE)
    painting = painted(frame)
    found = carry([frame, frame], [constant_pair(48, SIZE, 0, 0)], painting)
    assert np.abs(found.image - painting).max() < 1e-6
    assert found.error.max() < 1e-9


@pytest.mark.parametrize("backwards", [False, True])
def test_motion_by_whole_pixels_carries_the_painting_exactly(backwards: bool) -> None:
    clip, pair = shifted_clip(6)
    painting = painted(clip[int(backwards)])
    key = Keyframe(frame_index=int(backwards), image=painting)
    image = ByExample(clip, key, [pair], QUICK).frame(1 - backwards, painting).image
    # Two pixels at the border are left out, where estimated flow cannot be compared.
    here, there = (np.s_[2:-2, 8:-2], np.s_[2:-2, 2:-8])
    if backwards:
        here, there = there, here
    assert np.abs(image[here] - painting[there]).mean() < 2e-3
    # What came into sight is painted, with colours of the painting.
    new = image[:, -6:] if backwards else image[:, :6]
    wanted = painted(clip[1 - backwards])
    wanted = wanted[:, -6:] if backwards else wanted[:, :6]
    assert np.abs(new.mean(axis=(0, 1)) - wanted.mean(axis=(0, 1))).max() < 0.05
    bare = clip[1 - backwards][:, -6:] if backwards else clip[1][:, :6]
    assert np.abs(new - bare).mean() > np.abs(new.mean(axis=(0, 1)) - wanted).mean() / 2


def test_the_painting_is_nearer_to_exact_truth_than_by_warping_and_stays_sharp() -> None:
    """After twelve frames, along estimated flow, which both use."""
    scene = make_scene("drift", frames=7, size=96, stride=2)
    truth = make_scene("drift", frames=2, size=96, stride=12).backward[0]
    painting = painted(scene.frames[0])
    flows = [scene.flow_pair(index, method="dis") for index in range(6)]
    method = ByExample(scene.frames, Keyframe(frame_index=0, image=painting), flows, QUICK)
    warped = image = painting
    for index, pair in enumerate(flows, 1):
        warped = warp(warped, pair.backward_flow)
        image = from_bytes(to_bytes(method.frame(index, image).image))
    exact = warp(painting, truth.flow, interpolation=Interpolation.LANCZOS)
    errors = [
        float(np.sqrt(((picture - exact)[truth.visible] ** 2).mean()))
        for picture in (image, warped)
    ]
    assert errors[0] < 0.75 * errors[1]

    def detail(picture: Image) -> float:
        return float((np.diff(picture, axis=1)[:, :-1][truth.visible[:, 2:]] ** 2).mean())

    assert detail(image) > 0.9 * detail(exact)
    assert detail(warped) < 0.9 * detail(exact)


def test_the_result_repeats_and_does_not_depend_on_the_threads() -> None:
    scene = scene_of("crossing", frames=2, stride=4)
    painting = painted(scene.frames[0])
    flows = [scene.flow_pair(0, method="dis")]
    pictures = [carry(scene.frames, flows, painting, threads=threads) for threads in (1, 2, 3, 1)]
    for other in pictures[1:]:
        for name in ("image", "error", "coverage"):
            assert getattr(other, name).tobytes() == getattr(pictures[0], name).tobytes()


def test_another_seed_is_another_search() -> None:
    scene = scene_of("crossing", frames=2, stride=4)
    painting = painted(scene.frames[0])
    flows = [scene.flow_pair(0, method="dis")]
    one, other = (
        carry(scene.frames, flows, painting, settings=PatchSettings(iterations=2, seed=seed))
        for seed in (0, 1)
    )
    assert not np.array_equal(one.image, other.image)


def test_what_the_mask_leaves_out_is_never_copied() -> None:
    """The painting is a warning colour there, of which no trace may be found."""
    scene = scene_of("crossing", frames=2, stride=4)
    frame = scene.frames[0] * np.float32([1, 1, 0])
    clip = [frame, scene.frames[1] * np.float32([1, 1, 0])]
    mask = np.zeros(frame.shape[:2], np.float32)
    mask[:, :36] = 1.0
    painting = np.full_like(frame, (0.0, 0.0, 1.0))
    painting[mask == 1] = painted(frame)[mask == 1] * np.float32([1, 1, 0])
    found = carry(clip, [scene.flow_pair(0, method="dis")], painting, mask=mask)
    assert found.image[..., 2].max() < 1e-6
    inside, outside = found.coverage > 0.999, found.coverage < 0.001
    assert inside.mean() > 0.2 and outside.mean() > 0.2
    # Where nothing is painted, the frame is as the clip shows it.
    assert np.abs(found.image[outside] - clip[1][outside]).max() < 2e-3


def test_a_keyframe_that_does_not_fit_is_refused() -> None:
    clip, pair = shifted_clip(6)
    with pytest.raises(SettingsError, match="frame 7"):
        ByExample(clip, Keyframe(frame_index=7, image=clip[0]), [pair])
    small = Keyframe(frame_index=0, image=clip[0][:20])
    with pytest.raises(SettingsError, match="resize"):
        ByExample(clip, small, [pair])
    method = ByExample(clip, Keyframe(frame_index=0, image=clip[0]), [pair])
    with pytest.raises(ValueError, match="previous"):
        method.frame(1, clip[0][:20])


def test_an_even_patch_is_refused() -> None:
    with pytest.raises(SettingsError, match="odd"):
        PatchSettings(patch=4)
