"""Still figures from arrays.

Every function returns a `matplotlib.figure.Figure` that is made without pyplot, so nothing is
shown and no global state changes. The background is white, so that figures are readable on dark
pages. Line styles, hatching and text distinguish what colours distinguish.
"""

from .ablation import plot_flow_ablation
from .answers import plot_answers
from .curves import plot_losses, plot_precision_recall
from .error_maps import plot_warping_error
from .flows import flow_to_color, plot_flow, plot_flows
from .masks import plot_mask, plot_truth
from .sheets import plot_clips, plot_contact_sheet, plot_frames
from .strips import plot_time_strip
from .style import encode_png, save_figure

__all__ = [
    "encode_png",
    "flow_to_color",
    "plot_answers",
    "plot_clips",
    "plot_contact_sheet",
    "plot_flow",
    "plot_flow_ablation",
    "plot_flows",
    "plot_frames",
    "plot_losses",
    "plot_mask",
    "plot_precision_recall",
    "plot_time_strip",
    "plot_truth",
    "plot_warping_error",
    "save_figure",
]
