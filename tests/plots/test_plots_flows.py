"""Pictures of flow: hue is direction, one scale for all, and errors against the truth."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv
from plot_material import (
    HEIGHT,
    WIDTH,
    constant_flow,
    hidden_square,
    picture_axes,
    random_clip,
    shown,
    square_truth,
)

from stylekit.motion.scores import endpoint_error, endpoint_error_map
from stylekit.plots import flow_to_color, plot_flows


@pytest.mark.parametrize(
    ("dx", "dy", "color"),
    [(5, 0, (1, 0, 0)), (0, 5, (0.5, 1, 0)), (-5, 0, (0, 1, 1)), (0, -5, (0.5, 0, 1))],
)
def test_hue_is_direction(dx: float, dy: float, color: tuple[float, float, float]) -> None:
    picture = flow_to_color(constant_flow(dx, dy), max_magnitude=5)
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture[3, 3], color, atol=1e-5)


def test_saturation_is_length_and_rest_is_white() -> None:
    flow = constant_flow(0, 0)
    flow[..., 0] = np.linspace(0, 20, WIDTH, dtype=np.float32)
    saturation = rgb_to_hsv(flow_to_color(flow, max_magnitude=10))[..., 1]
    np.testing.assert_allclose(saturation[0], np.clip(np.linspace(0, 2, WIDTH), 0, 1), atol=1e-5)
    np.testing.assert_array_equal(flow_to_color(constant_flow(0, 0)), 1)


def test_one_wild_vector_does_not_wash_out_the_rest() -> None:
    flow = constant_flow(4, 0)
    flow[0, 0] = 1e4
    np.testing.assert_allclose(flow_to_color(flow)[5, 5], [1, 0, 0], atol=1e-5)


def test_flows_share_one_colour_scale() -> None:
    slow, fast = constant_flow(1, 0), constant_flow(4, 0)
    alone, beside = plot_flows({"slow": slow}), plot_flows({"slow": slow, "fast": fast})
    np.testing.assert_allclose(shown(picture_axes(alone)[0]), flow_to_color(slow))
    first, second = (shown(axes) for axes in picture_axes(beside)[:2])
    np.testing.assert_allclose(first, flow_to_color(slow, max_magnitude=4))
    np.testing.assert_allclose(second, flow_to_color(fast, max_magnitude=4))


def test_flows_show_their_errors_on_one_scale_and_in_numbers() -> None:
    truth = square_truth()
    flows = {"exact": truth.flow, "still": constant_flow(0, 0), "off": truth.flow + np.float32(3)}
    figure = plot_flows(flows, truth=truth)
    maps = picture_axes(figure)[3:6]
    assert len({axes.images[0].get_clim() for axes in maps}) == 1
    for axes, flow in zip(maps, flows.values(), strict=True):
        array = shown(axes)
        expected = endpoint_error_map(flow, truth.flow)
        np.testing.assert_allclose(array[truth.known], expected[truth.known])
        np.testing.assert_array_equal(np.ma.getmaskarray(array), ~truth.known)
        mean = endpoint_error(flow, truth.flow, where=truth.known)
        assert axes.get_xlabel() == f"EPE {mean:.2f} px"
    values = [endpoint_error_map(flow, truth.flow)[truth.known] for flow in flows.values()]
    assert maps[0].images[0].get_clim() == (0, pytest.approx(np.percentile(values, 99)))


def test_flows_of_one_kind_of_motion_point_their_arrows_along_it() -> None:
    figure = plot_flows({"down": constant_flow(0, 2), "left": constant_flow(-2, 0)})
    down, left = (axes.collections[0] for axes in picture_axes(figure)[:2])
    assert (down.U == 0).all() and (down.V > 0).all()  # type: ignore[attr-defined]
    assert (left.U < 0).all() and (left.V == 0).all()  # type: ignore[attr-defined]
    # Stretched alike, or one flow's arrows could not be compared with another's.
    assert down.V.max() == pytest.approx(-left.U.min())  # type: ignore[attr-defined]


def test_flows_show_the_frame_first_and_what_is_disoccluded_below_it() -> None:
    frame, truth = random_clip(1)[0], square_truth()
    axes = picture_axes(plot_flows({"a": truth.flow}, frame=frame, truth=truth))
    np.testing.assert_array_equal(shown(axes[0]), frame)
    blue = shown(axes[2])[..., 2] - shown(axes[2])[..., 0] > 0.3
    np.testing.assert_array_equal(blue, truth.disocclusion & truth.known)


def test_flows_refuse_nothing_and_misfits() -> None:
    with pytest.raises(ValueError, match="at least one"):
        plot_flows({})
    flow = hidden_square()[0]
    with pytest.raises(ValueError, match=r"^b: "):
        plot_flows({"a": flow, "b": flow[:-1]})
    with pytest.raises(ValueError, match=r"^frame: "):
        plot_flows({"a": flow}, frame=random_clip(1, height=HEIGHT, width=WIDTH + 1)[0])
