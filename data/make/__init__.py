"""The painters of stylekit's built-in style pictures, a module for each.

A module has `SIZE`, the (width, height) of its picture, and `paint(width, height, *, seed)`, which
returns float32 RGB `(height, width, 3)` in [0, 1]. The same seed gives the same picture.
Compositions are in fractions of the picture and brushes in pixels, so a smaller picture has fewer
strokes and is painted faster.

    python -m data.make              repaints all into data/styles, from the project's root
    python -m data.make ink -o DIR   one of them, elsewhere
"""

from __future__ import annotations

from types import ModuleType

from . import cubist, expression, glass, ink, mosaic, pointillist, swirls, woodblock

PAINTERS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (swirls, cubist, glass, woodblock, pointillist, ink, expression, mosaic)
}
