"""The motion between two frames: optical flow, where it can be trusted, and how good it is.

In this package `flow` lives on the grid of the frame that is judged, and `reverse` is the flow the
other way, on the other frame's grid. For frame i of a clip, `flow` is the backward flow ŵ
(i → i−1) and `reverse` the forward flow w (i−1 → i).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
