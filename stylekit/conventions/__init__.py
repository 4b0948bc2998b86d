"""What weights mean in published codes, and what they are here; and how balanced weights are.

>>> translator = Translator(objective.extractor, content, style, settings)
>>> translation = translator.translate(JOHNSON, JOHNSON.weights)
>>> translation.weights.beta, translation.notes
>>> balance(objective, targets, image, translation.weights).words
('Style pulls 40 times as hard as content.',)
"""

from .balance import Balance, balance
from .published import (
    CONVENTIONS,
    CROWSON,
    D2L,
    JOHNSON,
    KERAS,
    NEURAL_STYLE_TF,
    REPORT,
    RUDER,
    TENSORFLOW,
    Convention,
    LayerShape,
)
from .translation import Translation, Translator

__all__ = [
    "CONVENTIONS",
    "CROWSON",
    "D2L",
    "JOHNSON",
    "KERAS",
    "NEURAL_STYLE_TF",
    "REPORT",
    "RUDER",
    "TENSORFLOW",
    "Balance",
    "Convention",
    "LayerShape",
    "Translation",
    "Translator",
    "balance",
]
