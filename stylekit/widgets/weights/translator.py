"""Weights of published codes, translated for the picture at hand, and a button that balances them.

>>> panel = sk.WeightPanel()
>>> sk.WeightTranslator(panel, content, style, settings, image=lambda: painting.image)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import ipywidgets

from ...arrays import Image
from ...errors import SettingsError
from ...explain.balance import Balance, balance
from ...image.colors import match_colors
from ...losses import TERMS, weight_of
from ...media.images import fitted_size, resize_image
from ...settings import ImageSettings, Weights
from ...translate.published import JOHNSON, PUBLISHED_CODES, PublishedCode
from ...translate.translation import Translation, Translator
from ..base.alerts import Alerts
from .texts import balance_html, translation_html

if TYPE_CHECKING:
    from ...image.objective import Objective, TemporalTarget


class WeightHolder(Protocol):
    """What holds the weights of now, such as a `WeightPanel`."""

    def current(self) -> Weights:
        """The weights of now."""

    def set(self, weights: Weights) -> None:
        """Replace them."""


class WeightTranslator(ipywidgets.VBox):
    """A panel that says what the weights of a published code are here, and balances weights.

    `content` and `style` are Images of any size, painted with `settings`; `image` gives the
    picture as it is now (that at which painting starts, unless given), where it is measured how
    hard the terms pull. `temporal` targets have the size that is painted. `objective`, from
    `prepare_objective`, spares building the network again. Buttons set the weights of `panel`.

    Building it loads the network and translates once, which takes seconds. Raises ValueError for
    arrays that are no Images, SettingsError and WeightsError for what cannot be had.
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
        self._settings = settings or ImageSettings()
        # Callbacks come on any thread, and each reads what another may be replacing.
        self._lock = threading.RLock()
        self._content = _painted_size(content, self._settings)
        sized_style = _painted_size(style, self._settings)
        if self._settings.keep_colors:
            sized_style = match_colors(sized_style, content)
        self._image = image or (lambda: self._start(sized_style))
        self._objective = objective or _prepared(style, self._settings, content)
        self._targets = self._objective.targets(self._content, temporal)
        self._translator = Translator(
            self._objective.extractor, self._content, sized_style, self._settings
        )
        self._translation: Translation | None = None
        self._alerts = Alerts()
        super().__init__(self._parts())
        with self._alerts.guard():
            self._translate()

    @property
    def translation(self) -> Translation:
        """What the fields say, translated. Raises SettingsError if they hold no weights."""
        with self._lock:
            if self._translation is None:
                self._translation = self._translator.translate(self._convention, self._theirs())
            return self._translation

    def choose(self, convention: PublishedCode) -> None:
        """Choose a published code, and fill in its default weights."""
        self._code.value = convention.name

    def measure(self) -> Balance:
        """Measure, and show, how hard the terms pull at the picture of now.

        Under the weights of the panel.
        """
        with self._lock:
            found = self._measured(self._panel.current())
            self._balance_line.value = balance_html("The weights of the panel", found)
            return found

    def balance(self) -> Weights:
        """Give the panel the weights with which content and style pull alike at the picture of now.

        Raises SettingsError if there are none, as where painting has not moved from the content.
        """
        with self._lock:
            balanced = self._measured(self._panel.current()).balanced
            if balanced is None:
                raise SettingsError(
                    "balance", "nothing pulls back to the content yet; paint a few steps first"
                )
            self._panel.set(balanced)
            self.measure()
            return balanced

    def take(self) -> Weights:
        """Give the panel the translated weights."""
        with self._lock:
            weights = self._chosen()
            self._panel.set(weights)
            self.measure()
            return weights

    def _parts(self) -> list[ipywidgets.Widget]:
        label = {"description_width": "110px"}
        self._code = ipywidgets.Dropdown(
            options=[convention.name for convention in PUBLISHED_CODES],
            value=JOHNSON.name,
            description="Published code",
            style=label,
        )
        self._fields = {
            term.weight: ipywidgets.FloatText(
                value=weight_of(term, JOHNSON.weights),
                description=term.title,
                style=label,
                layout=ipywidgets.Layout(width="230px"),
            )
            for term in TERMS.values()
        }
        self._filling = False
        self._result, self._own_pull, self._balance_line = (ipywidgets.HTML() for _ in range(3))
        self._with_layers = ipywidgets.Checkbox(
            value=True,
            description="with a weight for each style layer",
            indent=False,
            layout=ipywidgets.Layout(width="auto"),
        )
        self._code.observe(self._alerts.guarded(self._fill), "value")
        for field in (*self._fields.values(), self._with_layers):
            field.observe(self._alerts.guarded(self._translate), "value")
        fields = ipywidgets.Box(
            list(self._fields.values()), layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        take = self._button("Take these weights", self.take)
        measure = self._button("Measure", self.measure)
        even = self._button("Balance", self.balance)
        even.tooltip = "Move β until style and content pull equally hard at the picture of now"
        measure.tooltip = "How hard the terms pull at the picture of now"
        self.take_button, self.measure_button, self.balance_button = take, measure, even
        return [
            self._code,
            fields,
            self._result,
            self._own_pull,
            _row(self._with_layers, take),
            self._balance_line,
            _row(measure, even),
            self._alerts.widget,
        ]

    def _button(self, text: str, action: Callable[[], object]) -> ipywidgets.Button:
        button = ipywidgets.Button(description=text, layout=ipywidgets.Layout(width="auto"))

        def press(_button: object) -> None:
            button.disabled = True
            try:
                action()
            finally:
                button.disabled = False

        button.on_click(self._alerts.guarded(press))
        return button

    @property
    def _convention(self) -> PublishedCode:
        return next(c for c in PUBLISHED_CODES if c.name == self._code.value)

    def _theirs(self) -> Weights:
        return Weights(**{name: field.value for name, field in self._fields.items()})

    def _chosen(self) -> Weights:
        translation = self.translation
        return translation.exact if self._with_layers.value else translation.weights

    def _fill(self, _change: object = None) -> None:
        """The default weights of the chosen code, translated once and not once a field."""
        with self._lock:
            self._filling = True
            try:
                for name, field in self._fields.items():
                    field.value = getattr(self._convention.weights, name)
            finally:
                self._filling = False
            self._translate()

    def _translate(self, _change: object = None) -> None:
        with self._lock:
            if self._filling:
                return
            self._translation = None
            # Old numbers beside new fields would be wrong, also while it is measured.
            self._result.value = self._own_pull.value = ""
            weights = self._chosen()
            self._with_layers.disabled = not self.translation.exact.layers
            self._result.value = translation_html(self.translation, weights)
            self._own_pull.value = balance_html("These weights", self._measured(weights))

    def _measured(self, weights: Weights) -> Balance:
        height, width = self._content.shape[:2]
        # On a coarser scale the picture of now is smaller.
        image = resize_image(self._image(), (width, height))
        return balance(
            self._objective,
            self._targets,
            image,
            weights,
            keep_colors=self._settings.keep_colors,
        )

    def _start(self, style: Image) -> Image:
        if self._settings.keep_colors:
            return self._content
        return match_colors(self._content, style)


def _prepared(style: Image, settings: ImageSettings, content: Image) -> Objective:
    # TensorFlow takes seconds to load, which who only imports this need not wait for.
    from ...image.stylization import prepare_objective

    return prepare_objective(style, settings, content=content)


def _painted_size(image: Image, settings: ImageSettings) -> Image:
    height, width = image.shape[:2]
    return resize_image(image, fitted_size((width, height), settings.size))


def _row(*children: ipywidgets.Widget) -> ipywidgets.Box:
    layout = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
    return ipywidgets.Box(children, layout=layout)
