"""Findings in words: why a pixel looks as it does, what pulls how hard, and numbers to be read."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..losses import TERMS
from ..motion.scores import WRONG_PIXELS
from .pixel import PixelExplanation, TrueVerdict, Verdict
from .pulls import Balance

# What the deciding test says; "it" is the pixel.
_TESTS = {
    Verdict.OUT_OF_FRAME: "the flow says that it came into the frame from outside",
    Verdict.DISOCCLUDED: "the disocclusion test says that it was hidden in the frame before",
    Verdict.MOTION_BOUNDARY: "the motion boundary test says that two motions meet here",
    Verdict.DOUBTFUL: "the robust mask doubts it: the flow does not explain what is seen here",
    Verdict.NEIGHBOUR: "no test fired here, but beside it one did, and the mask is smoothed",
    Verdict.TRUSTED: "no test fired",
}
_COLD = {
    Verdict.FIRST_FRAME: "This is the first frame: nothing was carried into it",
    Verdict.CUT: "A new shot begins with this frame: nothing was carried over the cut",
    Verdict.APART: "In this run every frame was painted by itself: nothing was carried into it",
}
# Where the pixel was in truth: not in the frame before, or in it.
_GONE = {
    TrueVerdict.OUT_OF_FRAME: "In truth it was out of frame in the frame before",
    TrueVerdict.HIDDEN: "In truth something nearer hid it in the frame before",
}
_SEEN = {
    TrueVerdict.BOUNDARY: "In truth it was visible in the frame before, at the edge of what moves",
    TrueVerdict.VISIBLE: "In truth it was visible in the frame before",
}

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Below and above these, a power of ten is easier to read than many zeros.
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-3, 1e7
# Two pulls whose ratio is at most this are "about as hard".
_ALIKE = 1.25


def explain(report: PixelExplanation) -> str:
    """What a report of `probe_pixel` says, in a few sentences, and what is not known."""
    pulls = _pull_shares(report)
    if report.verdict in _COLD:
        return f"{_COLD[report.verdict]}, this pixel was painted anew. {pulls}"
    if report.true_verdict is None:
        judged = _without_truth(report)
    elif report.true_verdict in _GONE:
        judged = _truly_gone(report)
    else:
        judged = _truly_visible(report)
    sentences = [_age(report), judged, _earlier_errors(report), pulls]
    return " ".join(sentence for sentence in sentences if sentence)


def explain_balance(balance: Balance) -> tuple[str, ...]:
    """Sentences: style compared with content, and every other weighted term with the style."""
    weights, pulls, said = balance.weights, balance.pulls, []
    if not weights.alpha:
        said.append("Nothing holds the content: its weight is 0.")
    elif balance.is_bare_content and weights.beta:
        said.append("The picture is still the content, which has nothing to pull at yet.")
    if not weights.beta:
        said.append("Nothing pulls towards the style: its weight is 0.")
    if pulls.content and pulls.style and not balance.is_bare_content:
        said.append(compared("style", "content", pulls))
    against = "style" if pulls.style else "content"
    others = [name for name in pulls if name not in ("content", "style") and pulls[name]]
    return (*said, *(compared(name, against, pulls) for name in others if pulls[against]))


def compared(first: str, second: str, pulls: Mapping[str, float]) -> str:
    """A sentence about two terms of the loss, the one that pulls harder first.

    Examples
    --------
    >>> compared("style", "content", {"content": 1.0, "style": 40.4})
    'Style pulls 40 times as hard as content.'
    """
    weaker, harder = sorted((second, first), key=lambda name: pulls[name])
    ratio = pulls[harder] / pulls[weaker]
    times = "about" if ratio <= _ALIKE else f"{two_digits(ratio)} times"
    return _capital(f"{TERMS[harder].subject} pulls {times} as hard as {TERMS[weaker].subject}.")


def two_digits(value: float) -> str:
    """`value` to two significant digits.

    Examples
    --------
    >>> [two_digits(value) for value in (1.29, 1340.0, 0.0123, 4.1e-5, 2.6e8)]
    ['1.3', '1,300', '0.012', '4.1·10⁻⁵', '2.6·10⁸']
    """
    return significant(value, 2)


def significant(value: float, count: int) -> str:
    """`value` to `count` significant digits, without zeros at the end of its decimals.

    Examples
    --------
    >>> [significant(value, 4) for value in (1.2345, 1340.0, -0.012, 4.1234e-5)]
    ['1.234', '1,340', '−0.012', '4.123·10⁻⁵']
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits, _, power = f"{value:.{count - 1}e}".partition("e")
    rounded = float(f"{digits}e{power}")
    if _SMALLEST_PLAIN <= abs(rounded) < _LARGEST_PLAIN:
        text = f"{rounded:,.{max(0, count - 1 - int(power))}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{float(digits):.{count}g}·10{str(int(power)).translate(_RAISED)}"
    return text.replace("-", "−")


