"""The network, VGG16 or VGG19: its weights, its features, and the use of TensorFlow."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
