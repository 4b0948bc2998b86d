"""The mask explorer: areas, pictures, numbers and words of a mask, and the panel that shows them.

Whether it shows them in a page, and how soon, is for test_browser_mask_explorer.py.
"""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

import stylekit.widgets.masks.analysis as analysis_module
from stylekit.errors import SettingsError
from stylekit.motion.flow import FlowMethod, FlowPair, warp
from stylekit.motion.masks import SUNDARAM, Thresholds, consistency_mask
from stylekit.motion.scores import motion_scores
from stylekit.motion.warping import warping_error
from stylekit.plots.areas import BOUNDARY, DISOCCLUDED, FALSE, FOUND, MISSED, NOT_TRUSTED, OUTSIDE
from stylekit.scenes import SCENES, make_scene
from stylekit.widgets.base.hatching import blended, composed, covered, hatching, rgb
from stylekit.widgets.masks.analysis import MaskAnalysis, MaskChoice, grown
from stylekit.widgets.masks.controls import LogSlider
from stylekit.widgets.masks.explorer import MaskExplorer, MaskView
from stylekit.widgets.masks.sources import MotionPair, MotionSources
from stylekit.widgets.masks.views import MaskPictures, code_line, curves_svg, scores_html

SIZE = 96


@pytest.fixture(scope="module")
def pair() -> MotionPair:
    """A scene, and a flow that makes mistakes."""
    scene = make_scene("fast", frames=2, size=SIZE)
    flows = scene.flow_pair(0, method=FlowMethod.DIS_FAST)
    return MotionPair(scene.frames[0], scene.frames[1], flows, scene.backward[0])


@pytest.fixture
def analysis(pair: MotionPair) -> MaskAnalysis:
    return MaskAnalysis(pair)


CHOICES = [
    MaskChoice(),
    MaskChoice(thresholds=Thresholds(consistency_offset=0.05), smooth=0, dilate=2),
    MaskChoice(thresholds=replace(SUNDARAM, boundary_offset=0.0), boundary=False, smooth=2.5),
    MaskChoice(dilate=4),
]


@pytest.mark.parametrize("choice", CHOICES, ids=range(len(CHOICES)))
def test_areas_are_those_of_the_mask(analysis: MaskAnalysis, choice: MaskChoice) -> None:
    areas = analysis.areas(choice)
    flow, reverse = analysis.flow, analysis.reverse
    binary = consistency_mask(
        flow,
        reverse,
        thresholds=choice.thresholds,
        smooth=0,
        boundary=choice.boundary,
        dilate=choice.dilate,
    )
    np.testing.assert_array_equal(areas.rejected, binary == 0)
    np.testing.assert_array_equal(areas.mask, eval_line(code_line(choice), analysis))
    together = sum(
        area.astype(int) for area in (areas.hidden, areas.boundary, areas.outside, areas.faded)
    )
    assert together.max() == 1
    assert areas.boundary.any() == choice.boundary
    if not choice.smooth:
        assert not areas.faded.any()


def eval_line(line: str, analysis: MaskAnalysis) -> np.ndarray:
    """The line of Python that the panel offers, run as a reader would run it."""
    names = {"consistency_mask": consistency_mask, "Thresholds": Thresholds}
    return eval(line, names, {"flow": analysis.flow, "reverse": analysis.reverse})


def test_growing_reaches_corners_and_stops_at_borders() -> None:
    area = np.zeros((7, 9), bool)
    area[0, 4] = True
    wide = grown(area, 2)
    assert wide[:3, 2:7].all() and wide.sum() == 15
    np.testing.assert_array_equal(grown(area, 0), area)


