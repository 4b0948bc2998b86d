"""The measure of stripes and grids, on pictures whose answer is known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from lines import OUTER, Lines, colour_ramps, row_steps, table

NOISE = np.random.default_rng(0).random((400, 60, 3), dtype=np.float32)


def test_steps_are_mean_differences_in_levels() -> None:
    image = np.zeros((3, 2, 3), np.float32)
    image[1:] = 0.2
    image[1, 0] = 0.4
    assert row_steps(image) == pytest.approx([255 * 0.3, 255 * 0.1])


def test_a_border_like_the_inside_has_few_high_steps_and_a_stripe_is_found() -> None:
    plain = Lines.of(NOISE)
    assert plain.share_above <= 0.25 and plain.parity == pytest.approx(1, abs=0.02)
    striped = NOISE.copy()
    striped[2] = 1 - striped[1]  # as far away as it can be
    striped[2] = np.where(striped[1] > 0.5, 0, 1)
    found = Lines.of(striped)
    assert found.largest_outer > 1.5 * found.high and found.high == plain.high
    inside = NOISE.copy()
    inside[OUTER + 20] = np.where(inside[OUTER + 19] > 0.5, 0, 1)
    assert Lines.of(inside).largest_outer == plain.largest_outer


def test_a_grid_of_pairs_of_rows_is_found() -> None:
    pairs = np.repeat(NOISE, 2, axis=0)
    assert Lines.of(0.9 * pairs + 0.1 * NOISE.repeat(2, axis=1).reshape(pairs.shape)).parity > 2


def test_ramps_are_smooth_and_the_table_has_both_axes() -> None:
    ramps = colour_ramps(96)
    assert ramps.shape == (64, 96, 3) and ramps.min() >= 0 and ramps.max() <= 1
    assert row_steps(ramps).max() < 2
    assert [line.split()[1] for line in table({"a": ramps}).splitlines()[1:]] == ["rows", "columns"]
