"""stylekit: neural style transfer for pictures and videos."""

__version__ = "0.1.0"
