"""Arrays → still figures.

Every function returns a `matplotlib.figure.Figure` made without pyplot: nothing is shown, kept
or switched on behind the caller's back. The background is solid white, so that figures read on
dark pages too; colours are told apart without colour vision, by line style, hatching or text.
"""

from .canvas import save_figure
from .curves import plot_losses
from .motion import flow_to_color, plot_flow, plot_mask
from .sheets import plot_contact_sheet, plot_frames, plot_warping_error

__all__ = [
    "flow_to_color",
    "plot_contact_sheet",
    "plot_flow",
    "plot_frames",
    "plot_losses",
    "plot_mask",
    "plot_warping_error",
    "save_figure",
]
