"""The settings of weights, pictures, clips and files, each written once with its default."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..errors import SettingsError
from .fields import (
    NameOrFunction,
    Settings,
    Tunable,
    check,
    check_layer_count,
    check_number,
    check_offsets,
    documented,
    shot_numbers,
    tunable,
)

# Losses are float32: far larger weights would overflow to infinity.
_MAX_WEIGHT = 1e12


class OptimizerMethod(Enum):
    """The optimiser: bounded L-BFGS, which gives the better picture, or Adam."""

    LBFGS = "lbfgs"
    ADAM = "adam"


class Init(Enum):
    """Where a picture starts: from the content in the style's colours, or from uniform noise."""

    CONTENT = "content"
    NOISE = "noise"


class Colors(Enum):
    """Whose colours a picture has.

    STYLE: those of the style. CONTENT: those of the content, because the style is given its
    colours first. LUMINANCE: every pixel keeps its colour difference from grey, and only becomes
    lighter or darker (Gatys et al. 2016, *Preserving Color in Neural Artistic Style Transfer*, §3
    and §4).
    """

    STYLE = "style"
    CONTENT = "content"
    LUMINANCE = "luminance"


class Start(Enum):
    """Where a later frame of a clip starts, from worst to best in Ruder et al. 2016, Table 1."""

    RANDOM = "random"
    PREVIOUS = "previous"
    WARPED = "warped"


def _weight(
    default: float, help: str, flag: str, slider: tuple[float, float], start: float = 1.0
) -> Any:
    """A field of `Weights`; the label of a weight is that of its row in `losses.TERMS`."""
    return tunable(default, help, high=_MAX_WEIGHT, flag=flag, slider=slider, start=start)


