"""The loss that stylekit minimises: its equations, and the table of its terms.

The loss of a picture x is the weighted sum of the terms in the table `TERMS` (`Losses.total`):

    L(x) = α L_content + β L_style + γ L_temporal + edges L_edges + tv L_tv

`equations` holds a function for each of them, `terms` a table with a row for each term. To add a
term, write its equation and its row there, and its weight as a field of
`stylekit.settings.Weights`. A term that compares the picture with something new also needs a field
in `Targets`, which `Objective.targets` fills (`stylekit/image/objective.py`).

The loss is minimised by `Stylization.step` (`stylekit/image/stylization.py`) with an optimiser of
`stylekit/image/optimizer.py`. `VideoRun` (`stylekit/video/run.py`) paints a clip frame by frame:
what the temporal loss compares a frame with is made in `stylekit/video/earlier.py`, and
`FramePainting.paint` (`stylekit/video/goals.py`) takes the frame's steps.
"""

from .equations import (
    DIRECTION_SHARES,
    EDGE_CHANNELS,
    EDGE_POOLINGS,
    EDGE_UNIT,
    PIXEL_UNIT,
    STEP_UNIT,
    EdgeTarget,
    content_loss,
    edge_loss,
    edge_maps,
    edge_shares,
    edge_targets,
    gram_matrix,
    statistic_loss,
    style_calibration,
    style_loss,
    style_losses,
    temporal_loss,
    total_variation_loss,
)
from .terms import (
    TERMS,
    Losses,
    Measure,
    PerTerm,
    Targets,
    Term,
    only,
    weight_of,
    without_masks,
)

__all__ = [
    "DIRECTION_SHARES",
    "EDGE_CHANNELS",
    "EDGE_POOLINGS",
    "EDGE_UNIT",
    "PIXEL_UNIT",
    "STEP_UNIT",
    "TERMS",
    "EdgeTarget",
    "Losses",
    "Measure",
    "PerTerm",
    "Targets",
    "Term",
    "content_loss",
    "edge_loss",
    "edge_maps",
    "edge_shares",
    "edge_targets",
    "gram_matrix",
    "only",
    "statistic_loss",
    "style_calibration",
    "style_loss",
    "style_losses",
    "temporal_loss",
    "total_variation_loss",
    "weight_of",
    "without_masks",
]
