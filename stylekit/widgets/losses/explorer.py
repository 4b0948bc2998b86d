"""The loss explorer: choose a term, a layer, an entry, and see the arithmetic behind it."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from ...arrays import Image
from ...errors import ResumeError, SettingsError
from ...explain.arithmetic import LossArithmetic, StyleFeatures
from ...explain.stored_run import StoredRun, open_run
from ...image.guidance import Style
from ...image.objective import Objective
from ...image.stylization import Stylization
from ...losses import TERMS
from ...settings import ImageSettings, Weights
from ..base import guarded
from ..base.alerts import Alerts
from ..base.loop import LoopState
from ..player.player import Player
from ..player.snapshots import first_snapshot, snapshot, snapshot_of
from .content_view import ContentView
from .moments import Moment, check_picture, moment_of, moment_of_frame, painting_of
from .page import LossPage
from .sheets import Sheets
from .style_view import StyleView
from .temporal_view import TemporalView
from .views import TermView, terms_table

# Measuring may take a fifth of the time at most, so that painting goes on.
_MIN_SECONDS, _PAUSE_RATIO = 2.0, 4.0
_NOTHING_YET = "The numbers appear with the first step of the painting."


class LossExplorer(guarded.VBox):
    """The arithmetic of a loss, from the sum of its terms down to the product of two maps.

    Choose a term of the loss, a layer, and an entry of its Gram matrix: the panel shows the two
    feature maps and their product, of the picture and of the style, with the numbers of the
    formula. Of the content loss it shows a filter's map in the picture and in the content, of the
    temporal loss a pixel, its flow, the colour that is fetched and its mask. All numbers are of
    the 8-bit picture, and add up to the losses that stylekit reports::

        sk.LossExplorer(content, style)                    # where a painting starts
        sk.LossExplorer(content, style, picture=painting.image, settings=painting.settings)
        sk.LossExplorer(player)                            # live, beside a Player
        sk.LossExplorer("drift.run-0123abcd", frame_index=3)

    Beside a `Player` it follows the picture while it is painted: between steps, at most every two
    seconds, and for a fifth of the time at most; each time costs a pass through the network. The
    box "follow the painting" stops that. With a `Stylization` whose steps you take yourself, call
    `update`.

    `arithmetic` is the newest picture's `LossArithmetic`, None before the first. `views` are what
    is chosen of each term, by its name.

    Parameters
    ----------
    source
        The content, an Image; or what paints: a Player, a Stylization; or a finished run, its
        folder or a run from `open_run`.
    style
        With a content: an Image, several, or a Guidance, as in `Stylization`.
    picture
        With a content: a painting of it, an Image. Where a painting starts unless given.
    settings
        With a content: those the picture is painted with. The size is that of `picture`.
    weights
        With a content: those of the loss, in place of those of the settings.
    frame_index
        With a run: the frame, from 0 on; the last one unless given.

    Raises
    ------
    SettingsError
        If the arguments do not go together, or a picture is so large that it is computed in tiles.
    ResumeError, MediaError, WeightsError
        If a run cannot be opened, or has no finished frame.
    TypeError, ValueError
        If a picture is no Image.
    """

    def __init__(
        self,
        source: Image | Player | Stylization | StoredRun | Path | str,
        style: Style | None = None,
        *,
        picture: Image | None = None,
        settings: ImageSettings | None = None,
        weights: Weights | None = None,
        frame_index: int | None = None,
    ) -> None:
        _check_arguments(
            source,
            with_content={
                "style": style,
                "picture": picture,
                "settings": settings,
                "weights": weights,
            },
            with_run={"frame_index": frame_index},
        )
        self._seconds = 0.0
        self._last, self._clock = -float("inf"), time.monotonic
        # The newest event of the player's run, and whether it was looked at.
        self._event: Any = None
        self._is_seen = True
        self._player: Player | None = None
        self._painting: Stylization | None = None
        self._run: StoredRun | None = None
        self._frame_index = 0
        self._follows = True
        self._features: StyleFeatures | None = None
        self.arithmetic: LossArithmetic | None = None
        self.moment: Moment | None = None
        self.views: dict[str, TermView] = {
            view.term: view for view in (StyleView(), ContentView(), TemporalView())
        }
        self._term = "style"
        self.alerts = Alerts()
        self.page = LossPage(on_ask=self._ask)
        # One lock for both: a page that asks holds it already.
        self._lock = self.page.lock
        super().__init__([self.alerts.widget, self.page])
        self.add_class("stylekit-loss-explorer")
        if isinstance(source, Player):
            self._attach(source)
        elif isinstance(source, Stylization):
            self._painting = source
            self.update()
        elif isinstance(source, np.ndarray):
            assert style is not None
            self._look(_moment_of_arrays(source, style, picture, settings, weights))
        else:
            self._run = source if isinstance(source, StoredRun) else open_run(source)
            self._term = "temporal"
            if not self._run.frame_count:
                raise ResumeError(self._run.folder.path, "no frame is finished yet; paint it first")
            last = self._run.frame_count - 1
            self.show_frame(last if frame_index is None else frame_index)

    @property
    def term(self) -> str:
        """The name of the term that is looked at."""
        return self._term

    def update(self) -> None:
        """Look at the picture as it is now, whatever the box "follow the painting" says."""
        if self._painting is not None:
            painting = self._painting
            now = painting.weight_schedule.last
            self._look(moment_of(snapshot(painting, painting.image, now, "The picture now")))
        elif self._player is not None:
            self._look_at_player()

    def close(self) -> None:
        """Follow no longer, and remove the panel from its pages."""
        self._follows = False
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        names = self.views[self._term].still
        return self.page.with_still(super()._repr_mimebundle_(**kwargs), names)

    # --- what it looks at -------------------------------------------------------------------------

    def _attach(self, player: Player) -> None:
        self._player = player
        player.on_step(self._take_step)
        player.on_state(self._take_state)
        if player.panel:
            player.panel.on_change(self._take_weights)
        self._look_at_player()

    def _look_at_player(self) -> None:
        """The player's newest picture, or what it starts from."""
        assert self._player is not None
        source = self._player.source
        found = snapshot_of(self._event, source) if self._event is not None else None
        found = found or first_snapshot(self._player)
        if found is None:
            self._show_nothing()
            return
        self._is_seen = True
        begun = self._clock()
        self._look(moment_of(found, self._event, source))
        self._last = self._clock()
        self._seconds = self._last - begun

    def _take_step(self, event: Any) -> None:
        assert self._player is not None
        self._event, self._is_seen = event, False
        resting = self._player.state is not LoopState.RUNNING
        due = self._clock() >= self._last + max(_MIN_SECONDS, _PAUSE_RATIO * self._seconds)
        if self._follows and (resting or due):
            # An exception in a player's callback would end the run.
            with self.alerts.guard():
                self._look_at_player()

    def _take_state(self, state: LoopState) -> None:
        resting = state not in (LoopState.IDLE, LoopState.RUNNING)
        if resting and self._follows and not self._is_seen:
            with self.alerts.guard():
                self._look_at_player()

    def _take_weights(self, weights: Weights) -> None:
        """While the run does not paint, show how the numbers change with the weights."""
        assert self._player is not None
        if not self._follows or self._player.state is LoopState.RUNNING:
            return
        with self._lock, self.alerts.guard():
            if self.moment is not None and self.arithmetic is not None:
                moment = dataclasses.replace(self.moment, weights=weights)
                self._show(moment, self.arithmetic.with_weights(weights))

    def _look(self, moment: Moment) -> None:
        """Compute the numbers of a moment and show them; a click is answered meanwhile."""
        features = self._features_of(moment.objective, moment)
        arithmetic = LossArithmetic(
            moment.objective, moment.targets, moment.image, moment.weights, features
        )
        if arithmetic.compares_gram:
            # So that no click waits for them.
            _ = arithmetic.style_layers, features.by_style
        with self._lock:
            self._show(moment, arithmetic)

    def _features_of(self, objective: Objective, moment: Moment) -> StyleFeatures:
        """Those of the last moment, as long as the styles are compared in the same size."""
        known = self._features
        shapes = [style.shape for style in moment.styles.styles]
        if (
            known is None
            or known.objective is not objective
            or [style.shape for style in known.styles.styles] != shapes
        ):
            known = self._features = StyleFeatures(objective, moment.styles)
        return known

    # --- what it shows ----------------------------------------------------------------------------

    def _show_nothing(self) -> None:
        self.page.show({"title": _NOTHING_YET, "follows": None}, Sheets())

    def _show(self, moment: Moment, arithmetic: LossArithmetic) -> None:
        self.moment, self.arithmetic = moment, arithmetic
        closed = self._closed()
        for name, view in self.views.items():
            if name not in closed:
                view.take(moment, arithmetic)
        if self._term in closed:
            self._term = next(name for name in self.views if name not in closed)
        self._push()

    def _closed(self) -> dict[str, str]:
        """The terms that cannot be opened, and why."""
        assert self.arithmetic is not None and self.moment is not None
        closed = {name: "compares pixels: no layer" for name in TERMS if name not in self.views}
        if not self.arithmetic.compares_gram:
            closed["style"] = "compares no Gram matrices"
        if not any(self.moment.earlier):
            closed["temporal"] = "no earlier frame holds it"
        return closed

    def _push(self) -> None:
        """Send tables, squares and detail."""
        assert self.arithmetic is not None and self.moment is not None
        view, sheets, moment = self.views[self._term], Sheets(), self.moment
        sheets.add_color("picture", moment.image)
        for index, style in enumerate(moment.styles.styles):
            sheets.add_color(f"style {index}", style)
        height, width = moment.image.shape[:2]
        scene: dict[str, Any] = {
            "title": moment.title,
            "facts": f"{width}×{height} pixels, network {moment.objective.backbone.label}",
            "follows": self._follows if self._player else None,
            "frames": self._frames(),
            "terms": terms_table(self.arithmetic, self._term, self._closed()),
            "term": self._term,
            "layers": view.layers(),
            "chooser": view.chooser(sheets),
        }
        with self.page.updating():
            self.page.show(scene, sheets)
            self._push_detail()

    def _frames(self) -> dict[str, int] | None:
        if self._run is None or self.moment is None:
            return None
        return {"count": self._run.frame_count, "index": self._frame_index}

    def _push_detail(self) -> None:
        """Send what is behind the chosen square."""
        assert self.arithmetic is not None
        view, sheets = self.views[self._term], Sheets()
        detail = view.detail(sheets)
        whole = {"name": "L", "value": f"{self.arithmetic.total:.4g}"}
        trail = [whole, *view.trail()]
        self.page.show_detail({**detail, "cell": view.cell(), "trail": trail}, sheets)

    # --- what the page asks for -------------------------------------------------------------------

    def _ask(self, message: dict[str, Any]) -> None:
        with self._lock, self.alerts.guard():
            kind = message.get("type")
            if kind == "follow":
                self._follow(bool(message.get("on")))
            if self.arithmetic is None:
                return
            view = self.views[self._term]
            match kind:
                case "cell":
                    view.pick(int(message["x"]), int(message["y"]))
                    self._push_detail()
                case "place":
                    view.locate(int(message["row"]), int(message["x"]), int(message["y"]))
                    self._push_detail()
                case "term":
                    self.choose(str(message["key"]))
                case "layer":
                    view.choose_layer(str(message["key"]))
                    self._push()
                case "show":
                    view.show(int(message["option"]))
                    self._push()
                case "frame":
                    self.show_frame(int(message["index"]))

    def choose(self, term: str) -> None:
        """Look at another term of the loss: "content", "style" or "temporal".

        Raises SettingsError for a term that cannot be opened here.
        """
        with self._lock:
            closed = self._closed() if self.arithmetic else dict.fromkeys(self.views, _NOTHING_YET)
            if term not in self.views or term in closed:
                why = closed.get(term, "there is no such term")
                raise SettingsError("term", f"{term} cannot be opened: {why}")
            self._term = term
            self._push()

    def show_frame(self, frame_index: int) -> None:
        """Look at another finished frame of a run.

        Raises SettingsError if there is no run, or no such frame.
        """
        if self._run is None:
            raise SettingsError("frame_index", "only a finished run has frames to choose from")
        self._frame_index = self._run.check_frame(frame_index)
        self._look(moment_of_frame(self._run, self._frame_index))

    def _follow(self, follows: bool) -> None:
        if self._player is None:
            return
        self._follows = follows
        # While the run paints, the next step measures.
        if follows and not self._is_seen and self._player.state is not LoopState.RUNNING:
            self._look_at_player()
        elif self.arithmetic is not None:
            self._push()


