"""The loss explorer's panel, without a browser: what it tells is what the engine computes."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import math
import re
from collections.abc import Iterator

import numpy as np
import PIL.Image
import pytest
from short_runs import SETTINGS, built_in_clip, built_in_style, changed, share_objectives

import stylekit as sk
from stylekit.arrays import to_bytes
from stylekit.errors import ResumeError, SettingsError
from stylekit.explain.stored_run import open_run
from stylekit.image.stylization import Stylization
from stylekit.settings import Weights
from stylekit.video.folder import RunFolder, describe_run
from stylekit.video.run import VideoRun, stylize_video
from stylekit.widgets.base.loop import Driver, LoopState
from stylekit.widgets.losses import explorer as module
from stylekit.widgets.losses.explorer import LossExplorer
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel

FRAMES = 3
# Four digits are told of each number; a difference of two of them is told less exactly.
ROUNDED = 5e-3


@pytest.fixture(autouse=True, scope="module")
def shared_objectives():
    with pytest.MonkeyPatch.context() as monkeypatch:
        share_objectives(monkeypatch)
        yield


@pytest.fixture(scope="module")
def image(content):
    """A picture between the content and noise."""
    noise = np.random.default_rng(7).random(content.shape, np.float32)
    return np.asarray(0.8 * content + 0.2 * noise, np.float32)


@pytest.fixture
def explorer(content, style, settings, image) -> LossExplorer:
    return LossExplorer(content, style, picture=image, settings=settings)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of a built-in clip."""
    folder = tmp_path_factory.mktemp("painted") / "run"
    clip, style = built_in_clip("drift")[::8], built_in_style()
    stylize_video(clip, style, folder, SETTINGS)
    return open_run(folder, clip=clip, style=style)


def ask(explorer: LossExplorer, **message: object) -> None:
    """What the kernel does with a message of the page."""
    explorer.page._handle_custom_msg(message, [])
    assert not explorer.alerts.widget.value


def scene(explorer: LossExplorer) -> dict:
    return explorer.page._scene


def detail(explorer: LossExplorer) -> dict:
    return explorer.page._detail


def value_of(words: str) -> float:
    """A number, a product, a sum or a fraction as it is told: "−2.5·10⁻³ × 4 = " and so on."""
    words = re.sub(
        r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)",
        lambda found: "e" + found[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")),
        words,
    )
    words = words.replace(",", "").replace("−", "-").replace("×", "*").replace("²", "**2")
    assert re.fullmatch(r"[-+*/().\de ]+", words), words
    return float(eval(words))


def check_sums(explorer: LossExplorer) -> None:
    """Each line of the numbers is right: what is left of its last sign of equality, and right."""
    lines = detail(explorer)["sums"]
    told = [
        (line, [value_of(part) for part in line["numbers"].split("=") if part.strip()])
        for line in lines
    ]
    for line, values in told:
        for value in values[1:]:
            assert value == pytest.approx(values[0], rel=ROUNDED, abs=1e-12), line
    # The last one is what the square adds to the loss, as the way down says, too.
    assert told[-1][1][-1] == value_of(detail(explorer)["trail"][-1]["value"])


# What it tells.


def test_it_begins_with_the_style_layer_and_the_entry_that_cost_most(explorer):
    arithmetic = explorer.arithmetic
    assert scene(explorer)["term"] == "style"
    largest = max(arithmetic.style_layers, key=lambda part: part.loss)
    assert scene(explorer)["layers"]["chosen"] == f"{largest.layer}/0"
    view = explorer.views["style"]
    found, wanted = arithmetic.gram(largest.layer)
    squares = np.square(found - wanted, dtype=np.float64)
    shown = squares[np.ix_(view.filters, view.filters)]
    assert squares[view.row, view.column] == pytest.approx(shown.max(), rel=1e-6)
    assert not explorer.alerts.widget.value
    json.dumps([scene(explorer), detail(explorer)], allow_nan=False)


