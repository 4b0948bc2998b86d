"""Sheets of pictures and of errors, and strips through time."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text
from plot_material import (
    HEIGHT,
    WIDTH,
    constant_flow,
    picture_axes,
    random_clip,
    shown,
    warping_errors,
)

from stylekit.motion.warping import warping_error, warping_error_map
from stylekit.plots import (
    plot_clips,
    plot_contact_sheet,
    plot_frames,
    plot_time_strip,
    plot_warping_error,
)


def test_warping_errors_share_one_scale_of_roots_and_grey_out_the_rest() -> None:
    figure = warping_errors()
    first, second = (axes.images[0] for axes in picture_axes(figure)[:2])
    assert first.get_clim() == second.get_clim()
    array = first.get_array()
    assert array is not None and np.ma.getmaskarray(array)[:5].all()
    assert not np.ma.getmaskarray(array)[5:].any()
    # The scale ends where 99 % of the trusted pixels of both maps do.
    values = np.concatenate([array.compressed(), second.get_array().compressed()])  # type: ignore[union-attr]
    assert first.get_clim()[1] == pytest.approx(np.percentile(values, 99), rel=0.02)
    np.testing.assert_allclose(second.get_array()[6], 0.1 * array[6], rtol=1e-5)  # type: ignore[index]


def test_warping_errors_refuse_misfits() -> None:
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    with pytest.raises(ValueError, match="at least one"):
        plot_warping_error({}, mask)
    with pytest.raises(ValueError, match="pixels as its partner"):
        plot_warping_error({"a": mask[:-1]}, mask)


def test_contact_sheet_shows_the_errors_of_the_clips_it_is_given() -> None:
    content, independent, temporal = (random_clip(5, seed) for seed in (1, 2, 3))
    flows = [constant_flow(1, 0)] * 4
    masks = [np.ones((HEIGHT, WIDTH), np.float32)] * 4
    figure = plot_contact_sheet(
        content, independent, temporal, flows, masks, backbone="VGG16", frame_indices=[2, 4]
    )
    axes = picture_axes(figure)[:14]
    assert [cell.get_title() for cell in axes[:2]] == ["frame 2", "frame 4"]
    np.testing.assert_array_equal(axes[0].images[0].get_array(), content[2])
    np.testing.assert_array_equal(axes[5].images[0].get_array(), temporal[4])
    expected = np.sqrt(warping_error_map(temporal[4], temporal[3], flows[3]))
    np.testing.assert_allclose(axes[13].images[0].get_array(), expected, rtol=1e-6)
    assert len({cell.images[0].get_clim() for cell in axes[10:14]}) == 1
    texts = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "Backbone: VGG16" in texts
    assert f"{warping_error(independent, flows, masks).rmse:.3f} over the clip" in texts


def test_contact_sheet_refuses_what_has_no_frame_before() -> None:
    clip, masks = random_clip(3), [np.ones((HEIGHT, WIDTH), np.float32)] * 2
    flows = [constant_flow(0, 0)] * 2
    with pytest.raises(ValueError, match="frame_indices"):
        plot_contact_sheet(clip, clip, clip, flows, masks, backbone="b", frame_indices=[0])
    with pytest.raises(ValueError, match="one fewer"):
        plot_contact_sheet(clip, clip, clip, flows[:1], masks, backbone="b")
    with pytest.raises(ValueError, match="same number"):
        plot_contact_sheet(clip, clip[:2], clip, flows, masks, backbone="b")
    with pytest.raises(ValueError, match="frame_indices"):
        plot_contact_sheet(clip[:1], clip[:1], clip[:1], [], [], backbone="b")


def test_clips_are_shown_at_the_same_frames() -> None:
    clips = {"input": random_clip(20, 1), "result": random_clip(20, 2)}
    axes = picture_axes(plot_clips(clips))
    titles = [cell.get_title() for cell in axes[:6]]
    assert titles == [f"frame {index}" for index in (0, 4, 8, 11, 15, 19)]
    np.testing.assert_array_equal(shown(axes[5]), clips["input"][19])
    np.testing.assert_array_equal(shown(axes[7]), clips["result"][4])
    assert len(picture_axes(plot_clips(clips, frame_indices=[3]))) == 2
    assert len(picture_axes(plot_clips({"a": random_clip(3)}))) == 3


def test_clips_of_different_length_and_missing_frames_are_refused() -> None:
    for clips in ({}, {"a": []}, {"a": random_clip(2), "b": random_clip(1)}):
        with pytest.raises(ValueError, match=r"^clips: "):
            plot_clips(clips)
    for indices in ([], [2], [-1]):
        with pytest.raises(ValueError, match=r"^frame_indices: "):
            plot_clips({"a": random_clip(2)}, frame_indices=indices)


def test_frames_refuse_rows_of_different_length() -> None:
    with pytest.raises(ValueError, match="rows"):
        plot_frames({"a": random_clip(2), "b": random_clip(1)})
    with pytest.raises(ValueError, match="column_labels"):
        plot_frames({"a": random_clip(2)}, column_labels=["one"])


def test_strip_of_a_row_is_that_row_of_every_frame_each_as_long() -> None:
    clips = {"a": random_clip(4, 1), "b": random_clip(4, 2)}
    axes = picture_axes(plot_time_strip(clips, row=7))
    # Four frames are to fill about the height of one: six pixels each.
    for frames, picture, strip in zip(clips.values(), axes[:2], axes[2:], strict=True):
        np.testing.assert_array_equal(shown(picture), frames[0])
        expected = np.repeat([frame[7] for frame in frames], HEIGHT // 4, axis=0)
        np.testing.assert_array_equal(shown(strip), expected)
        assert strip.images[0].get_extent() == [-0.5, WIDTH - 0.5, 3.5, -0.5]
        assert picture.get_lines()[0].get_ydata() == [7, 7]
        # The strip's columns are the frame's.
        assert strip.get_position().x0 == pytest.approx(picture.get_position().x0)
        assert strip.get_position().x1 == pytest.approx(picture.get_position().x1)


def test_strip_of_a_column_runs_to_the_right() -> None:
    frames = random_clip(5)
    picture, strip = picture_axes(plot_time_strip({"a": frames}, column=30))
    expected = np.repeat([frame[:, 30] for frame in frames], 7, axis=0).swapaxes(0, 1)
    np.testing.assert_array_equal(shown(strip), expected)
    assert strip.images[0].get_extent() == [-0.5, 4.5, HEIGHT - 0.5, -0.5]
    assert picture.get_lines()[0].get_xdata() == [30, 30]
    assert strip.get_position().y0 == pytest.approx(picture.get_position().y0)
    assert {"time, frames", "along column 30, px"} <= {strip.get_xlabel(), strip.get_ylabel()}


def test_strip_of_long_clips_gives_every_frame_a_pixel_and_takes_the_middle_row() -> None:
    frames = random_clip(60)
    strip = picture_axes(plot_time_strip({"a": frames}))[1]
    np.testing.assert_array_equal(shown(strip), [frame[HEIGHT // 2] for frame in frames])


def test_strip_refuses_misfits() -> None:
    clip = random_clip(3)
    with pytest.raises(ValueError, match="at least one"):
        plot_time_strip({})
    with pytest.raises(ValueError, match="at least one"):
        plot_time_strip({"a": []})
    with pytest.raises(ValueError, match=r"^b: has 2 frames"):
        plot_time_strip({"a": clip, "b": clip[:2]})
    with pytest.raises(ValueError, match=r"^b: must be"):
        plot_time_strip({"a": clip, "b": random_clip(3, height=HEIGHT + 1)})
    with pytest.raises(ValueError, match="one of them"):
        plot_time_strip({"a": clip}, row=1, column=1)
    for line in (-1, HEIGHT):
        with pytest.raises(ValueError, match=r"^row: "):
            plot_time_strip({"a": clip}, row=line)
    with pytest.raises(ValueError, match=r"^column: "):
        plot_time_strip({"a": clip}, column=WIDTH)
