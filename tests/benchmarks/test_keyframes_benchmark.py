"""The benchmark of keyframes: what it compares with is the truth, and plain warping is plain."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from stylekit.motion.flow import FlowPair, Interpolation, warp
from stylekit.scenes import make_scene

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import keyframes


def test_the_painting_carried_by_the_exact_flow_has_no_error() -> None:
    scene = make_scene("drift", frames=3, size=48)
    painting = 1 - scene.frames[0]
    truth = make_scene("drift", frames=2, size=48, stride=2).backward[0]
    exact = warp(painting, truth.flow, interpolation=Interpolation.LANCZOS)
    assert keyframes.exact_error(scene, painting, exact) == 0
    # What the first frame does not show is not compared.
    exact[~truth.visible] = 0.5
    assert keyframes.exact_error(scene, painting, exact) == 0
    assert keyframes.exact_error(scene, painting, painting) > 0.01


def test_plain_warping_shows_the_content_where_nothing_can_be_carried() -> None:
    random = np.random.default_rng(0)
    clip = [random.random((32, 40, 3), np.float32) for _ in range(2)]
    painting = keyframes.rounded(random.random((32, 40, 3), np.float32))
    flow = np.zeros((32, 40, 2), np.float32)
    flow[..., 0] = 4
    (image,) = keyframes.plain_warping(clip, painting, [FlowPair(flow, -flow)])
    assert np.array_equal(image[:, :3], keyframes.rounded(clip[1])[:, :3])
    assert np.array_equal(image[:, 6:], painting[:, 2:-4])


def test_every_method_paints_all_frames_but_the_first() -> None:
    scene = make_scene("pan", frames=3, size=48)
    flows = [scene.flow_pair(index) for index in range(2)]
    for method in keyframes.METHODS.values():
        frames, found = keyframes.measure(scene, scene.frames[0], flows, method)
        assert [frame.shape for frame in frames] == [scene.frames[0].shape] * 3
        assert found.sharpness > 0 and found.seconds >= 0
        # Painted with itself, the clip comes out.
        assert found.error < 0.1
        assert found.flicker == pytest.approx(0, abs=0.1)
