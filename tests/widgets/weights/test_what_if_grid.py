"""The what-if panel without a page: what it offers, says, paints, marks and takes."""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import numpy as np
import PIL.Image
import pytest
from short_runs import share_objectives

from stylekit.arrays import to_bytes
from stylekit.explain.what_if import WhatIfGrid
from stylekit.image.objective import TemporalTarget
from stylekit.settings import Weights
from stylekit.widgets.base.loop import LoopState
from stylekit.widgets.weights.cells import center_of, spread
from stylekit.widgets.weights.panel import WeightPanel
from stylekit.widgets.weights.what_if import WhatIf

pytestmark = pytest.mark.slow

SECONDS = 60.0
Make = Callable[..., WhatIf]


@pytest.fixture
def panel() -> WeightPanel:
    return WeightPanel()


@pytest.fixture(scope="module")
def compiled() -> dict[tuple[int, int, int], WhatIfGrid]:
    """What the panels of all tests prepare, by size, steps and number of temporal targets."""
    return {}


@pytest.fixture
def make(content, style, settings, panel, compiled, monkeypatch) -> Iterator[Make]:
    """Makes small and quick ones, and ends what a test leaves running."""
    share_objectives(monkeypatch)
    prepare = WhatIf._network

    def shared(grid: WhatIf) -> WhatIfGrid:
        key = grid._size, grid._step_limit, len(grid._temporal)
        if key not in compiled:
            compiled[key] = prepare(grid)
        return compiled[key]

    monkeypatch.setattr(WhatIf, "_network", shared)
    made: list[WhatIf] = []

    def build(**knobs: Any) -> WhatIf:
        given = {"panel": panel, "size": 32, "steps": 3} | knobs
        made.append(WhatIf(content, style, settings, **given))
        return made[-1]

    yield build
    for each in made:
        each.stop()
        each.wait(SECONDS)
        each.close()


def plain(text: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text.value)).split())


def alert(grid: WhatIf) -> str:
    return str(grid.alerts.widget.value)


def press_cell(grid: WhatIf, index: int) -> None:
    """What the page sends when a picture is clicked."""
    grid.cells._handle_custom_msg({"type": "take", "index": index}, [])


def small(grid: WhatIf) -> None:
    """Two by one pictures, which are painted soon."""
    grid._rows[1].value, grid._columns[1].value = 2, 1


def test_how_long_it_takes_is_said_before_it_starts(make: Make) -> None:
    grid = make()
    assert grid.wait(SECONDS) is LoopState.IDLE
    said = plain(grid._plan)
    assert said.startswith("α 0.1, 1, 10; β 333, 1e4, 3e5: 9 pictures of 32 pixels, 3 steps, ")
    assert re.search(r"3 steps, (under 1|about \d+) s\.", said)
    nine = grid.seconds
    assert nine is not None and nine > 0
    small(grid)
    assert grid.seconds == pytest.approx(nine * 2 / 9)
    assert "α 0.316, 3.16; β 1e4: 2 pictures" in plain(grid._plan)
    assert not alert(grid) and not grid.cells.sheet


def test_it_paints_around_the_weights_of_the_panel(make: Make, panel: WeightPanel) -> None:
    grid = make()
    small(grid)
    panel.set(Weights(alpha=2.0, beta=5e3, tv=0.5))
    assert "α 0.632, 6.32; β 5e3" in plain(grid._plan)
    grid.start_button.click()
    assert grid.wait(SECONDS) is LoopState.DONE
    assert grid.grid is not None
    assert [(w.alpha, w.beta, w.tv) for w in grid.grid.weights] == [
        (0.632, 5e3, 0.5),
        (6.32, 5e3, 0.5),
    ]
    assert grid.cells._labels["names"] == ["alpha=0.632, beta=5e3", "alpha=6.32, beta=5e3"]
    sheet = np.asarray(PIL.Image.open(io.BytesIO(grid.cells.sheet)))
    np.testing.assert_array_equal(sheet, to_bytes(np.concatenate(list(grid.grid.images))))
    assert plain(grid._status).startswith("Done.") and not alert(grid)
    assert grid.stop_button.disabled and not grid._progress.value


def test_a_click_gives_the_panel_the_weights_and_marks_the_picture(
    make: Make, panel: WeightPanel
) -> None:
    grid = make()
    grid._rows[1].value = 1
    grid.start()
    grid.wait(SECONDS)
    assert grid.cells._taken == 1, "the middle has the weights of now"
    press_cell(grid, 2)
    assert panel.current() == Weights(beta=3e5) and grid.cells._taken == 2
    panel.set(Weights(beta=7.0))
    assert grid.cells._taken == -1
    press_cell(grid, 0)
    assert panel.current().beta == 333 and grid.cells._taken == 0


