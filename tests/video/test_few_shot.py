"""The network that learns from keyframes: what it learns, keeps, and refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.errors import ResumeError, SettingsError
from stylekit.motion.flow import FlowPair
from stylekit.settings import NetworkSettings
from stylekit.video.few_shot import FewShot
from stylekit.video.few_shot_network import PaintingNetwork, Patches
from stylekit.video.keyframe import Keyframe

SMALL = {
    "patch": 16,
    "batch": 4,
    "width": 4,
    "blocks": 1,
    "vgg": 0.0,
    "seconds": 1e6,
    "steady": 0,
    "learning_rate": 3e-3,
}
STILL = FlowPair(*np.zeros((2, 36, 46, 2), np.float32))


def small(**changes: object) -> NetworkSettings:
    return NetworkSettings(**{**SMALL, **changes})


def picture(seed: int) -> Image:
    """Smooth random colours, in a size that no stride divides."""
    coarse = np.random.default_rng(seed).random((6, 8, 3), np.float32)
    return np.ascontiguousarray(coarse.repeat(6, 0).repeat(6, 1)[:, :46])


CLIP = [picture(0)] * 3
KEY = Keyframe(frame_index=0, image=picture(1))


def network(folder: Path | None = None, *, key: Keyframe = KEY, **changes: object) -> FewShot:
    return FewShot(CLIP, [key], [STILL, STILL], small(**changes), folder=folder)


def patches(targets: Image, weights: np.ndarray) -> Patches:
    coarse = np.random.default_rng(3).random((4, 4, 5), np.float32)
    inputs = np.broadcast_to(coarse.repeat(4, 0).repeat(4, 1), (*targets.shape[:3], 5))
    return Patches(np.array(inputs), np.full_like(targets, 0.5), targets, weights)


@pytest.mark.parametrize("extra", [{}, {"vgg": 0.05}, {"adversarial": 0.1}])
def test_it_learns_one_patch(extra: dict[str, float]) -> None:
    """All patches of the batch are one, of a single colour."""
    learner = PaintingNetwork(5, small(width=8, learning_rate=1e-2, **extra))
    targets = np.full((4, 16, 16, 3), (0.9, 0.2, 0.4), np.float32)
    example = patches(targets, np.ones((4, 16, 16, 1), np.float32))
    first = learner.learn(example)
    for _ in range(30):
        last = learner.learn(example)
    assert set(first) == {"l1", *extra}
    assert last["l1"] < 0.5 * first["l1"]
    assert all(last[name] < first[name] for name in extra if name == "vgg")


@pytest.mark.parametrize("vgg", [0.0, 1.0])
def test_pixels_outside_the_mask_never_count(vgg: float) -> None:
    """Neither in the loss nor in what is learned, also by features that look across the border."""
    random = np.random.default_rng(1)
    targets = random.random((4, 16, 16, 3), np.float32)
    weights = np.ones((4, 16, 16, 1), np.float32)
    weights[:, :, 7:] = 0
    others = np.where(weights > 0, targets, random.random(targets.shape, np.float32))
    states = []
    for own in (targets, others):
        learner = PaintingNetwork(5, small(vgg=vgg))
        losses = [learner.learn(patches(own, weights))["l1"] for _ in range(2)]
        states.append((losses, learner.state()))
    assert states[0][0] == pytest.approx(states[1][0], rel=1e-5)
    for name, array in states[0][1].items():
        np.testing.assert_allclose(array, states[1][1][name], atol=1e-5)
    blank = PaintingNetwork(5, small(vgg=vgg))
    before = blank.state()
    assert all(part == 0 for part in blank.learn(patches(targets, np.zeros_like(weights))).values())
    layers = {name: array for name, array in blank.state().items() if name.startswith("layer")}
    for name, array in layers.items():
        np.testing.assert_array_equal(array, before[name])


def test_before_the_first_step_it_paints_the_carried_painting() -> None:
    fresh = network()
    for frame_index in (0, 2):
        painted = fresh.paint(frame_index)
        assert painted.shape == CLIP[0].shape
        np.testing.assert_allclose(painted, KEY.image, atol=1 / 255)


def test_without_the_carried_painting_it_learns_what_to_paint() -> None:
    """The paper's network: from the frame and the blobs alone, by overfitting one tiny frame."""
    learner = network(carried=False, steps=100, width=8)
    before = np.abs(learner.paint(0) - KEY.image).mean()
    for _ in learner.steps():
        pass
    assert np.abs(learner.paint(0) - KEY.image).mean() < 0.6 * before


