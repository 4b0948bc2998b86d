"""Clips: a run that paints frame after frame, and the folder in which it is stored."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