def _moment_of_arrays(
    content: Image,
    style: Style,
    picture: Image | None,
    settings: ImageSettings | None,
    weights: Weights | None,
) -> Moment:
    size = None if picture is None else max(check_picture(picture, content).shape[:2])
    painting = painting_of(content, style, settings, size)
    title = "Where a painting starts" if picture is None else "Your picture"
    image = painting.image if picture is None else picture
    return moment_of(snapshot(painting, image, weights or painting.settings.weights, title))


def _check_arguments(
    source: Any, *, with_content: dict[str, Any], with_run: dict[str, Any]
) -> None:
    """Raise SettingsError for arguments that do not go together."""
    is_content = isinstance(source, np.ndarray)
    is_run = isinstance(source, StoredRun | str | Path)
    if not is_content and not is_run and not isinstance(source, Player | Stylization):
        raise SettingsError(
            "source",
            "must be a content picture, a Player, a Stylization, or a finished run or its folder, "
            f"is {type(source).__name__}",
        )
    if is_content and with_content["style"] is None:
        raise SettingsError(
            "style", "is missing; give the painting that the content is compared with"
        )
    for given, fits, owner in (
        (with_content, is_content, "a content picture"),
        (with_run, is_run, "a finished run"),
    ):
        for name, value in given.items():
            if value is not None and not fits:
                raise SettingsError(name, f"goes with {owner} alone; leave it out here")
