"""Panels for notebooks: the Python of each, and its JavaScript beside it.

Nothing is fetched from the network, and a panel's callbacks may run on any thread.
"""

from .alerts import Alerts
from .mask_explorer import MaskExplorer
from .picture_canvas import PictureCanvas
from .smudge_probe import SmudgeProbe

__all__ = ["Alerts", "MaskExplorer", "PictureCanvas", "SmudgeProbe"]
