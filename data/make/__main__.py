"""Repaint the built-in style pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
from PIL import Image

from . import PAINTERS
from .surface import Array, to_bytes

_STYLES = Path(__file__).resolve().parent.parent / "styles"


def save(picture: Array, path: Path) -> None:
    """Write a JPEG that keeps the colour of single strokes (no chroma subsampling)."""
    Image.fromarray(to_bytes(picture)).save(path, quality=88, subsampling=0, optimize=True)


def main() -> None:
    """Paint the pictures named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m data.make", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PAINTERS))
    parser.add_argument("-o", "--out", type=Path, default=_STYLES, help="folder to write to")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(PAINTERS))
    if unknown:
        parser.error(f"{unknown[0]}: no such painter; there are {', '.join(PAINTERS)}")
    # Sums that are divided between threads may be rounded differently.
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or PAINTERS:
        painter = PAINTERS[name]
        path = options.out / f"{name}.jpg"
        save(painter.paint(*painter.SIZE), path)
        print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
