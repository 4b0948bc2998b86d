"""Clips in several styles, by region, and with kept parts: the masks stay, what is shown moves."""

from __future__ import annotations

import numpy as np
import pytest
from short_runs import SETTINGS, built_in_style, changed, finished

from stylekit.arrays import Image, Mask, to_bytes
from stylekit.errors import ResumeError, SettingsError
from stylekit.explain.stored_run import open_run
from stylekit.image.guidance import Guidance
from stylekit.motion.flow import FlowPair
from stylekit.video.folder import describe_run, digest
from stylekit.video.run import FrameResult, VideoRun, stylize_video
from stylekit.video.still_parts import StillParts

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 3
WIDTH, HEIGHT = 8, 4


@pytest.fixture(scope="module")
def ink() -> Image:
    return built_in_style("ink")


@pytest.fixture(scope="module")
def keep(clip) -> Mask:
    """White in the middle third of the frames."""
    mask = np.zeros(clip[0].shape[:2], np.float32)
    mask[:, 16:32] = 1
    return mask


@pytest.fixture(scope="module")
def unbroken(clip, glass, ink, keep, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    stylize_video(clip, [glass, ink], folder, SETTINGS, style_weights=(2, 1), keep=keep)
    return folder


def still(*flow: float) -> FlowPair:
    """A flow that is the same everywhere, backwards by `flow` pixels."""
    backward = np.full((HEIGHT, WIDTH, 2), flow, np.float32)
    return FlowPair(-backward, backward)


# Where a frame may go on from the one before.


def half() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[:, :4] = 1
    return mask


def test_what_comes_out_of_a_kept_part_does_not_go_on(glass):
    parts = StillParts(Guidance.of(glass, keep=half()), (WIDTH, HEIGHT))
    trusted = np.ones((HEIGHT, WIDTH), np.float32)
    # To the right by 1½ pixels: the first is bare content, the second half of it.
    flow = still(-1.5, 0)
    np.testing.assert_allclose(parts.temporal_mask(flow, trusted)[0], [0] * 5 + [0.5, 1, 1])
    carried, known = parts.start_masks(flow, trusted)
    np.testing.assert_allclose(carried[0, 4:], [0, 0.5, 1, 1])
    np.testing.assert_array_equal(known[0], [1] * 4 + [0, 0, 1, 1])
    # What goes into it does no harm outside.
    np.testing.assert_array_equal(parts.temporal_mask(still(1.5, 0), trusted)[0], [0] * 4 + [1] * 4)


def test_what_comes_into_another_region_does_not_go_on(glass, ink):
    regions = [half(), 1 - half()]
    parts = StillParts(Guidance.of([glass, ink], regions=regions), (WIDTH, HEIGHT))
    trusted = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    np.testing.assert_array_equal(parts.temporal_mask(still(0, 0), trusted), trusted)
    for dx, changed_column in ((-1, 4), (1, 3)):
        expected = trusted[0].copy()
        expected[changed_column] = 0
        np.testing.assert_allclose(parts.temporal_mask(still(dx, 0), trusted)[0], expected)


def test_without_masks_the_flow_alone_decides(glass, ink):
    parts = StillParts(Guidance.of([glass, ink]), (WIDTH, HEIGHT))
    trusted = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    assert parts.temporal_mask(still(1, 0), trusted) is trusted
    assert parts.start_masks(still(1, 0), trusted) == (trusted, trusted)
    assert not parts.masks


# Runs.


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_the_same_bytes_and_kept_pixels_are_content(
    unbroken, clip, glass, ink, keep, tmp_path
):
    def begin() -> VideoRun:
        return VideoRun(
            clip, [glass, ink], tmp_path / "run", SETTINGS, style_weights=(2, 1), keep=keep
        )

    steps = begin().steps()
    # Inside the second frame if it takes steps, else after it.
    while (event := next(steps)).frame_index < 1:
        pass
    assert isinstance(event, FrameResult) or not event.step.step_index
    steps.close()
    run = begin()
    for frame in run.frames():
        kept = keep == 1
        shown = to_bytes(frame.image)
        np.testing.assert_array_equal(shown[kept], to_bytes(frame.content)[kept])
        assert np.abs(frame.image - frame.content)[~kept].mean() > 0.02
    assert finished(tmp_path / "run") == finished(unbroken)
    opened = open_run(unbroken, clip=clip, style=[glass, ink], keep=keep)
    assert opened.guidance.weights == (2, 1)
    assert not opened.pulls(1).temporal[keep == 1].any()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"style_weights": (1, 2)}, "style_weights"),
        ({"keep": None}, "keep.sha256"),
        ({"keep": "moved"}, "keep.sha256"),
        ({"regions": "two"}, "regions"),
    ],
)
def test_other_weights_or_masks_are_another_run(changes, words, unbroken, clip, glass, ink, keep):
    masks = {"moved": np.roll(keep, 1, axis=1), "two": [keep, 1 - keep]}
    given = {"style_weights": (2, 1), "keep": keep} | changes
    given = {
        name: masks.get(value, value) if isinstance(value, str) else value
        for name, value in given.items()
    }
    with pytest.raises(ResumeError, match=rf"holds a run with other settings: {words} \("):
        VideoRun(clip, [glass, ink], unbroken, SETTINGS, **given)


def test_a_run_in_one_style_is_described_as_ever(clip, glass):
    told = describe_run(clip, [glass], SETTINGS)
    assert told == describe_run(clip, glass, SETTINGS)
    assert told["style"] == {"sha256": digest(glass)}
    assert not {"styles", "style_weights", "regions", "keep"} & told.keys()


@pytest.mark.slow
def test_a_stored_run_refuses_other_styles_and_masks(unbroken, clip, glass, ink, keep):
    with pytest.raises(ResumeError, match=r"^style: the run run was painted with 2, not 1"):
        open_run(unbroken, clip=clip, style=glass, keep=keep)
    with pytest.raises(ResumeError, match=r"^style: is not the style"):
        open_run(unbroken, clip=clip, style=[ink, glass], keep=keep)
    with pytest.raises(ResumeError, match=r"^keep: is not the keep"):
        open_run(unbroken, clip=clip, style=[glass, ink], keep=1 - keep)
    with pytest.raises(ResumeError, match=r"^run: does not say where its keep was; give keep="):
        open_run(unbroken, clip=clip, style=[glass, ink])


def test_masks_that_do_not_fit_are_refused_before_a_folder_is_made(clip, glass, keep, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(SettingsError, match=r"^keep: has 36×48 pixels, other proportions"):
        VideoRun(clip, glass, folder, SETTINGS, keep=np.ascontiguousarray(keep.T))
    with pytest.raises(SettingsError, match=r"^regions: give one mask for each of the 1 style"):
        VideoRun(clip, glass, folder, SETTINGS, regions=[keep, keep])
    with pytest.raises(SettingsError, match=r"^style_loss: sliced counts every part"):
        VideoRun(clip, glass, folder, changed(style_loss="sliced"), keep=keep)
    assert not folder.exists()


def test_a_mask_of_the_full_size_fits_a_small_frame_with_rounded_sides(clip):
    """1000×333 becomes 32×11, which has other proportions by 3 %."""
    mask = np.zeros((333, 1000), np.float32)
    Guidance.of(clip[0], keep=mask).check_fit(np.zeros((11, 32, 3), np.float32))
