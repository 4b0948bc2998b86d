"""A program that adds a toy term to the loss and a toy flow method, and prints what followed.

It runs in a process of its own, because a term must be known before the rest of stylekit is
imported. A real term touches `stylekit/losses/equations.py`, `stylekit/losses/terms.py`
(its row in `TERMS`) and `stylekit/settings/classes.py` (its weight in `Weights`); also
`stylekit/image/objective.py` if it compares the picture with something that `Targets` does not hold
yet. A real flow method touches `stylekit/motion/flow.py` alone.

`python toy_term.py FOLDER` writes a picture, a clip and their sidecars into FOLDER, and the
findings as JSON to standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shallow import SHALLOW

from stylekit import settings
from stylekit.settings import classes

os.chdir(sys.argv[1])
# Nothing here depends on the depth of the network.
settings.ImageSettings.__init__.__kwdefaults__.update(SHALLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyWeights(settings.Weights):
    """The weights, and that of the toy term."""

    toy: float = settings.tunable(
        0.0, "asks for a grey picture", high=1e12, flag="--toy", slider=(-1, 3), start=2.0
    )


settings.Weights = ToyWeights  # type: ignore[misc]
classes.Weights = ToyWeights  # type: ignore[misc]

from stylekit.losses import TERMS, Losses, Term  # noqa: E402
from stylekit.motion.flow import FLOWS, FlowEstimator  # noqa: E402
from stylekit.vgg.runtime import tf  # noqa: E402

TERMS["toy"] = Term(
    name="toy",
    weight="toy",
    symbol="τ",
    label="greyness",
    color="#999999",
    dash=(1, 1),
    equation="L_toy = mean (x − 1/2)²",
    measure=lambda image, _features, _targets: tf.reduce_mean(tf.square(image - 0.5)),
)
FLOWS["toy"] = FlowEstimator(
    "Toy", lambda source, target: np.zeros((*source.shape[:2], 2), np.float32), help="stands still"
)

from stylekit.app.cli import main  # noqa: E402
from stylekit.explain.pulls import balance, pull_maps  # noqa: E402
from stylekit.explain.what_if import WhatIfGrid  # noqa: E402
from stylekit.explain.words import explain_balance  # noqa: E402
from stylekit.image.stylization import Stylization  # noqa: E402
from stylekit.media.images import load_image  # noqa: E402
from stylekit.samples import find_material  # noqa: E402
from stylekit.widgets.masks.explorer import MaskExplorer  # noqa: E402
from stylekit.widgets.player.force_maps import ForceMaps  # noqa: E402
from stylekit.widgets.player.player import Player  # noqa: E402
from stylekit.widgets.weights.cells import center_of  # noqa: E402
from stylekit.widgets.weights.panel import WeightPanel  # noqa: E402


def run(*arguments: str) -> str:
    """What `stylekit` writes to standard output."""
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.suppress(SystemExit):
        main(arguments)
    return output.getvalue()


def commands() -> dict:
    """A picture and a clip painted by the command line, and the help."""
    common = ("--backbone", "vgg16", "--steps", "2", "--toy", "3", "--json")
    clip = ("--size", "48", "--frames", "3", "--frame-steps", "2", "--flow", "toy", "--run", "run")
    return {
        "help": run("video", "--help"),
        "image": json.loads(run("image", "chelsea", "swirls", "-o", "a.png", "--size=32", *common)),
        "image sidecar": json.loads(Path("a.png.json").read_text()),
        "video": json.loads(run("video", "drift", "glass", "-o", "a.mp4", *clip, *common)),
        "video sidecar": json.loads(Path("a.mp4.json").read_text()),
        "run": json.loads(Path("run/run.json").read_text()),
        "manifest": json.loads(Path("run/manifest.jsonl").read_text().split("\n")[-1]),
    }


def panels(painting: Stylization) -> dict:
    """What the panels show."""
    panel = WeightPanel(ToyWeights(toy=3.0))
    player = Player(painting, panel=panel)
    forces = ForceMaps(player)
    forces.measure()
    found = {
        "rows": panel.controls._rows,
        "line": panel.controls._line,
        "curve": player.curve._terms,
        "table": player.controls._terms,
        "map title": forces._titles["toy"].value,
        "map is shown": forces._columns["toy"].layout.display is None,
        "flows": list(MaskExplorer(size=48).method.options),
    }
    player.curve.add(painting.losses.weighted(panel.current()), weights=panel.current())
    panel.set(ToyWeights(toy=5.0))
    player.curve.add(painting.losses.weighted(panel.current()), weights=panel.current())
    player.curve.push()
    return found | {"curve in words": player.curve._alt}


def numbers() -> dict:
    """How hard the toy term pulls, and what follows from its weight."""
    content = load_image(find_material("chelsea"), size=32)
    style = load_image(find_material("swirls"), size=32)
    image_settings = settings.ImageSettings(backbone="vgg16", size=32, steps=2)
    painting = Stylization(content, style, image_settings)
    image, targets, objective = painting.image, painting.targets, painting.objective
    alone = ToyWeights(alpha=0, beta=0, gamma=0, edges=0, tv=0, toy=3.0)
    all_four = ToyWeights(toy=3.0)
    gradient = objective.evaluate(image, targets, alone).gradient
    expected = 3.0 * 2 * (image - 0.5) / image.size
    pulls = balance(objective, targets, image, all_four)
    grid = WhatIfGrid(
        content, style, image_settings, rows=("toy", (0, 5)), columns=("beta", (1, 2)), size=32
    )
    return {
        "gradient is right": np.allclose(gradient, expected, rtol=1e-4, atol=1e-7),
        "loss": objective.losses(image, targets).toy,
        "map": float(pull_maps(objective, targets, image, all_four).toy.mean()),
        "map without weight": float(pull_maps(objective, targets, image, ToyWeights()).toy.max()),
        "balance": pulls.pulls.toy,
        "balance in words": explain_balance(pulls),
        "balanced": getattr(
            balance(objective, targets, image, ToyWeights(alpha=2, toy=3)).balanced, "toy", None
        ),
        "total": Losses(toy=2.0).total(alone),
        "what-if": [weights.toy for weights in grid.weights],
        "what-if around": center_of("toy", ToyWeights()),
    } | panels(painting)


if __name__ == "__main__":
    print(json.dumps(commands() | numbers(), default=str))
