"""Figures: what they show is what was measured, they read anywhere, and they leave no trace."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from plot_material import (
    HEIGHT,
    WIDTH,
    ablation,
    constant_flow,
    hidden_square,
    random_clip,
    square_truth,
    warping_errors,
)

from stylekit.errors import MediaError
from stylekit.motion.scores import MaskScores
from stylekit.plots import (
    plot_contact_sheet,
    plot_flow,
    plot_flow_ablation,
    plot_flows,
    plot_frames,
    plot_losses,
    plot_mask,
    plot_precision_recall,
    plot_time_strip,
    plot_truth,
    save_figure,
)

BLACK = np.zeros((HEIGHT, WIDTH, 3), np.float32)


def contact_sheet(*, height: int = HEIGHT, width: int = WIDTH, count: int = 4) -> Figure:
    clips = [random_clip(count, seed, height=height, width=width) for seed in (1, 2, 3)]
    flows = [constant_flow(1, 0, height=height, width=width)] * (count - 1)
    masks = [np.ones((height, width), np.float32)] * (count - 1)
    return plot_contact_sheet(*clips, flows, masks, backbone="VGG16")


FIGURES: dict[str, Callable[[], Figure]] = {
    "flow": lambda: plot_flow(hidden_square()[0]),
    "flow at rest": lambda: plot_flow(constant_flow(0, 0)),
    "mask": lambda: plot_mask(random_clip(1)[0], *hidden_square()),
    "losses": lambda: plot_losses({"content": [0.0, 1.0], "style": [9.0, 3.0], "tv": [0, 0]}),
    "frames": lambda: plot_frames({"input": random_clip(3), "result\nsmall": random_clip(3, 1)}),
    "warping error": warping_errors,
    "contact sheet": contact_sheet,
    "mask with knobs": lambda: plot_mask(BLACK, *hidden_square(), dilate=1, smooth=3.0),
    "flows": lambda: plot_flows(
        {"exact": square_truth().flow, "still": constant_flow(0, 0)},
        frame=BLACK,
        truth=square_truth(),
    ),
    "one flow": lambda: plot_flows({"a name longer than its picture": constant_flow(0, 0)}),
    "truth": lambda: plot_truth(BLACK, *hidden_square(), square_truth()),
    "row in time": lambda: plot_time_strip({"one": random_clip(3), "other": random_clip(3, 1)}),
    "column in time": lambda: plot_time_strip(
        {"one": random_clip(3), "the other one\nsmall": random_clip(3, 1)}, column=3
    ),
    "tall row in time": lambda: plot_time_strip({"a": random_clip(30, height=90, width=20)}),
    "precision": lambda: plot_precision_recall(
        {}, {"a": MaskScores(precision=1.0, recall=1.0, f1=1.0)}
    ),
    "ablation": lambda: plot_flow_ablation(ablation()),
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


@pytest.fixture(scope="module", params=FIGURES, ids=lambda name: name.replace(" ", "-"))
def figure(request: pytest.FixtureRequest) -> Figure:
    """Each figure in turn, drawn once for the tests that only look at it."""
    made = FIGURES[request.param]()
    FigureCanvasAgg(made).draw()
    return made


def pixels_of(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def test_nothing_is_cut_off(figure: Figure) -> None:
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height


def test_no_two_texts_lie_on_each_other(figure: Figure) -> None:
    renderer = figure.canvas.get_renderer()
    boxes = {
        text.get_text(): text.get_window_extent(renderer)
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible()
    }
    for (one, box), (other, its_box) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(its_box), f"{one!r} lies on {other!r}"


def test_figures_say_what_they_show_and_show_themselves(figure: Figure) -> None:
    data, metadata = figure._repr_mimebundle_(None, None)  # type: ignore[attr-defined]
    ((kind, encoded),) = data.items()
    assert encoded.startswith({"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8"}[kind])
    alt = metadata[kind]["alt"]
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


@pytest.mark.slow
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
