"""One picture: what is minimised, by which optimiser, and the stylization as a whole."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
