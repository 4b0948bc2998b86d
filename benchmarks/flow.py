"""How good flow and its masks are, against exact truth, and what better flow does for a clip.

    python benchmarks/flow.py                        all tables but the ablation
    python benchmarks/flow.py scenes thresholds pair masks speed
    python benchmarks/flow.py ablation --size 192    the same clips painted with three flows

Scores do not depend on the machine; seconds do, and on what else it does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from statistics import fmean, median

import numpy as np
from machine import describe_machine

from stylekit.media.images import load_image
from stylekit.motion.flow import FLOWS, FlowMethod, estimate_flow
from stylekit.motion.masks import consistency_mask, robust_mask
from stylekit.motion.scores import MotionScores, motion_scores
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import SCENES, Scene, make_scene, motorcycle_pair
from stylekit.settings import ImageSettings, VideoSettings

# Exact flow first, so that each table begins with what the thresholds do when flow is perfect.
METHODS = (
    "exact",
    *(name for name in FLOWS if name not in (FlowMethod.EXACT, FlowMethod.FILES)),
)

# Scenes that are painted for the ablation, and in which style.
ABLATION = (
    ("drift", "glass"),
    ("crossing", "swirls"),
    ("fast", "mosaic"),
    ("passing", "woodblock"),
)

_SCORES = (
    f"{'EPE':>7}{'Fl %':>7}{'disocc F1':>11}{'bound. F1':>11}{'union F1':>10}"
    f"{'reliable %':>12}{'wrong %':>9}"
)


def main() -> None:
    """Print the tables that were asked for."""
    tables = {
        "scenes": scenes,
        "thresholds": thresholds,
        "pair": pair,
        "masks": masks,
        "speed": speed,
        "ablation": ablation,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "tables", nargs="*", help=f"{', '.join(tables)} (default: all but the last)"
    )
    parser.add_argument("--size", type=int, default=512, help="width in pixels (default: 512)")
    parser.add_argument("--frames", type=int, default=8, help="frames a painted clip (default: 8)")
    options = parser.parse_args()
    if unknown := set(options.tables) - tables.keys():
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    print(describe_machine("opencv-python", "numpy"))
    print(f"{options.size} px\n")
    for name in options.tables or list(tables)[:-1]:
        for line in tables[name](options):
            print(line, flush=True)
        print()


def scenes(options: argparse.Namespace) -> Iterator[str]:
    """Each method on each scene, and the ratios that matter."""
    yield "End-point error in pixels, Fl-all, F1 within 1 px, and the share of the trusted area"
    yield "whose flow is wrong by over a pixel; the masks are the paper's"
    yield f"{'scene':<15}{'flow':<11}{_SCORES}"
    table: dict[str, list[MotionScores]] = {method: [] for method in METHODS}
    for name in SCENES:
        scene = make_scene(name, frames=4, size=options.size)
        for method in METHODS:
            scores = [_scores(scene, index, method) for index in range(len(scene.backward))]
            table[method] += scores
            yield f"{name:<15}{method:<11}{_line(scores)}"
    for method in METHODS:
        yield f"{'all':<15}{method:<11}{_line(table[method])}"
    dis, farneback = table[FlowMethod.DIS], table[FlowMethod.FARNEBACK]
    yield (
        f"dis / farneback over all scenes: end-point error {_ratio(dis, farneback, _epe):.2f}, "
        f"union F1 {_ratio(dis, farneback, lambda score: score.union.f1):.1f}, "
        f"trusted but wrong {_ratio(dis, farneback, lambda score: score.trusted_but_wrong):.2f}"
    )


def thresholds(options: argparse.Namespace) -> Iterator[str]:
    """What the paper's two tests miss when the flow is exact: the worst pair of each scene."""
    yield "Exact flow: F1 within 1 px of the paper's two tests, the worst of three pairs, and the"
    yield "share of what is hidden inside the frame that the mask trusts (by more than a half)"
    yield f"{'scene':<15}{'bound. F1':>11}{'union F1':>10}{'hidden, trusted %':>19}"
    for name in SCENES:
        scene = make_scene(name, frames=4, size=options.size)
        scores = [_scores(scene, index, FlowMethod.EXACT) for index in range(len(scene.backward))]
        boundary = min(score.boundary.f1 for score in scores)
        union = min(score.union.f1 for score in scores)
        yield f"{name:<15}{boundary:>11.4f}{union:>10.4f}{_trusted_but_hidden(scene):>19}"


def pair(options: argparse.Namespace) -> Iterator[str]:
    """Each method on the motorcycle pair."""
    yield "Middlebury's motorcycle, 741×500 px, motion up to 60 px, where its truth is known"
    yield f"{'flow':<26}{_SCORES}"
    scene = motorcycle_pair()
    scores = {method: [_scores(scene, 0, method)] for method in METHODS}
    for method in METHODS:
        yield f"{method:<26}{_line(scores[method])}"
    ratio = _ratio(scores[FlowMethod.DIS], scores[FlowMethod.FARNEBACK], _epe)
    yield f"dis / farneback: end-point error {ratio:.2f}"


