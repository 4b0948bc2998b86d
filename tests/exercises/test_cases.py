"""The programs with a published mistake: each does what its name says, and shows it."""

from __future__ import annotations

import re

import numpy as np
import pytest

import stylekit as sk
from stylekit.exercises.cases import bug_of
from stylekit.exercises.painting import Bug, Painted, paint, scene_of
from stylekit.scenes import Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene() -> Scene:
    return scene_of(0)


@pytest.fixture(scope="module")
def correct(scene: Scene) -> Painted:
    return paint(scene, None)


@pytest.fixture(scope="module")
def painted(scene: Scene) -> dict[Bug, Painted]:
    return {bug: paint(scene, bug) for bug in Bug}


def test_correct_code_stores_what_it_reports_and_every_term_pulls(
    scene: Scene, correct: Painted
) -> None:
    assert correct.reported == pytest.approx(correct.stored, rel=1e-5) and correct.outside == 0
    shares = correct.forces.shares()
    assert all(shares[name] > 0.01 for name in ("content", "style", "temporal"))
    for flow, mask, truth in zip(correct.flows, correct.masks, scene.backward, strict=True):
        np.testing.assert_array_equal(flow, truth.flow)
        # Nearly all of what comes into sight; a sliver of a pixel passes the test of round trips.
        assert mask[truth.disocclusion].mean() < 0.1 < 0.5 < mask.mean()


def test_a_dead_gradient_paints_as_if_gamma_were_zero(
    correct: Painted, painted: dict[Bug, Painted]
) -> None:
    dead = painted[Bug.DEAD_GRADIENT]
    assert not dead.forces.temporal.any() and correct.forces.temporal.any()
    np.testing.assert_array_equal(dead.images[0], correct.images[0])
    assert dead.losses.temporal > 1.2 * correct.losses.temporal
    # The loss that is printed has the term all the same.
    assert dead.reported == pytest.approx(dead.stored, rel=1e-5)


def test_reversed_flow_is_the_flow_of_the_other_direction(
    scene: Scene, correct: Painted, painted: dict[Bug, Painted]
) -> None:
    wrong = painted[Bug.REVERSED_FLOW]
    np.testing.assert_array_equal(wrong.flows[0], scene.forward_flow[0])
    errors = [sk.exact_warping_error(each.images, scene.backward).rmse for each in (correct, wrong)]
    assert errors[1] > 2 * errors[0]


def test_each_mask_trusts_what_its_name_says(
    scene: Scene, correct: Painted, painted: dict[Bug, Painted]
) -> None:
    edges = [sk.motion.motion_boundary(truth.flow) for truth in scene.backward]
    hidden = [
        sk.motion.disocclusion(truth.flow, back.flow)
        for truth, back in zip(scene.backward, scene.forward, strict=True)
    ]
    for bug, trusted, doubted in (
        (Bug.OCCLUSIONS_TRUSTED, hidden, edges),
        (Bug.BOUNDARIES_TRUSTED, edges, hidden),
    ):
        for index, mask in enumerate(painted[bug].masks):
            assert not mask[doubted[index]].any()
            assert mask[trusted[index] & ~doubted[index]].all()
            assert mask.sum() > correct.masks[index].sum()


def test_a_gram_matrix_that_is_a_sum_leaves_nothing_to_the_other_terms(
    correct: Painted, painted: dict[Bug, Painted]
) -> None:
    wrong = painted[Bug.UNNORMALISED]
    assert wrong.forces.shares().style > 0.99 > correct.forces.shares().style
    assert wrong.reported > 100 * correct.reported
    assert wrong.losses.style > 2 * correct.losses.style


def test_the_file_of_an_unbounded_optimiser_has_another_loss(
    painted: dict[Bug, Painted],
) -> None:
    wrong = painted[Bug.UNBOUNDED]
    assert wrong.outside > 0.005
    assert wrong.stored > 1.002 * wrong.reported
    assert all(image.min() >= 0 and image.max() <= 1 for image in wrong.images)


def test_a_case_shows_itself_without_its_name_and_takes_guesses() -> None:
    case = sk.broken(3)
    mistake = bug_of(3)
    assert repr(case) == re.sub(r"Case \d", "Case 3", repr(sk.broken(8)))
    shown = repr(case.numbers) + " ".join(
        str(figure.get_label())
        for figure in (
            case.plot_painted(),
            case.plot_flow(),
            case.plot_mask(),
            case.plot_forces(),
            case.plot_strip(),
        )
    )
    assert not any(str(bug) in shown for bug in Bug)
    for bug in Bug:
        result = case.check(f" {str(bug).upper()} ")
        assert bool(result) == (bug is mistake)
        assert str(mistake) not in result.words or result
        assert result.hint(3) == sk.exercises.hint("broken", 3)
    for guess, diagnosis in (("no idea", "no such name"), (7, "no such name")):
        result = case.check(guess)  # type: ignore[arg-type]
        assert not result and result.diagnosis == diagnosis and '"dead gradient"' in result.words
    assert case.check(lambda: str(mistake))

    def not_written() -> str:
        raise NotImplementedError

    assert case.check(not_written).diagnosis == "not written"
    for number in (-1, 1.5, True, "1"):
        with pytest.raises(sk.errors.SettingsError, match=r"^number: must be a whole number"):
            sk.broken(number)  # type: ignore[arg-type]


def test_six_cases_in_a_row_have_all_mistakes_in_an_order_that_changes() -> None:
    blocks = [[bug_of(6 * block + place) for place in range(6)] for block in range(5)]
    assert all(set(block) == set(Bug) for block in blocks)
    assert len({tuple(block) for block in blocks}) > 1 and blocks[0] != list(Bug)