def test_the_tables_add_up_to_the_loss(explorer):
    terms = scene(explorer)["terms"]
    told = {
        row["key"]: [value_of(cell.strip("×= ")) for cell in row["cells"]] for row in terms["rows"]
    }
    for weight, loss, part in told.values():
        assert weight * loss == pytest.approx(part, rel=ROUNDED)
    total = explorer.arithmetic.total
    assert sum(part for _, _, part in told.values()) == pytest.approx(total, rel=ROUNDED)
    assert value_of(terms["sum"].split("=")[-1]) == pytest.approx(total, rel=ROUNDED)
    assert sum(row["share"] for row in terms["rows"]) == pytest.approx(1)
    layers = scene(explorer)["layers"]
    parts = [value_of(row["cells"][-1].strip("= ")) for row in layers["rows"]]
    assert sum(parts) == pytest.approx(explorer.arithmetic.losses["style"], rel=ROUNDED)
    for row, part in zip(layers["rows"], parts, strict=True):
        square, factor = (value_of(cell.strip("× ")) for cell in row["cells"][1:3])
        assert square * factor == pytest.approx(part, rel=ROUNDED)


def test_a_click_shows_the_entry_its_maps_and_its_numbers(explorer):
    ask(explorer, type="cell", x=3, y=5)
    view = explorer.views["style"]
    assert detail(explorer)["cell"] == [3, 5]
    assert (view.row, view.column) == (view.filters[5], view.filters[3])
    entry = explorer.arithmetic.gram_entry(view.part.layer, view.row, view.column)
    check_sums(explorer)
    assert [step["name"] for step in detail(explorer)["trail"]] == [
        "L",
        "style",
        view.part.layer,
        f"G_{{{view.row},{view.column}}}",
    ]
    for index, pair in enumerate((entry.picture, *entry.styles)):
        top = max(p.product.max() for p in (entry.picture, *entry.styles))
        plan = detail(explorer)["sheets"][f"product {index}"]
        data = np.frombuffer(explorer.page._detail_pixels, np.uint8)[plan["start"] :]
        drawn = data[: pair.product.size].reshape(pair.product.shape)
        expected = np.rint(255 * np.sqrt(pair.product / (top or 1)))
        np.testing.assert_allclose(drawn, expected, atol=1)


def test_a_position_of_the_maps_is_told_with_its_product(explorer):
    ask(explorer, type="cell", x=0, y=1)
    ask(explorer, type="place", row=1, x=4, y=2)
    row = detail(explorer)["rows"][1]
    assert row["place"] == [4, 2] and "at column 4, row 2 of the maps: " in row["said"]
    pair = explorer.views["style"].entry.styles[0]
    numbers = row["said"].split(": ")[1].split(". The mean")[0].split("=")
    assert value_of(numbers[0]) == pytest.approx(pair.product[2, 4], rel=ROUNDED)
    # The other row keeps its own place: the brightest, as that of the next entry.
    product = explorer.views["style"].entry.picture.product
    y, x = np.unravel_index(int(product.argmax()), product.shape)
    assert detail(explorer)["rows"][0]["place"] == [x, y]
    ask(explorer, type="cell", x=1, y=1)
    product = explorer.views["style"].entry.styles[0].product
    y, x = np.unravel_index(int(product.argmax()), product.shape)
    assert detail(explorer)["rows"][1]["place"] == [x, y]


def test_layers_and_the_number_of_filters_are_chosen(explorer, settings):
    layer = settings.style_layers[1]
    ask(explorer, type="layer", key=f"{layer}/0")
    view, chooser = explorer.views["style"], scene(explorer)["chooser"]
    assert layer in chooser["title"] and len(view.filters) == chooser["columns"] == 32
    found, wanted = explorer.arithmetic.gram(layer)
    rows = np.square(found - wanted, dtype=np.float64).sum(axis=0)
    assert min(rows[list(view.filters)]) >= sorted(rows)[-32]
    ask(explorer, type="show", option=1)
    assert view.filters == tuple(range(128)) and scene(explorer)["chooser"]["columns"] == 128
    assert scene(explorer)["sheets"]["gram"]["width"] == 128
    check_sums(explorer)


def test_the_content_loss_has_filters_and_positions(explorer):
    ask(explorer, type="term", key="content")
    view = explorer.views["content"]
    losses = explorer.arithmetic.channel_losses(view.part.layer)
    assert scene(explorer)["term"] == "content" and view.index == int(np.argmax(losses))
    check_sums(explorer)
    ask(explorer, type="cell", x=2, y=1)
    assert losses[view.index] == pytest.approx(np.sort(losses)[-11])
    check_sums(explorer)
    ask(explorer, type="show", option=3)
    assert view.index == int(np.argsort(-losses, kind="stable")[96])
    ask(explorer, type="place", row=0, x=1, y=3)
    channel = view.channel
    numbers = detail(explorer)["rows"][0]["said"].split(": ")[1].split("=")
    assert value_of(numbers[1]) == pytest.approx(channel.squares[3, 1], rel=ROUNDED, abs=1e-12)


