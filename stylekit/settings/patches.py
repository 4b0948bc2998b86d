"""The settings of the patches that carry a painted frame through a clip."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SettingsError
from .fields import Settings, check, documented, tunable


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSettings(Settings):
    """How `stylekit.video.by_example` carries a keyframe's painting to other frames.

    `iterations`, `sweeps`, `patch`, `uniformity`, `position` and `previous` are those of Jamriška
    et al. 2019 and of the program that was published with it. Raises SettingsError for values out
    of range.

    Examples
    --------
    >>> PatchSettings(patch=7).iterations
    6
    """

    patch: int = tunable(
        5,
        "the side of a patch, an odd number",
        unit="px",
        low=3,
        high=15,
        flag="--patch",
        metavar="N",
    )
    levels: int = tunable(4, "the most sizes, each half of the next", low=1, high=8)
    iterations: int = tunable(
        6,
        "searches at each size, each followed by a vote",
        low=1,
        high=50,
        flag="--iterations",
        metavar="N",
    )
    sweeps: int = tunable(
        4, "how often each search goes over the frame", low=1, high=50, flag="--sweeps", metavar="N"
    )
    color: float = tunable(1.0, "the weight of what the frames show: their colours", high=100)
    edges: float = tunable(1.0, "the weight of their edges and fine detail", high=100)
    position: float = tunable(2.0, "the weight of the place along the flow", high=100)
    previous: float = tunable(
        0.5, "the weight of the painting of the frame before, along the flow", high=100
    )
    uniformity: float = tunable(
        3500.0,
        "what it costs to use a part of the painting once more, in squared 8-bit steps summed over "
        "a patch",
        high=1e6,
        flag="--uniformity",
        metavar="N",
    )
    seed: int = tunable(0, "of the random search", high=2**32 - 1)

    def __post_init__(self) -> None:
        check(self)
        if self.patch % 2 == 0:
            raise SettingsError("patch", f"must be an odd number, is {self.patch}")