def test_an_area_without_painting_teaches_nothing() -> None:
    """A keyframe's mask: two paintings that differ outside it give the same network."""
    mask = np.zeros(CLIP[0].shape[:2], np.float32)
    mask[:, :20] = 1
    other = np.where(mask[..., np.newaxis] > 0, KEY.image, 1 - KEY.image)
    states = []
    for image in (KEY.image, other):
        learner = network(
            key=Keyframe(frame_index=0, image=image, mask=mask), carried=False, steps=3
        )
        list(learner.steps())
        states.append(learner._network.state())
    for name, array in states[0].items():
        np.testing.assert_allclose(array, states[1][name], atol=1e-5)


def test_a_break_pauses_and_the_steps_are_counted_on() -> None:
    learner = network(steps=5)
    assert [step.step_index for step in islice(learner.steps(), 2)] == [0, 1]
    assert [step.step_index for step in learner.steps()] == [2, 3, 4]
    assert learner.done
    assert list(learner.steps()) == []


def test_the_seconds_of_the_settings_end_it() -> None:
    learner = network(seconds=0.01)
    steps = list(learner.steps())
    assert steps[-1].seconds >= 0.01
    assert all(step.seconds < 0.01 for step in steps[:-1])


def test_the_same_seed_gives_the_same_network() -> None:
    learners = [network(steps=4), network(steps=4), network(steps=4, seed=1)]
    for learner in learners:
        list(learner.steps())
    first, same, other = (learner.paint(2) for learner in learners)
    np.testing.assert_allclose(first, same, atol=1e-5)
    assert np.abs(first - other).max() > 1e-4


def test_it_goes_on_from_the_checkpoint(tmp_path: Path) -> None:
    whole = network(steps=6)
    list(whole.steps())
    begun = network(tmp_path, steps=6)
    list(islice(begun.steps(), 3))
    again = network(tmp_path, steps=6)
    for name, array in begun._network.state().items():
        np.testing.assert_array_equal(again._network.state()[name], array)
    assert again.seconds == begun.seconds
    assert [step.step_index for step in again.steps()] == [3, 4, 5]
    np.testing.assert_allclose(again.paint(1), whole.paint(1), atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["network.npz"]


def test_more_steps_may_be_asked_for_later(tmp_path: Path) -> None:
    list(network(tmp_path, steps=2).steps())
    assert [step.step_index for step in network(tmp_path, steps=3).steps()] == [2]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"key": Keyframe(frame_index=0, image=picture(2))}, "keys"),
        ({"width": 8}, "width"),
        ({"seed": 1}, "seed"),
    ],
)
def test_the_network_of_other_inputs_is_refused(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    list(network(tmp_path, steps=1).steps())
    with pytest.raises(ResumeError, match=rf"with other inputs or settings \({named}\)"):
        network(tmp_path, steps=2, **changes)


@pytest.mark.parametrize("damage", [b"", b"no archive", "half"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: bytes | str) -> None:
    list(network(tmp_path, steps=1).steps())
    file = tmp_path / "network.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if isinstance(damage, str) else damage)
    with pytest.raises(ResumeError, match=r"network.npz: is damaged"):
        network(tmp_path)


def test_a_frame_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError, match="no frame 3"):
        network().paint(3)
    with pytest.raises(SettingsError, match="there is no frame 5"):
        network(key=Keyframe(frame_index=5, image=picture(1)))
    with pytest.raises(SettingsError, match="patch: must be a multiple of 4"):
        NetworkSettings(patch=30)


@pytest.mark.slow
def test_a_killed_process_goes_on_from_the_last_checkpoint(tmp_path: Path) -> None:
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_few_shot import network; from pathlib import Path\n"
        "learner = network(Path(sys.argv[2]), steps=10**6)\n"
        "for step in learner.steps():\n"
        "    if step.step_index % 5 == 4:\n"
        "        learner.save(); print(json.dumps(step.step_index), flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout is not None
    said = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.send_signal(signal.SIGKILL) if os.name == "posix" else process.kill()
    process.wait()
    process.stdout.close()
    again = network(tmp_path, steps=10**6)
    assert again.step_count >= said[-1] + 1
    assert again.step_count % 5 == 0