def test_what_is_outside_is_taken_as_the_nearest_and_nonsense_is_told(explorer):
    ask(explorer, type="cell", x=10**6, y=-4)
    assert detail(explorer)["cell"] == [len(explorer.views["style"].filters) - 1, 0]
    before = explorer.page.serial
    ask(explorer, type="place", row=7, x=0, y=0)
    ask(explorer, type="layer", key="block9_conv9/0")
    ask(explorer, type="nothing")
    assert explorer.page.serial > before
    explorer.page._handle_custom_msg({"type": "cell", "x": "left"}, [])
    assert "ValueError" in explorer.alerts.widget.value
    explorer.page._handle_custom_msg("cell", [])
    explorer.page._handle_custom_msg({"type": "term", "key": "edges", "number": 12}, [])
    assert "edges cannot be opened: compares pixels" in explorer.alerts.widget.value
    assert explorer.page._answered == 12, "the page waits for an answer in any case"


def test_without_a_picture_it_shows_where_a_painting_starts(content, style, settings):
    explorer = sk.LossExplorer(content, style, settings=settings)
    start = Stylization(content, style, settings, preview=False).image
    assert scene(explorer)["title"] == "Where a painting starts"
    np.testing.assert_allclose(explorer.moment.image, start)
    heavier = sk.LossExplorer(content, style, settings=settings, weights=Weights(beta=7.0))
    assert heavier.arithmetic.terms[1].weight == 7.0


