"""The equations of the loss: a function for each term, with where it differs from the papers.

References
----------
"Report" is the design that stylekit implements; its equations 1 to 3 are those of Gatys et al.,
with other normalisations.

- Gatys, Ecker & Bethge 2016, *Image Style Transfer Using Convolutional Neural Networks*.
- Ruder, Dosovitskiy & Brox 2016, *Artistic Style Transfer for Videos*.
- Li, Xu, Nie & Liu 2017, *Laplacian-Steered Neural Style Transfer*.
- Mahendran & Vedaldi 2015, *Understanding Deep Image Representations by Inverting Them*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..arrays import LUMINANCE
from ..vgg.runtime import tf
from ..vgg.statistics import Statistic, StyleTarget, gram_matrix

PIXEL_UNIT = 0.065
"""The pixel range u of the temporal term: white, which is 1 in an Image, counts as this much.

It makes the report's γ = 4·10² a balanced default. At the report's α and β the content and
the style term of a finished picture weigh 4·10⁻³ to 10⁻² each. Frames that are styled one by one
differ from their warped predecessor by r = 0.09 to 0.16. At about half of that, r = 0.06, the
temporal term should weigh as much as either: γ u² r² = 4·10² · u² · 3.6·10⁻³ = 6·10⁻³, hence
u = 0.065. On the clip `orbit` in the style `cubist`, u = 0.13 raises the style distance from 1.4
to 2.0·10⁻⁷, and u = 0.05 raises the root warping error from 0.024 to 0.027. All this was measured
at one size, without the edge term, and with style layers that all counted the same.
"""

EDGE_POOLINGS = {2: 0.05, 4: 1.0, 8: 1.0}
"""The sides of the squares, in pixels, that are averaged before edges are compared: their weights.

The edges of single pixels are left out, and the finest ones count little: brush strokes take their
place. With full weight, walls, fur and towers would stay photographs.
"""

_COLOUR_EDGES = 0.15
EDGE_CHANNELS = np.stack(
    [
        LUMINANCE,
        _COLOUR_EDGES**0.5 * (np.array([1, 0, 0], np.float32) - LUMINANCE),
        _COLOUR_EDGES**0.5 * (np.array([0, 0, 1], np.float32) - LUMINANCE),
    ],
    axis=1,
)
"""The channels whose edges are compared: Y, √a (R − Y) and √a (B − Y), a column each, `(3, 3)`.

a = 0.15: with luminance alone, streaks of another colour were laid across a face; with 0.5, less
of the style's colours came in.
"""

EDGE_UNIT = 2e-4
"""The e₁ of `edge_shares`: a Laplacian of √e₁, 4 of 255 levels, is hardly an edge.

The built-in photographs have 0.007 to 0.18 in the mean, at 192 and 384 pixels; a smooth gradient
has 10⁻⁵ at most. Without e₁ the faint edges of a plain picture would count as much as those of any
other, and forbid brush strokes everywhere. With 10⁻³, a red stroke was laid across a cheek, whose
edges are faint too.
"""

STEP_UNIT = 0.01
"""The ε of total variation: steps below it, 2.5 of 255 levels, count about by their square."""

DIRECTION_SHARES = {
    (rows, columns): 1 / (abs(rows) + abs(columns)) ** 0.5 / (1 + 2**0.5)
    for rows, columns in ((1, 0), (0, 1), (1, 1), (1, -1))
}
"""The share of the steps to a neighbour, rows down and columns across, in total variation.

