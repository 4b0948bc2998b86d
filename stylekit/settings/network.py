"""The settings of the network that learns to paint from a few painted frames of a clip."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SettingsError
from .fields import Settings, check, documented, tunable


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings(Settings):
    """How a small network learns from keyframes: the paper's values where two cores allow them.

    Training stops after `seconds` or `steps`, whichever comes first. With a limit of steps that is
    reached first, the same inputs give the same weights on one machine.

    Texler et al. 2020 have a `width` of 32, 7 `blocks` and an `adversarial` weight of 0.5, which
    need a graphics card. Raises SettingsError for values out of range.

    Examples
    --------
    >>> NetworkSettings(steps=50).to_json()["patch"]
    32
    """

    seconds: float = tunable(
        240.0,
        "how long the network learns, if it does not take all steps before",
        low=0.0,
        flag="--train-seconds",
        metavar="S",
    )
    steps: int = tunable(1000, "the most steps of learning", low=1, high=10**6)
    patch: int = tunable(
        32,
        "the side of the patches that it learns from, a multiple of 4",
        unit="px",
        low=8,
        high=256,
    )
    batch: int = tunable(40, "the patches of a step", low=1, high=1000)
    learning_rate: float = tunable(4e-4, "the learning rate of Adam", high=1, slider=(-5, -2))
    l1: float = tunable(4.0, "asks for the colours of the painting", high=1e6, slider=(-2, 2))
    vgg: float = tunable(
        6.0, "asks for the strokes of the painting: VGG features", high=1e6, slider=(-2, 2)
    )
    adversarial: float = tunable(
        0.0,
        "asks for patches that a second network cannot tell from painted ones",
        high=1e6,
        slider=(-2, 2),
        start=0.5,
    )
    width: int = tunable(16, "the filters of the first layer", low=1, high=256)
    blocks: int = tunable(5, "the residual blocks", low=1, high=32)
    carried: bool = tunable(
        True, "the network also sees the painting, carried along by the flow, and mends it"
    )
    blobs: bool = tunable(
        True, "the network also sees blobs of random colours that are carried along by the flow"
    )
    steady: int = tunable(
        2,
        "the frames before and after that each frame of the input is averaged with, along the "
        "flow and where they look alike; 0 for none",
        high=16,
    )
    seed: int = tunable(0, "what random numbers start from", high=2**32 - 1)

    def __post_init__(self) -> None:
        check(self)
        if self.patch % 4:
            raise SettingsError("patch", f"must be a multiple of 4, is {self.patch}")
