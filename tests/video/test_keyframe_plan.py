"""Which frames are painted from which keyframes."""

from __future__ import annotations

import pytest

from stylekit.errors import SettingsError
from stylekit.video.keyframe_plan import check_distance, plan_keyframes


def told(*arguments):
    return [(s.frames, s.earlier, s.later) for s in plan_keyframes(*arguments)]


def test_one_key_paints_both_ways_to_the_ends_of_its_shot():
    assert told([0], set(), 5, [2]) == [((0, 1), None, 2), ((3, 4), 2, None)]


def test_frames_between_two_keys_come_from_both():
    assert told([0], set(), 6, [0, 4]) == [((1, 2, 3), 0, 4), ((5,), 4, None)]


def test_a_flash_comes_from_the_nearest_key_and_does_not_end_the_shot():
    plan = plan_keyframes([0], {2}, 5, [0])
    assert [(s.frames, s.shot) for s in plan] == [((1, 3, 4), (0, 1, 3, 4)), ((2,), (0, 2))]


def test_a_shot_without_a_key_is_named():
    with pytest.raises(SettingsError, match="from frame 3 to 5 is painted"):
        plan_keyframes([0, 3], set(), 6, [0])


def test_every_frame_is_painted_once():
    shots, flashes, keys = [0, 7, 12], {3, 9}, [2, 5, 8, 13]
    plan = plan_keyframes(shots, flashes, 16, keys)
    frames = [index for stretch in plan for index in stretch.frames]
    assert sorted([*frames, *keys]) == list(range(16))


def test_a_frame_too_far_from_its_keyframe_is_named():
    plan = plan_keyframes([0], set(), 1001, [0])
    check_distance(plan, 256 * 192)
    with pytest.raises(SettingsError, match="frame 1000 is 1000 frames from keyframe 0"):
        check_distance(plan, 512 * 384)
