"""Panels for notebooks: the Python of each, and its JavaScript beside it.

Nothing is fetched from the network, and a panel's callbacks may run on any thread.
"""

from .alerts import Alerts
from .clip_pair import ClipPair
from .download import Download
from .force_maps import ForceMaps
from .loss_curve import LossCurve
from .mask_explorer import MaskExplorer
from .picture_canvas import PictureCanvas
from .player import Player
from .smudge_probe import SmudgeProbe
from .split_view import SplitView
from .studio import Studio
from .upload import Upload
from .waiting import Waiting
from .weight_panel import WeightPanel
from .weight_translator import WeightTranslator
from .what_if_grid import WhatIf

__all__ = [
    "Alerts",
    "ClipPair",
    "Download",
    "ForceMaps",
    "LossCurve",
    "MaskExplorer",
    "PictureCanvas",
    "Player",
    "SmudgeProbe",
    "SplitView",
    "Studio",
    "Upload",
    "Waiting",
    "WeightPanel",
    "WeightTranslator",
    "WhatIf",
]