def test_a_slider_recomputes_only_what_it_touches(
    pair: MotionPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("disocclusion", "motion_boundary", "consistency_mask"):
        original = getattr(analysis_module, name)

        def counted(*args, _name=name, _original=original, **knobs):
            calls.append(_name)
            return _original(*args, **knobs)

        monkeypatch.setattr(analysis_module, name, counted)
    analysis = MaskAnalysis(pair)
    analysis.areas(MaskChoice())
    assert sorted(calls) == ["consistency_mask", "disocclusion", "motion_boundary"]
    for choice, due in (
        (MaskChoice(), []),
        (MaskChoice(smooth=1.0), ["consistency_mask"]),
        (
            MaskChoice(thresholds=Thresholds(boundary_ratio=0.1), smooth=1.0),
            ["motion_boundary", "consistency_mask"],
        ),
        (
            MaskChoice(thresholds=Thresholds(boundary_ratio=0.1, consistency_offset=1.0)),
            ["disocclusion", "consistency_mask"],
        ),
    ):
        del calls[:]
        analysis.areas(choice)
        assert calls == due


def test_the_overlay_paints_each_part_in_its_own_way(analysis: MaskAnalysis) -> None:
    pictures = MaskPictures(analysis)
    view = pictures.overlay(MaskChoice())
    areas = analysis.areas(MaskChoice())
    # Hatching is drawn in a colour of its own, so every part has its paint and its lines.
    for area, look in (
        (areas.hidden, DISOCCLUDED),
        (areas.boundary, BOUNDARY),
        (areas.outside, OUTSIDE),
    ):
        lines = hatching(look.hatch, area.shape)
        for where, color in ((area & lines, look.lines), (area & ~lines, look.color)):
            assert where.any()
            off = np.abs(view.picture[where] - rgb(color)).max()
            assert off <= 0.13 * 255, look
    rest = ~areas.rejected & ~areas.faded
    grey = view.picture[rest].astype(int)
    assert (grey.max(axis=1) == grey.min(axis=1)).all()
    shares = {entry.name: entry.share for entry in view.key}
    assert shares["disocclusion"] == pytest.approx(areas.hidden.mean())


def test_areas_differ_without_their_colours() -> None:
    """As a photocopy shows them: by brightness or by hatching."""
    shape = (24, 24)
    looks = (DISOCCLUDED, BOUNDARY, OUTSIDE)
    patterns = [hatching(look.hatch, shape) for look in looks]
    for i in range(3):
        assert 0 < patterns[i].mean() < 0.5
        for j in range(i):
            assert (patterns[i] != patterns[j]).mean() > 0.05


def test_the_comparison_counts_as_the_scores_do(analysis: MaskAnalysis) -> None:
    view = MaskPictures(analysis).comparison(MaskChoice())
    shares = {entry.name: entry.share for entry in view.key}
    scores = analysis.scores(MaskChoice())
    rejected, true = analysis.areas(MaskChoice()).rejected, analysis.true_union
    assert scores.union is not None
    assert shares["false alarm"] == pytest.approx((1 - scores.union.precision) * rejected.mean())
    assert shares["missed"] == pytest.approx((1 - scores.union.recall) * true.mean())
    for name, look in (("found", FOUND), ("missed", MISSED), ("false alarm", FALSE)):
        plain = covered(np.full_like(view.picture, 200), look)
        assert shares[name] > 0 and len(np.unique(plain.reshape(-1, 3), axis=0)) == 2


def test_the_warped_frame_is_grey_where_it_is_not_trusted(analysis: MaskAnalysis) -> None:
    choice = MaskChoice()
    view = MaskPictures(analysis).warped(choice)
    mask = analysis.areas(choice).mask
    warped = warp(analysis.pair.previous, analysis.flow)
    trusted, rejected = mask == 1, mask == 0
    assert np.abs(view.picture[trusted] / 255 - warped[trusted]).max() <= 0.5 / 255 + 1e-6
    grey = view.picture[rejected].astype(int)
    assert np.ptp(grey, axis=1).max() <= 1
    assert view.key[0].share == pytest.approx(1 - mask.mean(), abs=1e-6)
    assert view.key[0].look == NOT_TRUSTED


def test_blending_and_composing_are_exact() -> None:
    below, above = np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 200, np.uint8)
    share = np.array([[0, 0.25, 1], [0.5, 1, 0]], np.float32)
    expected = np.rint(200 * share)
    np.testing.assert_array_equal(blended(below, above, share)[..., 0], expected)
    area = share > 0.4
    result = composed(below, [(area, above), (share == 1, below + 7)])
    np.testing.assert_array_equal(result[..., 1], np.where(share == 1, 7, 200 * area))
    assert not below.any()


def test_scores_are_those_of_the_library(analysis: MaskAnalysis) -> None:
    scores = analysis.scores(MaskChoice())
    truth = analysis.truth
    expected = motion_scores(analysis.flow, analysis.reverse, truth)
    assert scores.endpoint_error == expected.endpoint_error
    assert scores.trusted_but_wrong == expected.trusted_but_wrong
    assert scores.reliable == expected.reliable
    assert (scores.disocclusion, scores.boundary, scores.union) == (
        expected.disocclusion,
        expected.boundary,
        expected.union,
    )
    clip = [analysis.pair.previous, analysis.pair.frame]
    mask = analysis.areas(MaskChoice()).mask
    assert scores.warping_error == pytest.approx(
        warping_error(clip, [analysis.flow], [mask]).rmse, rel=1e-5
    )


