"""A probe's findings in words."""

from __future__ import annotations

from ..losses import TERMS
from ..motion.scores import WRONG_PIXELS
from .pixel import PixelExplanation, TrueVerdict, Verdict

# What the test that decided says, after "this pixel".
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
# Where a pixel was in truth.
_GONE = {
    TrueVerdict.OUT_OF_FRAME: "In truth it was out of frame in the frame before",
    TrueVerdict.HIDDEN: "In truth something nearer hid it in the frame before",
}
_SEEN = {
    TrueVerdict.BOUNDARY: "In truth it was visible in the frame before, at the edge of what moves",
    TrueVerdict.VISIBLE: "In truth it was visible in the frame before",
}


def explain(report: PixelExplanation) -> str:
    """What a report says, in a few plain sentences, and what is not known."""
    if report.verdict in _COLD:
        return f"{_COLD[report.verdict]}, this pixel was painted anew. {_pulls(report)}"
    if report.true_verdict is None:
        judged = _without_truth(report)
    elif report.true_verdict in _GONE:
        judged = _gone(report)
    else:
        judged = _seen(report)
    sentences = [_age(report), judged, _way(report), _pulls(report)]
    return " ".join(sentence for sentence in sentences if sentence)


def _age(report: PixelExplanation) -> str:
    if not report.age:
        return f"This pixel was painted anew in this frame: {_TESTS[report.verdict]}."
    since = (
        "since the first frame" if not report.path[-1][0] else f"since frame {report.path[-1][0]}"
    )
    return f"This pixel has been carried for {_frames(report.age)}, {since}."


def _without_truth(report: PixelExplanation) -> str:
    trip = report.here.round_trip
    words = "Going back along the flow leads out of the frame."
    if trip is not None:
        words = f"Going back along the flow and forth again misses it by {trip:.1f} px."
    if report.age:  # else it was said why it is new
        words += f" {_capital(_TESTS[report.verdict])}: {_trust(report)}."
    return f"{words} Whether the flow is right is not known: this clip comes without its truth."


def _gone(report: PixelExplanation) -> str:
    """Of a pixel that is in truth not in the frame before."""
    words = _GONE[TrueVerdict(report.true_verdict)]
    if report.verdict is Verdict.TRUSTED:
        words += f", and no test noticed: {_trust(report)}."
    elif report.verdict is Verdict.NEIGHBOUR:
        words += f", and only a test beside it noticed: {_trust(report)}."
    else:
        words += f", and a test noticed ({report.verdict.value}): {_trust(report)}."
    return f"{words} What was carried here belongs elsewhere." if report.age else words


def _seen(report: PixelExplanation) -> str:
    """Of a pixel that is in truth in the frame before."""
    error = report.here.flow_error or 0.0
    words = f"The flow here is right to within {max(error, 0.1):.1f} px"
    if error > WRONG_PIXELS:
        words = f"The flow here is wrong by {error:.1f} px"
    said = {
        (False, Verdict.TRUSTED): "and it is trusted",
        (False, Verdict.NEIGHBOUR): "yet a test beside it takes some trust away",
        (True, Verdict.TRUSTED): "and no test noticed",
        (True, Verdict.NEIGHBOUR): "and only a test beside it noticed",
    }.get(
        (error > WRONG_PIXELS, report.verdict),
        f"{'and' if error > WRONG_PIXELS else 'yet'} a test fired ({report.verdict.value})",
    )
    truth = _SEEN[TrueVerdict(report.true_verdict)]
    if not report.age:
        means = "with the right flow " if error > WRONG_PIXELS else ""
        truth += f", so {means}it could have been carried"
    return f"{words}, {said}: {_trust(report)}. {truth}."


def _way(report: PixelExplanation) -> str:
    """What went wrong on the way here, unless it was just this step, which is told already."""
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


def _pulls(report: PixelExplanation) -> str:
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
    """c, with two digits at most, and a round 0 or 1 only for what is exactly that."""
    trust = report.here.trust or 0.0
    return f"c = {trust:.0f}" if trust in (0.0, 1.0) else f"c = {min(max(trust, 0.01), 0.99):.2f}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