def explain_trust(verdict: Verdict) -> str:
    """What decided about the reliability c of a pixel, as a sentence.

    Examples
    --------
    >>> explain_trust(Verdict.TRUSTED)
    'No test fired.'
    """
    return _capital(f"{_TESTS[verdict]}.")


def _age(report: PixelExplanation) -> str:
    if not report.age:
        return f"This pixel was painted anew in this frame: {_TESTS[report.verdict]}."
    oldest = report.path[-1][0]
    since = f"frame {oldest}" if oldest else "the first frame"
    return f"This pixel has been carried for {_frames(report.age)}, since {since}."


def _without_truth(report: PixelExplanation) -> str:
    trip = report.here.round_trip
    words = "Going back along the flow leads out of the frame."
    if trip is not None:
        words = f"Going back along the flow and forth again misses it by {trip:.1f} px."
    if report.age:  # at age 0, `_age` has said it already
        words += f" {_capital(_TESTS[report.verdict])}: {_trust(report)}."
    return f"{words} Whether the flow is right is not known: this clip comes without its truth."


def _truly_gone(report: PixelExplanation) -> str:
    """About a pixel that is in truth not in the frame before."""
    noticed = {
        Verdict.TRUSTED: "no test noticed",
        Verdict.NEIGHBOUR: "only a test beside it noticed",
    }.get(report.verdict, f"a test noticed ({report.verdict.value})")
    words = f"{_GONE[TrueVerdict(report.true_verdict)]}, and {noticed}: {_trust(report)}."
    return f"{words} What was carried here belongs elsewhere." if report.age else words


def _truly_visible(report: PixelExplanation) -> str:
    """About a pixel that is in truth in the frame before."""
    error = report.here.flow_error or 0.0
    wrong = error > WRONG_PIXELS
    words = f"The flow here is right to within {max(error, 0.1):.1f} px"
    if wrong:
        words = f"The flow here is wrong by {error:.1f} px"
    said = {
        (False, Verdict.TRUSTED): "and it is trusted",
        (False, Verdict.NEIGHBOUR): "yet a test beside it takes some trust away",
        (True, Verdict.TRUSTED): "and no test noticed",
        (True, Verdict.NEIGHBOUR): "and only a test beside it noticed",
    }.get(
        (wrong, report.verdict),
        f"{'and' if wrong else 'yet'} a test fired ({report.verdict.value})",
    )
    truth = _SEEN[TrueVerdict(report.true_verdict)]
    if not report.age:
        truth += f", so {'with the right flow ' if wrong else ''}it could have been carried"
    return f"{words}, {said}: {_trust(report)}. {truth}."


def _earlier_errors(report: PixelExplanation) -> str:
    """Unnoticed errors on the pixel's path; of a single step, the other sentences tell already."""
    if report.unnoticed_errors is None or report.unnoticed_hidden is None or report.age < 2:
        return ""
    words = []
    if report.unnoticed_errors:
        share = _share(report.unnoticed_errors, report.age)
        words.append(f"On its way the flow was wrong by over {WRONG_PIXELS:g} px in {share}.")
    if report.unnoticed_hidden:
        share = _share(report.unnoticed_hidden, report.age)
        words.append(f"It took the colour of something nearer that hid it in {share}.")
    if not words:
        return f"On its way no flow that was wrong by over {WRONG_PIXELS:g} px went unnoticed."
    return " ".join([*words, "No test fired there."])


def _pull_shares(report: PixelExplanation) -> str:
    shares = report.here.shares
    pulling = sorted(((shares[name], TERMS[name].subject) for name in shares), reverse=True)
    told = [f"{name} {100 * share:.0f} %" for share, name in pulling if share >= 0.005]
    return f"What pulls at it now: {', '.join(told)}." if told else "Nothing pulls at it now."


def _frames(count: int) -> str:
    return f"{count} frame{'s' * (count != 1)}"


def _share(part: int, whole: int) -> str:
    if part < whole:
        return f"{part} of {_frames(whole)}"
    return "both frames" if whole == 2 else f"all {_frames(whole)}"


def _trust(report: PixelExplanation) -> str:
    """c with at most two digits; 0 or 1 only if it is exactly that."""
    trust = report.here.trust or 0.0
    return f"c = {trust:.0f}" if trust in (0.0, 1.0) else f"c = {min(max(trust, 0.01), 0.99):.2f}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
