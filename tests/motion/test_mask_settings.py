"""Which mask a clip's settings choose."""

from __future__ import annotations

import dataclasses

import numpy as np

from stylekit.motion.flow import FlowMethod
from stylekit.motion.masks import MaskMethod, consistency_mask, mask_of, robust_mask
from stylekit.scenes import make_scene
from stylekit.settings import VideoSettings

SCENE = make_scene("crossing", frames=2, size=128)
FLOW = SCENE.flow_pair(0, method=FlowMethod.DIS)
BOTH = FLOW.backward_flow, FLOW.forward_flow


def chosen(settings: VideoSettings) -> np.ndarray:
    return mask_of(FLOW, SCENE.frames[1], SCENE.frames[0], settings)


def test_settings_choose_the_mask_and_its_knobs() -> None:
    settings = VideoSettings(motion_boundary=False, dilate=1)
    expected = consistency_mask(*BOTH, boundary=False, dilate=1)
    assert np.array_equal(chosen(settings), expected)
    robust = dataclasses.replace(settings, mask=MaskMethod.ROBUST)
    frames = SCENE.frames[1], SCENE.frames[0]
    expected = robust_mask(*BOTH, *frames, boundary=False, dilate=1)
    assert np.array_equal(chosen(robust), expected)
    assert chosen(robust).mean() < chosen(settings).mean()
    assert not np.array_equal(chosen(settings), chosen(VideoSettings()))
