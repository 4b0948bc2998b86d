"""Translates the weights of published codes for the picture at hand, and balances weights."""

from __future__ import annotations

import dataclasses
import html
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import ipywidgets

from ...arrays import Image
from ...errors import SettingsError
from ...explain.pulls import Balance, balance
from ...explain.words import explain_balance, two_digits
from ...image.colors import starting_picture
from ...image.objective import Objective, TemporalTarget
from ...image.scales import sized_style
from ...image.stylization import prepare_objective
from ...losses import TERMS, weight_of
from ...media.images import fitted_size, resize_image
from ...settings import ImageSettings, Weights
from ...translate.published import JOHNSON, PUBLISHED_CODES, PublishedCode
from ...translate.translation import Translation, Translator
from ..base import guarded
from ..base.alerts import Alerts

_LABEL = {"description_width": "110px"}
_TEXT_STYLE = "line-height:1.4;color:var(--jp-ui-font-color1,currentColor);overflow-wrap:anywhere"
_CELL_STYLE = (
    "padding:2px 12px 2px 0;text-align:left;"
    "border-bottom:1px solid var(--jp-border-color2,rgba(128,128,128,.5))"
)


class WeightHolder(Protocol):
    """What holds the weights in use, such as a `WeightPanel`."""

    def current(self) -> Weights:
        """The weights in use."""

    def set(self, weights: Weights) -> None:
        """Replace them."""


class WeightTranslator(guarded.VBox):
    """A panel that translates the weights of a published code, and balances weights.

    It shows which weights have here the effect that given weights have in the published code, and
    how hard the terms pull at the picture under them. Making it loads the network and translates
    once, which takes seconds::

        panel = sk.WeightPanel()
        sk.WeightTranslator(panel, content, style, settings, image=lambda: painting.image)

    Parameters
    ----------
    panel
        Where the weights come from that are balanced, and where the buttons set weights.
    content, style
        Images of any size.
    settings
        The settings that the picture is painted with.
    image
        Gives the present picture, at which the pulls are measured; the start if left out.
    temporal
        Temporal targets in the size that is painted.
    objective
        What `prepare_objective` gave for this style, to save preparing the network again.

    Raises
    ------
    ValueError
        If content or style is not an Image.
    SettingsError, WeightsError
        If the settings cannot be used, or the weights of the network cannot be loaded.
    """

    def __init__(
        self,
        panel: WeightHolder,
        content: Image,
        style: Image,
        settings: ImageSettings | None = None,
        *,
        image: Callable[[], Image] | None = None,
        temporal: Sequence[TemporalTarget] = (),
        objective: Objective | None = None,
    ) -> None:
        self._panel = panel
        self._settings = settings = settings or ImageSettings()
        # Callbacks come on any thread, and each reads what another may be replacing.
        self._lock = threading.RLock()
        self._content = _painted_size(content, settings)
        own_style = sized_style(style, settings, content=content)
        start = starting_picture(self._content, own_style, settings.colors)
        self._image = image or (lambda: start)
        self._objective = objective or prepare_objective(style, settings, content=content)
        self._targets = self._objective.targets(self._content, temporal)
        self._translator = Translator(self._objective.extractor, self._content, own_style, settings)
        self._translation: Translation | None = None
        self._filling = False
        self._alerts = Alerts()
        super().__init__(self._parts())
        with self._alerts.guard():
            self._translate()

    @property
    def translation(self) -> Translation:
        """The weights in the fields, translated. Raises SettingsError if they are no weights."""
        with self._lock:
            if self._translation is None:
                fields = {name: field.value for name, field in self._fields.items()}
                # What has no field, the edge term, is as in the code.
                theirs = dataclasses.replace(self._published.weights, **fields)
                self._translation = self._translator.translate(self._published, theirs)
            return self._translation

    def choose(self, code: PublishedCode) -> None:
        """Choose a published code, and fill in its default weights."""
        self._code.value = code.name

    def measure(self) -> Balance:
        """Measure and show how hard the terms pull at the present picture.

        The weights are those of the panel.
        """
        with self._lock:
            found = self._measured(self._panel.current())
            self._balance_line.value = _balance_html("The weights of the panel", found)
            return found

    def balance(self) -> Weights:
        """Set the panel to weights under which content and style pull equally hard.

        Raises SettingsError if there are none: at the content itself its term does not pull.
        """
        with self._lock:
            balanced = self._measured(self._panel.current()).balanced
            if balanced is None:
                raise SettingsError(
                    "balance", "the content does not pull yet; paint a few steps first"
                )
            return self._set(balanced)

    def take(self) -> Weights:
        """Set the panel to the translated weights."""
        with self._lock:
            return self._set(self._chosen())

    def _set(self, weights: Weights) -> Weights:
        self._panel.set(weights)
        self.measure()
        return weights

    def _parts(self) -> list[ipywidgets.Widget]:
        self._code = guarded.Dropdown(
            options=[code.name for code in PUBLISHED_CODES],
            value=JOHNSON.name,
            description="Published code",
            style=_LABEL,
        )
        self._fields = {
            term.weight: guarded.FloatText(
                value=weight_of(term, JOHNSON.weights),
                description=term.title,
                style=_LABEL,
                layout=ipywidgets.Layout(width="230px"),
            )
            for term in TERMS.values()
        }
        self._result, self._own_pull, self._balance_line = (guarded.HTML() for _ in range(3))
        self._with_layers = guarded.Checkbox(
            value=True,
            description="with a weight for each style layer",
            indent=False,
            layout=ipywidgets.Layout(width="auto"),
        )
        self._code.observe(self._alerts.guarded(self._fill), "value")
        for field in (*self._fields.values(), self._with_layers):
            field.observe(self._alerts.guarded(self._translate), "value")
        self.take_button = self._button("Take these weights", self.take)
        self.measure_button = self._button(
            "Measure", self.measure, "How hard the terms pull at the present picture"
        )
        self.balance_button = self._button(
            "Balance",
            self.balance,
            "Move β until style and content pull equally hard at the present picture",
        )
        return [
            self._code,
            guarded.Box([*self._fields.values()], layout={"flex_flow": "row wrap"}),
            self._result,
            self._own_pull,
            _row(self._with_layers, self.take_button),
            self._balance_line,
            _row(self.measure_button, self.balance_button),
            self._alerts.widget,
        ]

    def _button(
        self, text: str, action: Callable[[], object], tooltip: str | None = None
    ) -> guarded.Button:
        layout = ipywidgets.Layout(width="auto")
        button = guarded.Button(description=text, tooltip=tooltip, layout=layout)

        def press(_button: object) -> None:
            button.disabled = True
            try:
                action()
            finally:
                button.disabled = False

        button.on_click(self._alerts.guarded(press))
        return button

    @property
    def _published(self) -> PublishedCode:
        return next(code for code in PUBLISHED_CODES if code.name == self._code.value)

    def _chosen(self) -> Weights:
        translation = self.translation
        return translation.exact if self._with_layers.value else translation.weights

    def _fill(self, _change: object = None) -> None:
        """Fill in the default weights of the chosen code, and translate them all at once."""
        with self._lock:
            self._filling = True
            try:
                for name, field in self._fields.items():
                    field.value = getattr(self._published.weights, name)
            finally:
                self._filling = False
            self._translate()

    def _translate(self, _change: object = None) -> None:
        with self._lock:
            if self._filling:
                return
            self._translation = None
            # While the new weights are measured, no old numbers may stand beside them.
            self._result.value = self._own_pull.value = ""
            weights = self._chosen()
            self._with_layers.disabled = not self.translation.exact.layers
            self._result.value = _translation_html(self.translation, weights)
            self._own_pull.value = _balance_html("These weights", self._measured(weights))

    def _measured(self, weights: Weights) -> Balance:
        height, width = self._content.shape[:2]
        # On a coarser scale the present picture is smaller.
        image = resize_image(self._image(), (width, height))
        keep_colors = self._settings.keep_colors
        return balance(self._objective, self._targets, image, weights, keep_colors=keep_colors)


