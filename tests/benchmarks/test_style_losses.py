"""The tables of style losses, on a shallow network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from shallow import make_shallow

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import style_losses

from stylekit.samples import MaterialKind, materials


@pytest.mark.slow
def test_a_line_for_each_style_and_each_pair(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_shallow(monkeypatch)
    style_losses.main(["--size", "48", "--backbone", "vgg16"])
    of_styles, of_pairs = capsys.readouterr().out.strip().split("\n\n")
    rows = {line.split()[0]: line.split()[1:] for line in of_styles.splitlines()[1:]}
    assert set(rows) == set(materials(MaterialKind.STYLE))
    for e, factor in rows.values():
        assert float(factor) == pytest.approx((3e-4 / float(e)) ** 0.25, rel=0.05)
    assert len(of_pairs.splitlines()) == 1 + len(style_losses.PAIRS)
    for line in of_pairs.splitlines()[1:]:
        assert all(float(number) > 0 for number in line.split()[-2:])