def test_pictures_lie_row_by_row(make: Make) -> None:
    grid = make()
    grid._rows[1].value = grid._columns[1].value = 2
    grid.start()
    grid.wait(SECONDS)
    assert grid.grid is not None
    height, width = grid.grid.images.shape[1:3]
    sheet = np.asarray(PIL.Image.open(io.BytesIO(grid.cells.sheet)))
    assert sheet.shape == (2 * height, 2 * width, 3)
    np.testing.assert_array_equal(sheet[:height, width:], to_bytes(grid.grid.images[1]))
    np.testing.assert_array_equal(sheet[height:, :width], to_bytes(grid.grid.images[2]))


def test_it_stops_and_keeps_what_is_painted(make: Make) -> None:
    grid = make(steps=10_000)
    small(grid)
    grid.start()
    end = time.monotonic() + SECONDS
    while grid.cells._serial < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    grid.stop_button.click()
    assert grid.wait(SECONDS) is LoopState.STOPPED
    assert plain(grid._status).startswith("Stopped.") and grid.cells.sheet
    press_cell(grid, 1)
    assert not alert(grid)


def test_a_new_start_and_a_new_panel_of_the_name_end_the_run_before(make: Make) -> None:
    first = make(steps=10_000)
    small(first)
    first.start()
    loop = first._loop
    first.start()
    assert loop is not None and loop.state is LoopState.STOPPED and loop.finished
    second = make()
    assert first.state is LoopState.STOPPED
    assert second.state is LoopState.IDLE


def test_gamma_is_offered_where_there_is_a_frame_before(make: Make, content) -> None:
    assert [name for _, name in make()._rows[0].options] == ["alpha", "beta", "edges", "tv"]
    target = TemporalTarget(content, np.ones(content.shape[:2], np.float32))
    grid = make(temporal=[target], name="clip")
    grid._rows[0].value = "gamma"
    small(grid)
    grid.start()
    assert grid.wait(SECONDS) is LoopState.DONE
    assert grid.grid is not None and [w.gamma for w in grid.grid.weights] == [126.0, 1260.0]
    assert "β/α" not in plain(grid._plan)


def test_one_weight_twice_is_refused_in_words(make: Make) -> None:
    grid = make()
    grid._columns[0].value = "alpha"
    grid.start_button.click()
    assert "rows and columns vary the same weight" in alert(grid)
    assert grid.state is LoopState.IDLE


def test_what_goes_wrong_is_shown(make: Make, monkeypatch) -> None:
    grid = make()
    grid.wait(SECONDS)
    small(grid)
    monkeypatch.setattr(WhatIfGrid, "restarted", lambda *_, **__: 1 / 0)
    grid.start_button.click()
    assert grid.wait(SECONDS) is LoopState.FAILED
    assert "ZeroDivisionError" in alert(grid)


def test_an_error_in_measuring_is_shown(make: Make, monkeypatch) -> None:
    monkeypatch.setattr(WhatIfGrid, "estimate", lambda self: 1 / 0)
    grid = make()
    grid.wait(SECONDS)
    assert "ZeroDivisionError" in alert(grid) and grid.seconds is None


def test_readers_that_run_nothing_get_the_pictures(make: Make) -> None:
    grid = make()
    assert "image/png" not in (grid._repr_mimebundle_() or {})
    small(grid)
    grid.start()
    grid.wait(SECONDS)
    bundle = grid._repr_mimebundle_()
    assert bundle is not None and base64.b64decode(bundle["image/png"]) == grid.cells.sheet


@pytest.mark.parametrize(
    ("center", "count", "factor", "values"),
    [
        (1.0, 3, 10, (0.1, 1.0, 10.0)),
        (12345.6, 1, 10, (12345.6,)),
        (1e4, 2, 10, (3160.0, 31600.0)),
        (0.7, 4, 3, (0.135, 0.404, 1.21, 3.64)),
    ],
)
def test_values_are_spread_by_a_factor(center, count, factor, values) -> None:
    assert spread(center, count, factor) == pytest.approx(values, rel=1e-12)


def test_a_weight_that_is_off_is_spread_around_its_default() -> None:
    assert center_of("beta", Weights(beta=0.0)) == 1e4
    assert center_of("alpha", Weights(alpha=0.25)) == 0.25