def test_without_truth_only_what_needs_none_is_told(pair: MotionPair) -> None:
    analysis = MaskAnalysis(replace(pair, truth=None))
    scores = analysis.scores(MaskChoice())
    assert 0 < scores.reliable < 1 and scores.warping_error > 0
    assert scores.union is None and scores.endpoint_error is None
    words = scores_html(scores, boundary=True)
    assert "is not known" in words and "reliable" in words and "precision" not in words
    for needs_truth in (
        lambda: analysis.curves(SUNDARAM),
        lambda: MaskPictures(analysis).comparison(MaskChoice()),
    ):
        with pytest.raises(ValueError, match="truth"):
            needs_truth()


def test_unknown_truth_counts_nowhere(pair: MotionPair) -> None:
    """As in the motorcycle pair, whose truth has gaps."""
    assert pair.truth is not None
    known = np.ones_like(pair.truth.known)
    known[:, : SIZE // 2] = False
    analysis = MaskAnalysis(replace(pair, truth=replace(pair.truth, known=known)))
    expected = motion_scores(analysis.flow, analysis.reverse, analysis.truth)
    scores = analysis.scores(MaskChoice())
    assert scores.union == expected.union
    assert scores.trusted_but_wrong == expected.trusted_but_wrong
    view = MaskPictures(analysis).comparison(MaskChoice())
    assert {entry.name: entry.share for entry in view.key}["truth not known"] == 0.5


@pytest.mark.parametrize("test", ["disocclusion", "motion boundary"])
def test_the_point_moves_along_its_curve(analysis: MaskAnalysis, test: str) -> None:
    name = "consistency_offset" if test == "disocclusion" else "boundary_offset"
    recalls = []
    for factor in (0.1, 0.3, 1.0):
        thresholds = replace(SUNDARAM, **{name: getattr(SUNDARAM, name) * factor})
        drawn = analysis.curves(thresholds)[test]
        near = np.searchsorted(drawn.curve.thresholds, drawn.offset)
        assert drawn.curve.recall[near] == pytest.approx(drawn.point.recall, abs=0.02)
        assert drawn.curve.precision[near] == pytest.approx(drawn.point.precision, abs=0.02)
        recalls.append(drawn.point.recall)
    assert recalls[0] > recalls[-1]


def test_the_curves_are_an_image_with_words(analysis: MaskAnalysis) -> None:
    curves = analysis.curves(SUNDARAM)
    svg = ElementTree.fromstring(curves_svg(curves))
    assert svg.get("role") == "img"
    point = curves["disocclusion"].point
    label = svg.get("aria-label") or ""
    assert f"precision {point.precision:.2f} and recall {point.recall:.2f}" in label
    texts = " ".join(text.text or "" for text in svg.iter("text"))
    assert "recall" in texts and "precision" in texts and "offset 0.5" in texts
    circle = next(svg.iter("circle"))
    x = float(circle.get("cx", "nan"))
    assert x == pytest.approx(44 + 244 * point.recall, abs=0.1)
    dashes = [path.get("stroke-dasharray") for path in svg.iter("path")]
    assert "" in dashes and "6 4" in dashes


def test_sources_are_all_scenes_the_real_pair_and_own_clips(pair: MotionPair) -> None:
    frames = [pair.previous, pair.frame, pair.previous]
    sources = MotionSources({"mine": frames}, size=48)
    assert sources.names[0] == "mine" and set(SCENES) < set(sources.names)
    mine = sources["mine"]
    assert mine.frame_count == 3 and FlowMethod.EXACT not in mine.methods
    own = mine.pair(2, FlowMethod.DIS_FAST)
    assert own.truth is None and own.frame.shape == (36, 48, 3)
    scene = sources["pan"]
    exact = scene.pair(1, FlowMethod.EXACT)
    assert exact.truth is not None
    np.testing.assert_array_equal(exact.flows.backward_flow, exact.truth.flow)
    assert scene.pair(1, FlowMethod.EXACT) is exact


def test_a_clip_of_one_frame_is_refused(pair: MotionPair) -> None:
    with pytest.raises(SettingsError, match="still"):
        MaskExplorer({"still": [pair.frame]})


def test_the_motorcycle_is_offered_and_shown() -> None:
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    shown = MotionSources({}, size=48)["motorcycle"].pair(1, FlowMethod.EXACT)
    assert shown.truth is not None and not shown.truth.known.all()
    analysis = MaskAnalysis(shown)
    assert MaskPictures(analysis).comparison(MaskChoice()).picture.shape == shown.frame.shape


def test_a_log_slider_stands_on_the_papers_value_exactly() -> None:
    slider = LogSlider("offset", 0.5, span=(-2.8, 1.7)).slider
    step = (np.log10(slider.value) - slider.min) / slider.step
    assert step == pytest.approx(round(step), abs=1e-9)


def test_off_is_zero() -> None:
    slider = LogSlider("offset", 0.5, span=(-2.8, 1.7))
    slider.slider.value = 10**-0.2
    assert slider.value == 0.631
    slider.off.value = True
    assert slider.value == 0.0
    slider.value = 0.5
    assert not slider.off.value and slider.value == 0.5


@pytest.fixture
def explorer() -> MaskExplorer:
    explorer = MaskExplorer(size=SIZE)
    explorer.method.value = FlowMethod.DIS_FAST
    assert "alert" not in explorer.alerts.widget.value
    return explorer


def test_a_moved_threshold_changes_picture_scores_curve_and_code(explorer: MaskExplorer) -> None:
    def seen() -> tuple[object, ...]:
        return (
            explorer.picture.get_state()["_picture"],
            explorer.warped.get_state()["_picture"],
            explorer._scores.value,
            explorer._curves.value,
            explorer._code.value,
        )

    paper = seen()
    assert explorer.choice == MaskChoice()
    explorer.knobs.thresholds["consistency_offset"].slider.value = 0.5 * 10**-1.5
    assert explorer.choice.thresholds.consistency_offset == 0.0158
    assert all(new != old for new, old in zip(seen(), paper, strict=True))
    serial = explorer.picture.serial
    explorer.knobs.reset_button.click()
    assert seen() == paper and explorer.choice == MaskChoice()
    assert explorer.picture.serial == serial + 1  # one picture, not one for every knob


def test_the_mask_on_show_can_be_taken_along(explorer: MaskExplorer) -> None:
    explorer.knobs.dilate.value = 2
    flows = make_scene("crossing", frames=8, size=SIZE).flow_pair(0, method=FlowMethod.DIS_FAST)
    expected = consistency_mask(flows.backward_flow, flows.forward_flow, dilate=2)
    np.testing.assert_array_equal(explorer.mask, expected)


def test_the_view_of_the_truth_needs_one(pair: MotionPair) -> None:
    explorer = MaskExplorer({"mine": [pair.previous, pair.frame]}, size=SIZE)
    assert explorer.view.disabled and explorer._curves.value == ""
    explorer.source.value = "pan"
    assert not explorer.view.disabled and "<svg" in explorer._curves.value
    explorer.method.value = FlowMethod.EXACT
    explorer.view.value = MaskView.TRUTH
    assert "missed" in explorer._key.value
    # Back at a clip, the exact flow is not there to choose, and the mask is shown after all.
    explorer.source.value = "mine"
    assert explorer.method.value != FlowMethod.EXACT
    assert "exact" not in dict(explorer.method.options)
    assert "missed" not in explorer._key.value and explorer.alerts.widget.value == ""


def test_a_failing_flow_is_told_in_the_panel_and_the_next_try_clears_it(
    explorer: MaskExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> FlowPair:
        raise ValueError("<no flow today>")

    with monkeypatch.context() as broken:
        broken.setattr("stylekit.scenes.scene.flow_between", fail)
        explorer.method.value = FlowMethod.FARNEBACK
        assert "&lt;no flow today&gt;" in explorer.alerts.widget.value
        assert explorer._status.value == ""
    explorer.method.value = FlowMethod.DIS_FAST  # what was shown before
    assert explorer.alerts.widget.value == ""


def test_events_on_many_threads_end_at_the_newest(explorer: MaskExplorer) -> None:
    slider = explorer.knobs.thresholds["consistency_offset"].slider
    steps = np.linspace(slider.min, slider.max, 24)
    threads = [
        threading.Thread(target=setattr, args=(slider, "value", 10.0**step)) for step in steps
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert explorer.alerts.widget.value == ""
    assert f"offset={explorer.choice.thresholds.consistency_offset:.12g}" in explorer._code.value
    assert explorer.picture.serial <= 2 + len(steps)
