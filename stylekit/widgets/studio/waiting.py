"""Small drawings that follow the pointer, to look at during a transfer.

Here are their names; each is drawn by a JavaScript file of its own, `waiting_NAME.js`.
"""

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
from ..base.widget import PageGuard

_HERE = Path(__file__).parent
_SEEDS = 2**32
_LETTERS = 16
_WORD = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")


class WaitingPicture(enum.Enum):
    """The drawings."""

    POINTS = "points"
    """Letters of points, which move away from the pointer."""
    LAYERS = "layers"
    """Layers of letters in space that swing and change colour; dragging turns them."""
    CLOCK = "clock"
    """Letters whose vertices move round circles in twelve steps."""
    SHADOWS = "shadows"
    """Letters that cast shadows in the light of a lamp, which follows the pointer."""


class Waiting(PageGuard, anywidget.AnyWidget):
    """A drawing of a word that moves and follows the pointer while something is in progress.

    It fills its container up to a width of 640 pixels; its height is two fifths of its width. It
    draws at most 30 frames a second, and none while it is hidden or nothing moves. If the user's
    system asks for reduced motion, it does not move. It never takes the keyboard's focus.

    Parameters
    ----------
    name : WaitingPicture, optional
        The drawing; by default one is chosen at random.
    text : str
        The word, which may be replaced later: 1 to 16 letters A–Z and a–z, digits, and single
        spaces between them.
    seed : int, optional
        Determines the choice and the random colours and phases of the drawing; in [0, 2³²).

    Raises
    ------
    ValueError
        For a seed outside its range.
    traitlets.TraitError
        For a word that cannot be drawn, also when it is replaced.

    Examples
    --------
    >>> Waiting(WaitingPicture.SHADOWS, text="42 frames").text
    '42 frames'
    """

    _esm = bundle(_HERE / "waiting.js")
    _css = stylesheet(_HERE / "studio.css")

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
        """The drawing."""
        return WaitingPicture(self._picture)

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        text: str = proposal["value"]
        if len(text) > _LETTERS or not _WORD.fullmatch(text):
            raise traitlets.TraitError(
                f"text must be 1 to {_LETTERS} of A–Z, a–z, 0–9 and single spaces, is {text!r}"
            )
        return text
