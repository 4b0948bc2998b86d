"""The settings of a clip that is painted from keyframes."""

from __future__ import annotations

from enum import Enum


class KeyMethod(Enum):
    """How a painting is carried to the other frames of a clip.

    PATCH: each frame is rebuilt from small pieces of the painting (Jamriška et al. 2019). NETWORK:
    a network learns from the painted frames and paints the others (Texler et al. 2020). AUTO:
    patches; the network where a shot has no painted frame.
    """

    AUTO = "auto"
    PATCH = "patch"
    NETWORK = "network"
