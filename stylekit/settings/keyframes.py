"""The settings of a clip that is painted from keyframes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .fields import NameOrFunction, Settings, check, documented, shot_numbers, tunable
from .network import NetworkSettings
from .patches import PatchSettings


class KeyMethod(Enum):
    """How a painting is carried to the other frames of a clip.

    PATCH: each frame is rebuilt from small pieces of the painting (Jamriška et al. 2019). NETWORK:
    a network learns from the painted frames and paints the others (Texler et al. 2020). AUTO:
    patches; the network where a shot has no painted frame.
    """

    AUTO = "auto"
    PATCH = "patch"
    NETWORK = "network"


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyframeSettings(Settings):
    """How a clip is painted from keyframes.

    `patches` and `network` hold what concerns one method alone, `flow` is that of `VideoSettings`.
    Raises SettingsError for values out of range.

    Examples
    --------
    >>> KeyframeSettings(shots="12").to_json()["method"]
    'auto'
    """

    method: KeyMethod = tunable(
        KeyMethod.AUTO,
        "patch rebuilds each frame from pieces of the painting; network learns from the painting; "
        "auto takes patches, and the network if a shot has no painted frame",
        flag="--method",
    )
    flow: NameOrFunction = tunable("dis", "where optical flow comes from", flag="--flow")
    shots: str = tunable(
        "auto",
        "the first frames of the shots, counted from 0, with commas between them; auto finds them",
        flag="--shots",
        metavar="auto|N,N,…",
    )
    patches: PatchSettings = field(default_factory=PatchSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)

    def __post_init__(self) -> None:
        check(self)
        shot_numbers(self.shots)