STRENGTH = Tunable(
    "more photograph, below 1, or more painting, above: changes β and edges together",
    "strength",
    low=0.01,
    high=100.0,
    flag="--strength",
    slider=(-1, 1),
)
"""What is known of the one control above the weights, see `Weights.at_strength`."""


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Weights(Settings):
    """The weight of each term of the loss: the report's best values, α = 1, β = 10⁴, γ = 4·10².

    A weight means the same on every backbone and picture size, because features are calibrated
    (see `stylekit.vgg.features.MEAN_ACTIVATION`). A new term of `stylekit.losses.TERMS` needs a
    field here. Raises SettingsError for values that are negative, too large or no numbers.

    Examples
    --------
    >>> Weights(beta=3e4).to_json()
    {'alpha': 1.0, 'beta': 30000.0, 'gamma': 400.0, 'edges': 0.6, 'tv': 0.025}
    """

    alpha: float = _weight(1.0, "keeps what the photograph shows", "--alpha", (-3, 3))
    beta: float = _weight(1e4, "asks for the painting's strokes and colours", "--beta", (1, 7), 1e4)
    gamma: float = _weight(
        4e2,
        "holds a clip's frame to the one before; no effect on a picture",
        "--gamma",
        (0, 6),
        4e2,
    )
    edges: float = _weight(0.6, "keeps edges: faces, towers, branches", "--edges", (-3, 3), 0.6)
    tv: float = _weight(0.025, "smooths: takes away ripples, then detail", "--tv", (-4, 2), 0.025)
    layers: tuple[float, ...] = tunable(
        (),
        "the share w_l of each style layer in the style loss; empty: the settings' own shares",
        label="style layer weights",
        high=_MAX_WEIGHT,
        slider=(-2, 2),
    )

    def __post_init__(self) -> None:
        if not isinstance(self.layers, (list, tuple)):
            raise SettingsError("layers", f"must be a sequence of numbers, is {self.layers!r}")
        # JSON gives a list, and weights that hold a list could not be hashed.
        object.__setattr__(self, "layers", tuple(self.layers))
        check(self)

    def at_strength(self, strength: float) -> Weights:
        """More painting, above 1, or more photograph, below 1; 1 changes nothing.

        β grows with the strength, and the weight of edges falls with it.

        Parameters
        ----------
        strength : 0.01 to 100.

        Raises
        ------
        SettingsError
            If the strength, or a weight that follows, is out of range.

        Examples
        --------
        >>> Weights().at_strength(2)
        Weights(alpha=1.0, beta=20000.0, gamma=400.0, edges=0.3, tv=0.025, layers=())
        """
        check_number("strength", strength, STRENGTH)
        return dataclasses.replace(self, beta=self.beta * strength, edges=self.edges / strength)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types, without `layers` if they are empty.

        Files therefore agree with those of versions that had no layer weights.
        """
        fields = Settings.to_json(self)  # super() fails in classes that `slots=True` has remade
        return fields if self.layers else {k: v for k, v in fields.items() if k != "layers"}


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(Settings):
    """How one picture is painted, with `weights` unless a step is given others.

    A picture is finished before its last step when its loss has fallen by less than the relative
    `tolerance` over `patience` steps. Each of `scales` is twice as large as the one before.
    `pooling` is a name in `stylekit.vgg.features.POOLINGS`, or a function that halves maps
    `(1, h, w, channels)`; `style_loss` is a name in `stylekit.vgg.statistics.STYLE_LOSSES`, or a
    `Statistic`. Raises SettingsError for values out of range.

    Examples
    --------
    >>> ImageSettings(size=256, steps=50).weights.beta
    10000.0
    """

    # Looked up when settings are made: a test, or a notebook, may add a weight at run time.
    weights: Weights = field(default_factory=lambda: Weights())
    size: int = tunable(
        384, "longest side in pixels", unit="px", low=32, high=4096, flag="--size", metavar="N"
    )
    steps: int = tunable(
        50,
        "the most optimiser steps, at each scale",
        low=1,
        high=10**5,
        flag="--steps",
        metavar="N",
    )
    scales: int = tunable(
        3,
        "sizes to paint from coarse to fine: more give larger strokes",
        low=1,
        high=6,
        flag="--scales",
        metavar="N",
    )
    optimizer: OptimizerMethod = tunable(
        OptimizerMethod.LBFGS, "lbfgs paints better", flag="--optimizer"
    )
    backbone: str = tunable(
        "auto",
        "auto, vgg19, vgg16 or the path of a weight file; auto is VGG19 where Keras has its "
        "weights or can download them, else the embedded VGG16",
        flag="--backbone",
        metavar="NET",
    )
    pooling: NameOrFunction = tunable(
        "average", "how the network halves its maps", flag="--pooling"
    )
    init: Init = tunable(
        Init.CONTENT, "where the first frame starts", flag="--init", metavar="content|noise"
    )
    colors: Colors = tunable(
        Colors.STYLE,
        "whose colours the picture has: those of the style, or of the content; luminance changes "
        "only how light each pixel is",
        flag="--colors",
    )
    style_scale: float = tunable(
        1.0,
        "the size of the painting's strokes: the longest side of the style, divided by that of the "
        "picture",
        label="scale of strokes",
        low=0.1,
        high=10,
        flag="--style-scale",
        metavar="X",
    )
    style_loss: NameOrFunction = tunable(
        "gram", "what the style loss compares of the features", flag="--style-loss"
    )
    seed: int = tunable(0, "of the noise", high=2**32 - 1, flag="--seed", metavar="N")
    content_layers: tuple[str, ...] = tunable(
        ("block4_conv2",), "layers whose features the content loss compares"
    )
    style_layers: tuple[str, ...] = tunable(
        ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"),
        "layers whose Gram matrices the style loss compares",
    )
    style_layer_weights: tuple[float, ...] = tunable(
        (),
        "the share of each style layer in the style loss, separated by commas; 1 each unless given",
        flag="--layer-weights",
        metavar="W,W,…",
    )
    margin: int = tunable(
        8,
        "how far the network sees a picture continued beyond its borders, as in a mirror",
        unit="px",
        high=64,
    )
    tolerance: float = tunable(
        1e-2, "a picture is finished when its loss falls by less than this share", high=1
    )
    patience: int = tunable(10, "over this many steps", unit="steps", low=1, high=10_000)

    def __post_init__(self) -> None:
        check(self)
        for name in ("content_layers", "style_layers"):
            layers = getattr(self, name)
            if not layers or len(set(layers)) < len(layers):
                raise SettingsError(name, "name at least one layer, and none twice")
        check_layer_count("style_layer_weights", self.style_layer_weights, self.style_layers)
        check_layer_count("layers", self.weights.layers, self.style_layers)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ImageSettings:
        """As of all settings, and of the files of version 0.1.

        Those say `keep_colors` in place of `colors`. Their pictures were painted without the edge
        term and without a margin.
        """
        if isinstance(data, dict) and "keep_colors" in data:
            data = {"margin": 0, "weights": {}} | data
            kept = data.pop("keep_colors")
            data["colors"] = (Colors.LUMINANCE if kept else Colors.STYLE).value
            if isinstance(data["weights"], dict):
                data["weights"] = {"edges": 0.0} | data["weights"]
        # super() fails in classes that `slots=True` has remade.
        return Settings.from_json.__func__(cls, data)  # type: ignore[attr-defined]

    @property
    def keep_colors(self) -> bool:
        """Whether only the luminance of each pixel may change."""
        return self.colors is Colors.LUMINANCE


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSettings(Settings):
    """How a clip is painted; `image` holds what concerns every frame.

    `image.steps` are the steps of a first frame. `flow` is a name in `stylekit.motion.flow.FLOWS`
    or a function `(source, target) -> flow`, `mask` a name in `stylekit.motion.masks.MASKS` or a
    `MaskFunction`. Such names are looked up where they are used, so that settings which name
    another person's function can be read. Raises SettingsError for values out of range.

    Examples
    --------
    >>> VideoSettings(flow="farneback").to_json()["flow"]
    'farneback'
    """

    image: ImageSettings = field(default_factory=lambda: ImageSettings(size=256))
    frame_steps: int = tunable(
        5, "the most steps of a later frame", low=1, high=10**5, flag="--frame-steps", metavar="N"
    )
    flow: NameOrFunction = tunable("dis", "where optical flow comes from", flag="--flow")
    mask: NameOrFunction = tunable("paper", "how flow is judged", flag="--mask")
    independent: bool = tunable(
        False, "style every frame by itself: flickers, for comparison", flag="--independent"
    )
    start: Start = tunable(Start.WARPED, "where a later frame starts")
    offsets: tuple[int, ...] = tunable(
        (1,),
        "the earlier frames that each frame is held to, counted back from it, with commas between "
        "them: with 1,2,4,8 what was covered for a few frames comes back more like it was "
        "(default: 1, the frame before)",
        label="older frames",
        flag="--offsets",
        metavar="1,N,…",
    )
    passes: int = tunable(
        1,
        "how often each frame is painted, by turns forward and backward in time: what comes into "
        "sight late, or at the seam of a loop, then fits on both sides",
        label="passes",
        low=1,
        high=20,
        flag="--passes",
        metavar="N",
    )
    loop: bool = tunable(
        False,
        "the clip is a loop, its last frame is followed by its first; needs 2 passes or more",
        label="loop",
        flag="--loop",
    )
    shots: str = tunable(
        "auto",
        "the first frames of the shots, counted from 0, with commas between them; auto finds them",
        flag="--shots",
        metavar="auto|N,N,…",
    )
    cut_share: float = tunable(
        0.25,
        "where less than this share of the flow is reliable, a frame that hardly looks like the "
        "one before starts a new shot",
        high=1,
    )
    motion_boundary: bool = tunable(True, "trust no flow at motion boundaries")
    dilate: int = tunable(0, "how far areas of unreliable flow are enlarged", unit="px", high=16)

    def __post_init__(self) -> None:
        check(self)
        shot_numbers(self.shots)
        check_offsets(self.offsets)
        if self.loop and self.passes < 2:
            raise SettingsError(
                "loop",
                "needs at least 2 passes, because the first frame is painted before the last",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits(Settings):
    """The largest and smallest pictures and clips that are read, checked before decoding."""

    picture_pixels: int = tunable(
        50_000_000, "the most pixels of a picture", unit="px", low=1, flag="--max-pixels"
    )
    picture_bytes: int = tunable(
        50_000_000,
        "the most bytes of the file of a picture",
        unit="bytes",
        low=1,
        flag="--max-bytes",
    )
    min_side: int = tunable(16, "the least pixels of a side", unit="px", low=1, flag="--min-side")
    max_aspect: float = tunable(
        20.0, "the most that the longer side is, divided by the shorter", low=1, flag="--max-aspect"
    )
    clip_side: int = tunable(
        4096, "the most pixels of a side of a clip", unit="px", low=1, flag="--max-side"
    )
    clip_frames: int = tunable(3000, "the most frames of a clip", low=1, flag="--max-frames")
    clip_bytes: int = tunable(
        500_000_000,
        "the most bytes of the file of a clip",
        unit="bytes",
        low=1,
        flag="--max-clip-bytes",
    )