def test_where_no_widgets_run_there_is_a_still_picture(explorer):
    """The picture, two maps and their product, as the page draws them."""
    for term in ("style", "content"):
        explorer.choose(term)
        still = base64.b64decode(explorer._repr_mimebundle_()["image/png"])
        picture = np.asarray(PIL.Image.open(io.BytesIO(still)))
        wide = round(112 * 48 / 32)
        assert picture.shape[0] == 112 and picture.shape[1] == pytest.approx(4 * wide + 21, abs=8)
        shown = picture[56, wide // 2].astype(int)
        there = to_bytes(explorer.moment.image)[16, 24].astype(int)
        np.testing.assert_allclose(shown, there, atol=60)
        assert len(np.unique(picture[:, wide + 7 :].reshape(-1, 3), axis=0)) > 10


# A finished run.


def test_a_pixel_is_followed_to_where_its_colour_was_fetched(run):
    explorer = LossExplorer(run)
    assert scene(explorer)["term"] == "temporal"
    assert scene(explorer)["frames"] == {"count": FRAMES, "index": FRAMES - 1}
    weights = run.weights(FRAMES - 1)
    measured = run.objective.measure(run.image(FRAMES - 1), run.targets(FRAMES - 1), weights)[0]
    assert explorer.arithmetic.total == pytest.approx(measured.total(weights), rel=1e-4)
    ask(explorer, type="cell", x=20, y=17)
    view = explorer.views["temporal"]
    assert (view.x, view.y) == (20, 17)
    check_sums(explorer)
    chain = {link["math"]: link for link in detail(explorer)["chain"]}
    motion = run.motion(FRAMES - 1)
    dx, dy = motion.flow.backward_flow[17, 20]
    told = [value_of(part) for part in chain["ŵ(p)"]["numbers"].strip("()").split(", ")]
    np.testing.assert_allclose(told, (dx, dy), atol=0.006)
    warped, trust = explorer.arithmetic.held()
    told = [float(part) for part in chain["ω(p)"]["numbers"].split(", ")]
    np.testing.assert_allclose(told, warped[17, 20], atol=6e-4)
    assert value_of(chain["c(p)"]["numbers"]) == pytest.approx(trust[17, 20], rel=ROUNDED)
    assert chain["c(p)"]["words"].endswith(".")
    # Linear interpolation of the earlier frame, written out.
    x, y = np.clip(20 + dx, 0, 47), np.clip(17 + dy, 0, 35)
    left, top = min(int(x), 46), min(int(y), 34)
    corners = run.image(run.source(FRAMES - 1))[top : top + 2, left : left + 2].astype(float)
    across = corners[:, 0] + (x - left) * (corners[:, 1] - corners[:, 0])
    expected = across[0] + (y - top) * (across[1] - across[0])
    told = [float(part) for part in chain["fetched"]["numbers"].split(", ")]
    # OpenCV interpolates in steps of 1/32 pixel.
    np.testing.assert_allclose(told, expected, atol=0.03)


def test_a_first_frame_is_held_by_nothing(run):
    explorer = LossExplorer(run, frame_index=0)
    assert scene(explorer)["term"] == "style"
    rows = {row["key"]: row for row in scene(explorer)["terms"]["rows"]}
    assert rows["temporal"]["closed"] == "no earlier frame holds it"
    ask(explorer, type="frame", index=1)
    ask(explorer, type="term", key="temporal")
    assert scene(explorer)["title"] == "Frame 1, finished"
    with pytest.raises(SettingsError, match=r"^frame_index: must be a whole number from 0 to 2"):
        explorer.show_frame(3)


def test_offsets_have_a_row_each(tmp_path):
    """And passes, whose frames are held to the one beside them."""
    clip, style = built_in_clip("drift", frames=3), built_in_style()
    run = VideoRun(clip, style, tmp_path / "run", changed(steps=1, frame_steps=1, offsets=(1, 2)))
    list(run.frames())
    explorer = LossExplorer(open_run(tmp_path / "run", clip=clip, style=style))
    names = [row["name"] for row in scene(explorer)["layers"]["rows"]]
    assert names == ["held to frame 1", "held to frame 0"]
    ask(explorer, type="layer", key="1")
    ask(explorer, type="cell", x=4, y=4)
    check_sums(explorer)
    assert explorer.views["temporal"].target == 1
    losses = [explorer.arithmetic.temporal_map(target).sum() for target in (0, 1)]
    assert sum(losses) == pytest.approx(explorer.arithmetic.losses["temporal"], rel=1e-4)


# While it paints.


@pytest.fixture
def player(content, style, settings) -> Iterator[Player]:
    painting = Stylization(content, style, settings)
    player = Player(painting, panel=WeightPanel(), name="explored", driver=Driver.PUMP)
    yield player
    player.close()


def step(player: Player, count: int = 1) -> None:
    for _ in range(count):
        player.step_once()
        assert player._loop.pump()
    assert not player.alerts.widget.value


def test_it_follows_a_player_and_keeps_what_is_chosen(player):
    explorer = LossExplorer(player)
    assert scene(explorer)["title"] == "The picture before the first step"
    ask(explorer, type="cell", x=6, y=9)
    view = explorer.views["style"]
    chosen = view.part.layer, view.row, view.column, view.filters
    before = explorer.arithmetic
    step(player, 2)
    assert scene(explorer)["title"] == "The picture after 2 steps"
    assert explorer.arithmetic is not before
    assert (view.part.layer, view.row, view.column, view.filters) == chosen
    painting = player.source
    measured = painting.objective.measure(painting.image, painting.targets, Weights())[0]
    assert explorer.arithmetic.total == pytest.approx(measured.total(Weights()), rel=1e-4)
    check_sums(explorer)


def test_the_weights_of_a_run_that_rests_are_told_at_once(player, monkeypatch):
    explorer = LossExplorer(player)
    step(player)
    monkeypatch.setattr(player.source.objective, "features", lambda _: pytest.fail("measured"))
    player.panel.set(Weights(alpha=5.0, beta=200.0))
    cells = {row["key"]: row["cells"] for row in scene(explorer)["terms"]["rows"]}
    assert cells["content"][0] == "5" and cells["style"][0] == "200"
    check_sums(explorer)


def test_it_follows_at_a_pace_and_shows_the_last_picture(content, style, settings, monkeypatch):
    measured = []
    original = module.LossArithmetic

    def noted(*arguments):
        measured.append(arguments[2])
        return original(*arguments)

    monkeypatch.setattr(module, "LossArithmetic", noted)
    painting = Stylization(content, style, settings)
    player = Player(painting, name="pace", driver=Driver.INLINE)
    explorer = LossExplorer(player)
    # A step takes one second, and measuring none: every second step is followed.
    explorer._clock = lambda: float(len(player.records))
    explorer._last, explorer._seconds = 0.0, 0.0
    player.start()
    steps = len(player.records)
    assert player.state is LoopState.DONE and steps >= 4
    assert len(measured) in (1 + steps // 2, 2 + steps // 2)
    np.testing.assert_array_equal(measured[-1], painting.image)
    assert scene(explorer)["title"] == f"The picture after {steps} steps"
    player.close()


def test_it_does_not_follow_when_it_is_told_not_to(player):
    explorer = LossExplorer(player)
    ask(explorer, type="follow", on=False)
    assert scene(explorer)["follows"] is False
    step(player, 2)
    assert scene(explorer)["title"] == "The picture before the first step"
    ask(explorer, type="follow", on=True)
    assert scene(explorer)["title"] == "The picture after 2 steps"
    explorer.update()
    assert scene(explorer)["title"] == "The picture after 2 steps"
    explorer.close()
    before = explorer.arithmetic
    step(player)
    assert explorer.arithmetic is before


def test_a_run_that_is_not_made_yet_asks_for_patience(content, style, settings):
    player = Player(lambda: Stylization(content, style, settings), name="later", driver=Driver.PUMP)
    explorer = LossExplorer(player)
    assert scene(explorer)["title"] == "The numbers appear with the first step of the painting."
    ask(explorer, type="cell", x=0, y=0)
    with pytest.raises(SettingsError, match=r"^term: style cannot be opened"):
        explorer.choose("style")
    step(player)
    assert scene(explorer)["title"] == "The picture after 1 step"
    player.close()


def test_a_painting_whose_steps_one_takes_oneself(content, style, settings):
    painting = Stylization(content, style, settings)
    explorer = LossExplorer(painting)
    before = explorer.arithmetic.total
    weights = Weights(beta=2e3)
    for _ in painting.steps(3, weights):
        pass
    explorer.update()
    assert explorer.arithmetic.weights == weights
    assert explorer.arithmetic.total < before
    check_sums(explorer)


def test_a_clip_is_followed_with_the_flow_of_its_frame(tmp_path):
    clip, style = built_in_clip("drift", frames=2), built_in_style()
    run = VideoRun(clip, style, tmp_path / "run", SETTINGS)
    player = Player(run, name="clip", driver=Driver.PUMP)
    explorer = LossExplorer(player)
    player.start()
    while not player.records or player.records[-1].frame_index == 0:
        assert player._loop.pump()
    player.pause()
    assert scene(explorer)["title"].startswith("Frame 1 after ")
    ask(explorer, type="term", key="temporal")
    ask(explorer, type="cell", x=9, y=9)
    chain = {link["math"]: link for link in detail(explorer)["chain"]}
    dx, dy = run.motion(1).flow.backward_flow[9, 9]
    told = [value_of(part) for part in chain["ŵ(p)"]["numbers"].strip("()").split(", ")]
    np.testing.assert_allclose(told, (dx, dy), atol=0.006)
    check_sums(explorer)
    assert not explorer.alerts.widget.value
    player.close()


# What it refuses.


def test_arguments_that_do_not_go_together_are_refused(content, style, settings, player, tmp_path):
    square = np.ascontiguousarray(content[:, :32])
    for call, message in (
        (lambda: LossExplorer(content), r"^style: is missing; give the painting"),
        (lambda: LossExplorer(7), r"^source: must be a content picture, a Player, .* is int$"),
        (lambda: LossExplorer(player, style), r"^style: goes with a content picture alone"),
        (lambda: LossExplorer(player, picture=content), r"^picture: goes with a content picture"),
        (
            lambda: LossExplorer(content, style, frame_index=1),
            r"^frame_index: goes with a finished",
        ),
        (
            lambda: LossExplorer(content, style, picture=square, settings=settings),
            r"^picture: has 32×32 pixels, the content at this size 32×21; give a painting of this",
        ),
    ):
        with pytest.raises(SettingsError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^picture: values must lie in \[0, 1\]"):
        LossExplorer(content, style, picture=255 * content)
    with pytest.raises(ValueError, match=r"^content: must have the shape"):
        LossExplorer(content[..., 0], style, picture=content)
    with pytest.raises(ResumeError, match="holds no run"):
        LossExplorer(tmp_path)


def test_a_run_without_a_finished_frame_is_refused(run, tmp_path):
    begun = RunFolder(tmp_path / "begun")
    begun.open(describe_run(run.clip, run.style, SETTINGS), frame_count=FRAMES, pixels=1)
    with pytest.raises(ResumeError, match="no frame is finished yet; paint it first"):
        LossExplorer(open_run(begun.path, clip=run.clip, style=run.style))


def test_another_style_loss_leaves_the_content_to_look_at(content, style, settings):
    moments = dataclasses.replace(settings, style_loss="moments")
    explorer = LossExplorer(content, style, settings=moments)
    assert scene(explorer)["term"] == "content"
    rows = {row["key"]: row for row in scene(explorer)["terms"]["rows"]}
    assert rows["style"]["closed"] == "compares no Gram matrices"
    assert math.isclose(sum(row["share"] for row in rows.values()), 1)