def _painted_size(image: Image, settings: ImageSettings) -> Image:
    height, width = image.shape[:2]
    return resize_image(image, fitted_size((width, height), settings.size))


def _row(*children: ipywidgets.Widget) -> guarded.Box:
    return guarded.Box(children, layout={"flex_flow": "row wrap", "align_items": "center"})


def _balance_html(subject: str, found: Balance) -> str:
    words = html.escape(" ".join(explain_balance(found)))
    return (
        f'<div role="status" style="{_TEXT_STYLE}">{subject}, at the present picture: {words}</div>'
    )


def _translation_html(translation: Translation, weights: Weights) -> str:
    """A table of their weights and of `weights`, the source, and what does not carry over."""
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL_STYLE}">{term.title}</th>'
        f'<td style="{_CELL_STYLE}">{weight_of(term, translation.theirs):g}</td>'
        f'<td style="{_CELL_STYLE}">{two_digits(weight_of(term, weights))}</td></tr>'
        for term in TERMS.values()
    )
    heads = "".join(
        f'<th scope="col" style="{_CELL_STYLE}">{head}</th>' for head in ("weight", "there", "here")
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in translation.notes)
    return (
        f'<div style="{_TEXT_STYLE}"><table style="border-collapse:collapse;margin:6px 0">'
        f"<tr>{heads}</tr>{rows}</table>"
        f"<div>Read from {html.escape(translation.convention.source)}.</div>"
        f'<ul style="margin:4px 0;padding-left:20px;max-width:46em">{notes}</ul></div>'
    )