A step at 45° is √2 times as long as an upright one.
"""

# A style in which `style_calibration` measures this counts as the equation says; paintings have
# about 4e-5 in the mean. Chosen by eye, with the default β and total variation.
_STYLE_UNIT = 3e-4

# With 1, thin trees were lost in a dark painting; with 1/2, glass left much unpainted, and with a
# larger e₀ in its place a face was lost in a dark painting.
_STYLE_EXPONENT = 0.25

# A picture of one colour may have almost nothing to compare.
_MAX_CALIBRATION = 10.0


def content_loss(features: Mapping[str, tf.Tensor], targets: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """How far the features of a picture are from those of the content.

    L_content = Σ_l 1/(N_l M_l) Σ_ij (F_ij − P_ij)², with N_l filters and M_l positions in layer l.

    Parameters
    ----------
    features : F by layer, each `(1, h, w, N)`; layers without a target do not count.
    targets : P by layer, in the same shapes.

    References
    ----------
    Report, eq. 2.

    Examples
    --------
    >>> float(content_loss({"layer": np.float32([[1, 2]])}, {"layer": np.float32([[1, 4]])}))
    2.0
    """
    return tf.add_n(
        [tf.reduce_mean(tf.square(features[layer] - P)) for layer, P in targets.items()]
    )


def style_loss(
    features: Mapping[str, tf.Tensor],
    targets: Mapping[str, tf.Tensor],
    layer_weights: Sequence[float] | None = None,
    *,
    statistic: Statistic = gram_matrix,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> tf.Tensor:
    """How far the Gram matrices of a picture are from those of the style.

    L_style = Σ_l w_l 1/(N_l² M_l²) Σ_ij (G_ij − A_ij)², with G and A as in the report; here the
    division by M_l² is part of `gram_matrix`. The mean square of another statistic's difference is
    taken in the same way. With masks m_l each layer counts by its mean mask too: the part of the
    picture that is compared.

    Parameters
    ----------
    features : F by layer, each `(1, h, w, N)`.
    targets : A by layer, each `(N, N)`.
    layer_weights : w_l, one for each target; 1 unless given.
    statistic : What G and A are; see `stylekit.vgg.statistics`.
    masks : m_l by layer, each `(h, w)`; the whole picture unless given.

    References
    ----------
    Report, eq. 3. With masks: Gatys et al. 2017, *Controlling Perceptual Factors in Neural Style
    Transfer*, §4.
    """
    shares = layer_weights or (1.0,) * len(targets)
    losses = []
    for (layer, A), w in zip(targets.items(), shares, strict=True):
        mask = masks[layer] if masks else None
        found = statistic(features[layer], mask, math.prod(features[layer].shape[1:3]))
        losses.append(w * statistic_loss(found, A, mask))
    return tf.add_n(losses)


def statistic_loss(found: tf.Tensor, wanted: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor:
    """The mean square of `found` − `wanted`, times the mean of a mask: the part it stands for."""
    loss = tf.reduce_mean(tf.square(found - wanted))
    return loss if mask is None else loss * tf.reduce_mean(mask)


def style_calibration(grams: Sequence[Mapping[str, tf.Tensor]], shares: Sequence[float]) -> float:
    """The factor of the style loss with which one β suits every style.

    ⁴√(e₀ / e) with e = Σ_l mean (A_l)² and e₀ = 3·10⁻⁴, and at least 1/10, at most 10.
    Gram matrices of a pale or dark style are small, of a stained glass window large: their squares
    differ up to 20 times, and so would the strength with which a style is painted.

    Parameters
    ----------
    grams : A by layer, each `(N, N)`, of one style or of several that are blended.
    shares : How much each of them counts; they add up to 1.

    Examples
    --------
    >>> grams = {"layer": np.full((2, 2), 3e-4**0.5, np.float32)}
    >>> round(style_calibration([grams], [1.0]), 3)
    1.0
    """
    size = sum(
        share * float(tf.reduce_mean(tf.square(A)))
        for share, of_style in zip(shares, grams, strict=True)
        for A in of_style.values()
    )
    if size <= 0:
        return _MAX_CALIBRATION
    factor = (_STYLE_UNIT / size) ** _STYLE_EXPONENT
    return min(max(factor, 1 / _MAX_CALIBRATION), _MAX_CALIBRATION)


def style_losses(features: Mapping[str, tf.Tensor], parts: Sequence[StyleTarget]) -> tf.Tensor:
    """The `style_loss` of each layer, without layer weights, summed over the parts of a picture.

    Parameters
    ----------
    features : F by layer, each `(1, h, w, N)`.
    parts : The parts of the picture, and what each is compared with.
    """

    def loss(part: StyleTarget, layer: str) -> tf.Tensor:
        wanted = {layer: part.statistics[layer]}
        return part.weight * style_loss(
            features, wanted, statistic=part.statistic, masks=part.masks
        )

    layers = parts[0].statistics
    return tf.stack([tf.add_n([loss(part, layer) for part in parts]) for layer in layers])


def temporal_loss(image: tf.Tensor, warped: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """How far a frame is from the previous stylised frame, warped along the optical flow.

    L_temporal = 1/D Σ_k c_k (u x_k − u ω_k)², with D = W·H·3 values and u = `PIXEL_UNIT`. Where
    the mask c is zero, the gradient is exactly zero. Differs from the paper, where u is 255.

    Parameters
    ----------
    image, warped : x and ω, each `(H, W, 3)` in [0, 1].
    mask : c, `(H, W)` in [0, 1]: how far the flow can be trusted at each pixel.

    References
    ----------
    Ruder et al. 2016, eq. 6.
    """
    return tf.reduce_mean(mask[..., tf.newaxis] * tf.square(PIXEL_UNIT * (image - warped)))


def edge_maps(image: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """The Laplacians ∇² P_k(x C) of a picture's channels, one for each of `EDGE_POOLINGS`.

    C is `EDGE_CHANNELS`: luminance and two differences of colour. P_k is the average over the
    square of k × k pixels around each pixel; ∇² is the sum of the four squares at a distance of k
    pixels minus four times the square itself. With fewer squares, one every k or k/2 pixels, a
    painting would show their grid. Beyond the border the outermost squares are repeated: a border
    without a map would be where a style puts all that is not wanted inside.

    Parameters
    ----------
    image : x, `(H, W, 3)`.

    Returns
    -------
    Maps `(1, H, W, 3)`.

    Examples
    --------
    >>> [tuple(edges.shape) for edges in edge_maps(np.ones((16, 30, 3), np.float32))]
    [(1, 16, 30, 3), (1, 16, 30, 3), (1, 16, 30, 3)]
    """
    channels = tf.tensordot(image, tf.constant(EDGE_CHANNELS), 1)[tf.newaxis]
    height, width = channels.shape[1:3]
    maps = []
    for k in EDGE_POOLINGS:
        # A window that is larger than the picture would have a wrong gradient in TensorFlow.
        p = tf.nn.avg_pool2d(channels, [min(k, height), 1], 1, "SAME")
        p = tf.nn.avg_pool2d(p, [1, min(k, width)], 1, "SAME")
        above, below = tf.repeat(p[:, :1], k, 1), tf.repeat(p[:, -1:], k, 1)
        left, right = tf.repeat(p[:, :, :1], k, 2), tf.repeat(p[:, :, -1:], k, 2)
        high, wide = tf.concat([above, p, below], 1), tf.concat([left, p, right], 2)
        down = high[:, :height] + high[:, 2 * k :]
        across = wide[:, :, :width] + wide[:, :, 2 * k :]
        maps.append(down + across - 4.0 * p)
    return tuple(maps)


class EdgeTarget(NamedTuple):
    """The `edges` E_k that a picture should keep, `(1, H, W, 3)`, and their `edge_shares` m_k."""

    edges: tf.Tensor
    shares: tf.Tensor


def edge_targets(image: tf.Tensor) -> tuple[EdgeTarget, ...]:
    """What `edge_loss` compares with: the edges of a picture `(H, W, 3)`."""
    maps = zip(edge_maps(image), EDGE_POOLINGS, strict=True)
    return tuple(EdgeTarget(E, edge_shares(E, k)) for E, k in maps)


def edge_loss(image: tf.Tensor, targets: Sequence[EdgeTarget]) -> tf.Tensor:
    """How far the edges of a picture are from those that it should keep.

    L_edges = Σ_k w_k mean m_k |∇² P_k(x C) − E_k|², with the weights w_k of `EDGE_POOLINGS`, the
    channels C, `edge_maps` and the `edge_shares` m_k. The default content layer hardly sees a face,
    or a bright tower before a bright sky; these edges do. Where there are none, strokes are free.

    Parameters
    ----------
    image : x, `(H, W, 3)`.
    targets : The `edge_targets` of the content in the style's colours.

    References
    ----------
    Li et al. 2017. Here colours count less than luminance, the Laplacian comes after averages over
    three sizes of squares, and plain areas do not count.
    """
    found = edge_maps(image)
    return tf.add_n(
        [
            weight * tf.reduce_mean(target.shares * _squares(edges - target.edges))
            for weight, edges, target in zip(EDGE_POOLINGS.values(), found, targets, strict=True)
        ]
    )


def _squares(edges: tf.Tensor) -> tf.Tensor:
    """|E|² over the channels, `(1, H, W, 1)`."""
    return tf.reduce_sum(tf.square(edges), -1, keepdims=True)


def edge_shares(edges: tf.Tensor, side: int) -> tf.Tensor:
    """How much each position of an edge map counts: m = e / (e + mean e + e₁), from 0 to 1.

    e is the mean of the square of E in luminance over a square of about 2.5 k pixels, e₁ is
    `EDGE_UNIT`. At an average edge m is nearly one half, in a plain area nearly 0: there the
    Laplacian of a painting is that of its brush strokes.

    Parameters
    ----------
    edges : E, one of the `edge_maps`, `(1, H, W, 3)`.
    side : k, the side of its squares in pixels.

    Returns
    -------
    `(1, H, W, 1)`.

    Examples
    --------
    >>> shares = edge_shares(np.full((1, 4, 4, 3), 0.1, np.float32), 2)
    >>> print(shares.numpy()[0, :, :, 0].round(3)[0])
    [0.495 0.495 0.495 0.495]
    """
    # An odd side, so that the area lies evenly around its pixel.
    window = 5 * side // 2 // 2 * 2 + 1
    strength = tf.square(edges[..., :1])
    for size in ([window, 1], [1, window]):
        strength = tf.nn.avg_pool2d(strength, size, 1, "SAME")
    return strength / (strength + tf.reduce_mean(strength) + EDGE_UNIT)


def total_variation_loss(image: tf.Tensor) -> tf.Tensor:
    """How long the steps of colour between neighbouring pixels are, in four directions.

    L_tv = (S(1, 0) + S(0, 1) + (S(1, 1) + S(1, −1)) / √2) / (1 + √2), with
    S(a, b) = mean_ij φ(|x_{i+a,j+b} − x_{i,j}|), the length |·| of a step in RGB and
    φ(t) = √(t² + ε²) − ε, ε = `STEP_UNIT`.

    φ(t) is nearly t: one large step costs no more than many small ones with the same sum. So
    ripples in a plain area are made flat, and the edges of strokes stay. Squares of the steps, as
    in many published codes, would take away the edges first.

    An edge costs the same upright, level and at 45°, and at most 9 % more between. With upright
    and level neighbours alone it would cost up to 41 % more when it is slanted, so that slanted
    lines would turn into stairs.

    Parameters
    ----------
    image : x, `(H, W, 3)`.

    References
    ----------
    Rudin, Osher & Fatemi 1992, *Nonlinear total variation based noise removal algorithms*; of all
    three colours together. Boykov & Kolmogorov 2003, *Computing geodesics and minimal surfaces via
    graph cuts*, has the shares of the directions, for eight neighbours.

    Examples
    --------
    Ten steps of 0.1 cost nearly as much as one step of 1 in the same place:

    >>> ramp = np.repeat(np.linspace(0, 1, 11, dtype=np.float32)[None, :, None], 3, axis=2)
    >>> edge = np.float32(ramp > 0.5)
    >>> round(float(total_variation_loss(ramp) / total_variation_loss(edge)), 2)
    0.95
    """
    steps = {
        (1, 0): image[1:] - image[:-1],
        (0, 1): image[:, 1:] - image[:, :-1],
        (1, 1): image[1:, 1:] - image[:-1, :-1],
        (1, -1): image[1:, :-1] - image[:-1, 1:],
    }
    # A picture one pixel high has no steps down, and their mean would be NaN.
    return tf.add_n(
        [
            DIRECTION_SHARES[way]
            * tf.reduce_sum(_nearly_length(step))
            / max(1, math.prod(step.shape[:2]))
            for way, step in steps.items()
        ]
    )


def _nearly_length(step: tf.Tensor) -> tf.Tensor:
    """φ of the length of each step; unlike the length itself, it has a gradient at 0."""
    return tf.sqrt(tf.reduce_sum(tf.square(step), -1) + STEP_UNIT**2) - STEP_UNIT
