"""Something to look at while a transfer works: four small drawings that follow the pointer."""

from __future__ import annotations

import enum
import random
import re
import secrets
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..base.modules import bundle, stylesheet

_HERE = Path(__file__).parent
_SEEDS = 2**32
_LETTERS = 16
_WORD = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")


class WaitingPicture(enum.Enum):
    """Which of the four drawings."""

    POINTS = "points"
    """Letters of points; a hyperbolic secant of the distance pushes them from the pointer."""
    LAYERS = "layers"
    """Layers of letters in space that swing and change colour; dragging turns them."""
    CLOCK = "clock"
    """The letters' vertices go round in twelve stuttered steps, and come back."""
    SHADOWS = "shadows"
    """Every line throws a black shadow away from the pointer, as under a moving lamp."""


class Waiting(anywidget.AnyWidget):
    """A drawing of a word that moves and follows the pointer, for as long as something works.

    >>> Waiting(WaitingPicture.SHADOWS)
    >>> Waiting(text="42 frames").name  # one of the four, at random

    `name` is the picture, None for one chosen at random. `text` is the word, which may be replaced
    later: 1 to 16 of the letters A–Z and a–z, digits and single spaces between them, or it raises
    traitlets.TraitError. `seed`, an integer in [0, 2³²), or it raises ValueError, fixes the choice
    and what is random in the drawing (colours and phases).

    It is as wide as what it stands in, at most 640 pixels, and two fifths as high. It draws at most
    30 frames a second, none while it is out of sight or nothing in it moves, and stands still for
    those who have asked their system for less motion. It is no control: the keyboard's focus never
    gets there.
    """

    _esm = bundle(_HERE / "waiting.js")
    _css = stylesheet(_HERE.parent / "base" / "picture_canvas.css")

    _picture = traitlets.Unicode().tag(sync=True)
    _seed = traitlets.Int().tag(sync=True)
    text = traitlets.Unicode(help="The word that is drawn.").tag(sync=True)

    def __init__(
        self,
        name: WaitingPicture | None = None,
        *,
        text: str = "stylekit",
        seed: int | None = None,
    ) -> None:
        if seed is None:
            seed = secrets.randbelow(_SEEDS)
        if not 0 <= seed < _SEEDS:
            raise ValueError(f"seed must be in [0, 2³²), is {seed}")
        if name is None:
            name = random.Random(seed).choice(list(WaitingPicture))
        super().__init__(_picture=WaitingPicture(name).value, _seed=seed, text=text)

    @property
    def name(self) -> WaitingPicture:
        """Which picture it is."""
        return WaitingPicture(self._picture)

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        text: str = proposal["value"]
        if len(text) > _LETTERS or not _WORD.fullmatch(text):
            raise traitlets.TraitError(
                f"text must be 1 to {_LETTERS} of A–Z, a–z, 0–9 and single spaces, is {text!r}"
            )
        return text
