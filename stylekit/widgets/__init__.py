"""Panels for notebooks: the Python of each, and its JavaScript beside it.

Nothing is fetched from the network, and a panel's callbacks may run on any thread.
"""

from .base.alerts import Alerts
from .base.download import Download
from .base.picture_canvas import PictureCanvas
from .base.upload import Upload
from .losses.explorer import LossExplorer
from .masks.explorer import MaskExplorer
from .pixels.probe import SmudgeProbe
from .player.clip_pair import ClipPair
from .player.force_maps import ForceMaps
from .player.loss_curve import LossCurve
from .player.player import Player
from .player.split_view import SplitView
from .studio.studio import Studio
from .studio.waiting import Waiting
from .weights.panel import WeightPanel
from .weights.translator import WeightTranslator
from .weights.what_if import WhatIf

__all__ = [
    "Alerts",
    "ClipPair",
    "Download",
    "ForceMaps",
    "LossCurve",
    "LossExplorer",
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
