"""Figures: what they show is what was measured, they read anywhere, and they leave no trace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import rgb_to_hsv, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from stylekit.arrays import Flow, Image
from stylekit.errors import MediaError
from stylekit.metrics import warping_error, warping_error_map
from stylekit.occlusion import consistency_mask, disocclusion, out_of_frame
from stylekit.plots import (
    flow_to_color,
    plot_contact_sheet,
    plot_flow,
    plot_frames,
    plot_losses,
    plot_mask,
    plot_warping_error,
    save_figure,
)

HEIGHT, WIDTH = 24, 36


def constant_flow(dx: float, dy: float, *, height: int = HEIGHT, width: int = WIDTH) -> Flow:
    return np.broadcast_to(np.float32([dx, dy]), (height, width, 2)).copy()


def random_clip(
    count: int, seed: int = 0, *, height: int = HEIGHT, width: int = WIDTH
) -> list[Image]:
    return list(np.random.default_rng(seed).random((count, height, width, 3), dtype=np.float32))


def hidden_square() -> tuple[Flow, Flow]:
    backward, forward = constant_flow(0, 0), constant_flow(0, 0)
    forward[6:14, 8:16, 0] = 5
    backward[6:14, 13:21, 0] = -5
    return backward, forward


def contact_sheet(*, height: int = HEIGHT, width: int = WIDTH, count: int = 4) -> Figure:
    clips = [random_clip(count, seed, height=height, width=width) for seed in (1, 2, 3)]
    flows = [constant_flow(1, 0, height=height, width=width)] * (count - 1)
    masks = [np.ones((height, width), np.float32)] * (count - 1)
    return plot_contact_sheet(*clips, flows, masks, backbone="VGG16")


def warping_errors() -> Figure:
    error = np.random.default_rng(0).random((HEIGHT, WIDTH)).astype(np.float32) ** 2
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:5] = 0
    return plot_warping_error({"one": error, "other": 0.01 * error}, mask)


FIGURES: dict[str, Callable[[], Figure]] = {
    "flow": lambda: plot_flow(hidden_square()[0]),
    "flow at rest": lambda: plot_flow(constant_flow(0, 0)),
    "mask": lambda: plot_mask(random_clip(1)[0], *hidden_square()),
    "losses": lambda: plot_losses({"content": [0.0, 1.0], "style": [9.0, 3.0], "tv": [0, 0]}),
    "frames": lambda: plot_frames({"input": random_clip(3), "result\nsmall": random_clip(3, 1)}),
    "warping error": warping_errors,
    "contact sheet": contact_sheet,
    "tall contact sheet": lambda: contact_sheet(height=60, width=24, count=2),
    "tall flow": lambda: plot_flow(
        constant_flow(3, 1, height=90, width=16), title="A long title " * 5
    ),
    "long labels": lambda: plot_frames(
        {"a long label of a row": random_clip(1), "b\n" + "c " * 30: random_clip(1)}
    ),
    "wide frames": lambda: plot_frames(
        {"input": random_clip(1, height=10, width=90)}, title="t", caption="A long caption. " * 9
    ),
}


@pytest.fixture(params=FIGURES, ids=lambda name: name.replace(" ", "-"))
def figure(request: pytest.FixtureRequest) -> Figure:
    return FIGURES[request.param]()


def pixels_of(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def test_nothing_is_cut_off(figure: Figure) -> None:
    FigureCanvasAgg(figure).draw()
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height


def test_figures_say_what_they_show_and_show_themselves(figure: Figure) -> None:
    data, metadata = figure._repr_mimebundle_(None, None)  # type: ignore[attr-defined]
    assert data["image/png"].startswith(b"\x89PNG")
    alt = metadata["image/png"]["alt"]
    assert len(alt) > 10 and alt == figure.get_label()


def test_background_is_white_and_text_dark_whatever_the_callers_style() -> None:
    with matplotlib.style.context("dark_background"):
        figure = FIGURES["losses"]()
        image = pixels_of(figure)
        colors = [to_rgb(text.get_color()) for text in figure.findobj(Text)]
    assert (image[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    assert max(max(color) for color in colors) < 0.5


def test_drawing_leaves_the_callers_settings_alone(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    save_figure(FIGURES["losses"](), tmp_path / "a.png", dpi=40)
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_imported() -> None:
    code = (
        "import sys, numpy as np; from stylekit import plots;"
        "plots.plot_flow(np.zeros((20, 20, 2), np.float32));"
        "assert 'matplotlib.pyplot' not in sys.modules and 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        save_figure(FIGURES["mask"](), tmp_path / f"{name}{suffix}", dpi=50)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_unknown_endings_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"^a\.bmp: "):
        save_figure(FIGURES["flow"](), tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())


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


def picture_axes(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.images and axes.axison]


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_mask_legend_holds_the_measured_shares() -> None:
    backward, forward = hidden_square()
    texts = legend_texts(plot_mask(random_clip(1)[0], backward, forward))
    hidden = 100 * disocclusion(backward, forward).mean()
    outside = 100 * out_of_frame(backward).mean()
    trusted = 100 * consistency_mask(backward, forward).mean()
    assert texts[0] == f"disocclusion {hidden:.1f} %" and hidden > 0
    assert texts[2] == f"out of frame {outside:.1f} %" and outside > 0
    assert texts[3] == f"trusted {trusted:.1f} %"


def test_mask_paints_each_kind_in_its_colour() -> None:
    backward, forward = hidden_square()
    figure = plot_mask(np.zeros((HEIGHT, WIDTH, 3), np.float32), backward, forward)
    shown = np.asarray(picture_axes(figure)[0].images[0].get_array())
    hidden = disocclusion(backward, forward)
    assert len(np.unique(shown[hidden], axis=0)) == 1
    np.testing.assert_allclose(shown[hidden][0], 0.85 * np.array(to_rgb("#0072B2")) + 0.15 * 0.35)
    # The picture itself has no colour.
    assert np.ptp(shown[3, 3]) == 0


def test_losses_are_told_apart_by_colour_and_line() -> None:
    names = ("content", "style", "temporal", "tv")
    figure = plot_losses({name: [3.0, 2.0, 1.0] for name in names})
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == list(names)
    assert len({line.get_color() for line in lines}) == len(
        {str(line.get_linestyle()) for line in lines}
    )
    assert (lines[0].get_color(), lines[0].get_linestyle()) == ("#0072B2", "-")
    assert (lines[1].get_color(), lines[1].get_linestyle()) == ("#D55E00", "--")
    assert figure.axes[0].get_yscale() == "log"


def test_losses_draw_their_values_at_their_steps_and_name_the_zeros() -> None:
    figure = plot_losses({"style": [8.0, 0.0, 2.0], "tv": [0, 0, 0]}, steps=[0, 10, 20])
    (line,) = figure.axes[0].get_lines()
    np.testing.assert_array_equal(line.get_xdata(), [0, 10, 20])
    np.testing.assert_array_equal(line.get_ydata(), [8, np.nan, 2])
    assert any(text.get_text() == "zero throughout: tv" for text in figure.findobj(Text))


def test_losses_objects_are_read_too() -> None:
    class Row:
        def __init__(self, style: float) -> None:
            self.style = style

        def to_json(self) -> dict[str, float]:
            return {"style": self.style}

    figure = plot_losses([Row(4.0), Row(2.0)], log=False)  # type: ignore[list-item]
    np.testing.assert_array_equal(figure.axes[0].get_lines()[0].get_ydata(), [4, 2])


@pytest.mark.parametrize("history", [{}, {"a": []}, {"a": [1.0], "b": [1.0, 2.0]}, []])
def test_losses_without_values_are_refused(history: object) -> None:
    with pytest.raises(ValueError, match="history"):
        plot_losses(history)  # type: ignore[arg-type]


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


def test_frames_refuse_rows_of_different_length() -> None:
    with pytest.raises(ValueError, match="rows"):
        plot_frames({"a": random_clip(2), "b": random_clip(1)})
    with pytest.raises(ValueError, match="column_labels"):
        plot_frames({"a": random_clip(2)}, column_labels=["one"])