def masks(options: argparse.Namespace) -> Iterator[str]:
    """The paper's mask and the robust one beside it, with the default flow."""
    yield "Trusted area, and the part of it whose flow (dis) is wrong by over a pixel, in per cent"
    yield (
        f"{'':<26}{'paper':>9}{'wrong':>8}{'robust':>9}{'wrong':>8}{'area lost':>11}{'wrong ×':>9}"
    )
    for name in (*SCENES, "motorcycle"):
        scene = (
            motorcycle_pair()
            if name == "motorcycle"
            else make_scene(name, frames=4, size=options.size)
        )
        paper, robust = [], []
        for index in range(len(scene.backward)):
            flow = scene.flow_pair(index, method=FlowMethod.DIS)
            both = flow.backward_flow, flow.forward_flow
            mask = robust_mask(*both, scene.frames[index + 1], scene.frames[index])
            paper.append(motion_scores(*both, scene.backward[index]))
            robust.append(motion_scores(*both, scene.backward[index], mask=mask))
        area, wrong = _trust(paper)
        area_left, wrong_left = _trust(robust)
        yield (
            f"{name:<26}{area:>9.1f}{wrong:>8.3f}{area_left:>9.1f}{wrong_left:>8.3f}"
            f"{area - area_left:>11.1f}{wrong_left / wrong:>9.2f}"
        )


def speed(options: argparse.Namespace) -> Iterator[str]:
    """Seconds a direction, median of five, taken in turn."""
    yield "Seconds for one direction"
    sizes = (256, 512, 960)
    yield f"{'flow':<26}" + "".join(f"{f'{size} px':>10}" for size in sizes)
    frames = {size: make_scene("crossing", frames=2, size=size).frames for size in sizes}
    for method in METHODS[1:]:
        medians = [median(_seconds(frames[size], method) for _ in range(5)) for size in sizes]
        yield f"{method:<26}" + "".join(f"{seconds:>10.3f}" for seconds in medians)


def ablation(options: argparse.Namespace) -> Iterator[str]:
    """The same clip and style with the report's flow, the default and the exact one."""
    from stylekit.explain.ablation import ablate_flow

    settings = VideoSettings(image=ImageSettings(size=options.size))
    for name, style in ABLATION:
        scene = make_scene(name, frames=options.frames, size=options.size)
        picture = load_image(find_material(style, MaterialKind.STYLE))
        with tempfile.TemporaryDirectory() as folder:
            result = ablate_flow(scene, picture, folder, settings, style_name=style)
        yield (
            f"{name} in {style}, {options.frames} frames, {result.backbone}; "
            f"the scene's own warping error {1000 * result.floor.rmse:.1f} ‰"
        )
        yield result.table()


def _scores(scene: Scene, index: int, method: str) -> MotionScores:
    flow = scene.flow_pair(index, method=method)
    return motion_scores(flow.backward_flow, flow.forward_flow, scene.backward[index])


def _trusted_but_hidden(scene: Scene) -> str:
    trusted = hidden = 0
    for index, truth in enumerate(scene.backward):
        flow = scene.flow_pair(index)
        mask = consistency_mask(flow.backward_flow, flow.forward_flow)
        inside = truth.disocclusion & ~truth.out_of_frame
        hidden += np.count_nonzero(inside)
        trusted += np.count_nonzero(inside & (mask > 0.5))
    return f"{100 * trusted / hidden:.1f}" if hidden else "none"


def _line(scores: list[MotionScores]) -> str:
    numbers = (
        f"{fmean(map(_epe, scores)):>7.2f}",
        f"{100 * fmean(score.fl_all for score in scores):>7.1f}",
        f"{_found(scores):>11}",
        f"{fmean(score.boundary.f1 for score in scores):>11.2f}",
        f"{fmean(score.union.f1 for score in scores):>10.2f}",
        f"{100 * fmean(score.reliable for score in scores):>12.1f}",
        f"{100 * fmean(score.trusted_but_wrong for score in scores):>9.2f}",
    )
    return "".join(numbers)


def _found(scores: list[MotionScores]) -> str:
    # Recall is 1 and precision 0 only where nothing is disoccluded: no score, good or bad.
    hidden = [score.disocclusion for score in scores]
    counted = [score.f1 for score in hidden if not (score.recall == 1 and score.precision == 0)]
    return f"{fmean(counted):.2f}" if counted else "none"


def _trust(scores: list[MotionScores]) -> tuple[float, float]:
    return (
        100 * fmean(score.reliable for score in scores),
        100 * fmean(score.trusted_but_wrong for score in scores),
    )


def _epe(score: MotionScores) -> float:
    return score.endpoint_error


def _ratio(ours: list[MotionScores], theirs: list[MotionScores], value) -> float:
    return fmean(map(value, ours)) / fmean(map(value, theirs))


def _seconds(frames, method: str) -> float:
    start = time.perf_counter()
    estimate_flow(frames[0], frames[1], method=method)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
