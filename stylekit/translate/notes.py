"""What a translation leaves behind, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..explain.balance import two_digits
from ..settings import ImageSettings, Weights, label_of
from ..vgg.features import POOLINGS
from ..vgg.weights import Backbone
from .published import PublishedCode


def notes_of(
    convention: PublishedCode,
    theirs: Weights,
    layers: tuple[float, ...],
    *,
    settings: ImageSettings,
    backbone: Backbone,
    same_shape: bool,
) -> tuple[str, ...]:
    """Sentences on what does not carry over from `convention` to `settings` and `backbone`.

    `layers` are the layer weights that make the style term exact, none where one β does;
    `same_shape` says whether content and style have one shape. Terms whose weight in `theirs` is
    0 are not spoken of.
    """
    return (
        *_on_layers(convention, theirs, settings, backbone),
        *_on_style(convention, theirs, layers, same_shape=same_shape),
        *_on_pixels(convention, theirs),
        *_on_network(convention, settings, backbone),
        *convention.quirks,
    )


def _on_layers(
    convention: PublishedCode, theirs: Weights, settings: ImageSettings, backbone: Backbone
) -> Iterator[str]:
    layer = convention.content_layer
    if theirs.alpha and settings.content_layers != (layer,):
        missing = "" if layer in backbone.kernels else f", which {backbone.name} does not have"
        yield (
            f"It compares the content at {layer}{missing}; "
            f"here that is at {_listed(settings.content_layers)}."
        )
    if theirs.alpha and len(settings.content_layers) > 1:
        yield "Content layers have no weights of their own here; α is right for their mean."
    if theirs.beta and set(settings.style_layers) != set(convention.style_layers):
        yield (
            f"It takes the style from {_listed(convention.style_layers)}; "
            f"here that is from {_listed(settings.style_layers)}."
        )


def _on_style(
    convention: PublishedCode,
    theirs: Weights,
    layers: tuple[float, ...],
    *,
    same_shape: bool,
) -> Iterator[str]:
    if not theirs.beta:
        return
    exact = convention.style_factor is not None
    if layers:
        weights = _listed([two_digits(weight) for weight in layers])
        yield (
            "One β cannot stand for the style term, whose layers all weigh differently. This β is "
            f"the best single one at the content picture; with the layer weights {weights} beside "
            f"it the term is {'exact' if exact else 'as close as it gets'}."
        )
    if not exact:
        yield (
            "Its style term compares means and covariances of features by their Wasserstein "
            "distance, not Gram matrices. Here each layer pulls as hard as there at the content "
            "picture, in another direction, and not as hard elsewhere."
        )
    if convention.stretches_style and not same_shape:
        yield "It forces the style picture into the shape of the content; here it keeps its own."


def _on_pixels(convention: PublishedCode, theirs: Weights) -> Iterator[str]:
    if theirs.gamma and convention.temporal_white is None and not convention.calibrated:
        yield "It has no temporal term, so that its γ means nothing; γ is 0 here."
    if theirs.tv and not convention.squared_variation:
        yield (
            "Its total variation is no mean of squares. The weight makes it as strong as there at "
            "the content picture, not elsewhere."
        )


def _on_network(
    convention: PublishedCode, settings: ImageSettings, backbone: Backbone
) -> Iterator[str]:
    if convention.pooling is not None and convention.pooling != settings.pooling:
        yield (
            f"It pools by {label_of(POOLINGS, convention.pooling)}; "
            f"here it is by {label_of(POOLINGS, settings.pooling)}."
        )
    if backbone.name != "vgg19" and not convention.calibrated:
        yield (
            f"It runs on VGG-19; its weights are translated as if it ran on {backbone.label}, "
            "whose activations have other sizes."
        )


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
