"""The painters of stylekit's built-in style pictures, one module each.

Each has `SIZE`, the (width, height) of its picture, and `paint(width, height, *, seed)`, which
returns float32 RGB `(height, width, 3)` in [0, 1] and repeats with its seed. Compositions are in
fractions of the picture and brushes in pixels, so a smaller picture is quicker, with fewer strokes.

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
