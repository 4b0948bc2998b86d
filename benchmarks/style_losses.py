"""How large style losses are where a painting starts, by statistic and by style.

    python benchmarks/style_losses.py                       built-in styles and pairs, 96 px
    python benchmarks/style_losses.py --style sea.jpg       another style beside them

The first table has e, the sum over the style layers of the mean squared entry of the style's own
Gram matrices, and the factor of its loss that follows from e. The second has the style losses of
`moments` and `sliced` by that of `gram`, of a photograph in the colours of the style.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from stylekit.image.colors import match_colors
from stylekit.image.stylization import extractor_of, prepare_objective
from stylekit.losses import gram_matrix, style_calibration
from stylekit.media.images import load_image
from stylekit.samples import MaterialKind, find_material, materials
from stylekit.settings import ImageSettings
from stylekit.vgg.statistics import StyleLoss

PAIRS = (("chelsea", "swirls"), ("coffee", "glass"), ("rocket", "woodblock"), ("camera", "mosaic"))


def energy(style: Path, settings: ImageSettings) -> tuple[float, float]:
    """e of a style, compared at the size of the settings, and its factor."""
    features = extractor_of(settings)(load_image(style, size=settings.size))
    grams = {layer: gram_matrix(features[layer]) for layer in settings.style_layers}
    e = sum(float(np.mean(np.square(gram))) for gram in grams.values())
    return e, style_calibration([grams], [1.0])


def ratios(content: str, style: str, settings: ImageSettings) -> dict[str, float]:
    """The style loss of each statistic by that of Gram matrices, where a painting starts."""
    photograph = load_image(find_material(content, MaterialKind.PHOTOGRAPH), size=settings.size)
    painting = load_image(find_material(style, MaterialKind.STYLE))
    losses = {}
    for name in StyleLoss:
        objective = prepare_objective(painting, replace(settings, style_loss=name))
        start = match_colors(photograph, painting)
        losses[str(name)] = objective.losses(start, objective.targets(photograph)).style
    return {name: loss / losses["gram"] for name, loss in losses.items() if name != "gram"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", type=Path, action="append", default=[], help="a file")
    parser.add_argument("--size", type=int, default=96, help="longest side (default: %(default)s)")
    parser.add_argument("--backbone", default="auto", help="the network (default: auto)")
    options = parser.parse_args(arguments)
    settings = ImageSettings(size=options.size, backbone=options.backbone)
    print(f"{'style':<20}{'e':>10}{'factor':>8}")
    for path in (*materials(MaterialKind.STYLE).values(), *options.style):
        e, factor = energy(path, settings)
        print(f"{path.stem:<20}{e:>10.1e}{factor:>8.2f}", flush=True)
    print(f"\n{'at the start':<20}{'moments':>10}{'sliced':>8}")
    for content, style in PAIRS:
        found = ratios(content, style, settings)
        print(f"{f'{content}, {style}':<20}{found['moments']:>10.2f}{found['sliced']:>8.2f}")


if __name__ == "__main__":
    main()
