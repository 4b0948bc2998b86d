"""Stripes along the borders of pictures, and grids in them: steps between neighbouring lines.

    python benchmarks/lines.py out.png …              pictures that are there (not JPEG, see below)
    python benchmarks/lines.py --ramps swirls --size 192      paints a picture of colour ramps

A step is the mean difference of two neighbouring rows, or columns, in levels of 255. Of each
picture the table has the median and the 95th percentile of the steps inside, the largest step among
the outer 8 pixels of both sides, and the share of those that are above the 95th percentile: 5 %
where the border is like the inside. The last column tells a grid: the mean of every second step,
from the second on, by that of the others; 1 where there is none.

A JPEG has steps of its own: where its blocks of 8 pixels meet, and between pairs of pixels.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylekit.arrays import Image
from stylekit.media.images import load_image, save_image
from stylekit.samples import find_material
from stylekit.settings import ImageSettings

OUTER = 8
"""Pixels at each border; what every convolution sees beyond the border shows within them."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What the steps between neighbouring rows of a picture are like; steps in levels of 255."""

    median: float
    high: float
    largest_outer: float
    share_above: float
    parity: float

    @classmethod
    def of(cls, image: Image) -> Lines:
        """Of an Image with at least 3 · 8 rows."""
        steps = row_steps(image)
        inside = steps[OUTER:-OUTER]
        outer = np.concatenate([steps[:OUTER], steps[-OUTER:]])
        high = float(np.percentile(inside, 95))
        return cls(
            median=float(np.median(inside)),
            high=high,
            largest_outer=float(outer.max()),
            share_above=float((outer > high).mean()),
            # Only inside, and as many of either kind.
            parity=float(inside[1::2].mean() / inside[: len(inside) // 2 * 2 : 2].mean()),
        )


def row_steps(image: Image) -> NDArray[np.float64]:
    """The mean difference of each row `(H - 1,)` from the next, in levels of 255."""
    return 255 * np.abs(np.diff(image, axis=0)).mean((1, 2), dtype=np.float64)


def colour_ramps(size: int) -> Image:
    """A smooth picture `(2/3 size, size, 3)`: red to the right, blue down, green against both."""
    y, x = np.mgrid[: size * 2 // 3, :size] / np.array([size * 2 // 3 - 1, size - 1])[:, None, None]
    return np.stack([0.4 + 0.4 * x, 0.7 - 0.2 * (x + y), 0.4 + 0.4 * y], axis=2).astype(np.float32)


def table(pictures: dict[str, Image]) -> str:
    """A line for the rows and one for the columns of each picture."""
    lines = [
        f"{'picture':<28}{'lines':<9}{'median':>8}{'95 %':>8}{'outer':>8}{'above':>8}{'grid':>7}"
    ]
    for name, image in pictures.items():
        for axis, turned in (("rows", image), ("columns", image.transpose(1, 0, 2))):
            found = Lines.of(turned)
            lines.append(
                f"{name:<28}{axis:<9}{found.median:>8.1f}{found.high:>8.1f}"
                f"{found.largest_outer:>8.1f}{100 * found.share_above:>6.0f} %{found.parity:>7.2f}"
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="*", type=Path, help="files of pictures")
    parser.add_argument("--ramps", metavar="STYLE", help="paint colour ramps in this style")
    parser.add_argument("--size", type=int, default=128, help="of the ramps (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write the painted ramps, to look at")
    options = parser.parse_args()
    pictures = {path.name: load_image(path) for path in options.pictures}
    if options.ramps:
        # It takes seconds, and pictures that are there need no network.
        from stylekit.image.stylization import stylize_image

        style = load_image(find_material(options.ramps))
        painting = stylize_image(
            colour_ramps(options.size), style, ImageSettings(size=options.size)
        )
        pictures[f"ramps in {Path(options.ramps).stem}"] = painting.image
        if options.out:
            save_image(painting.image, options.out, provenance=None)
    print(table(pictures))


if __name__ == "__main__":
    main()
