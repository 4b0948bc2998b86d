"""How well one painted frame is carried through a clip, against exact truth, method beside method.

    python benchmarks/keyframes.py                                   two clips in one style
    python benchmarks/keyframes.py --scenes orbit drift tripod --styles swirls expression
    python benchmarks/keyframes.py --keys FOLDER --out FOLDER        keep keyframes, show results
    python benchmarks/keyframes.py --methods warp patches            only these

Frame 0 of a scene is painted by the optimisation; KEYS keeps it as SCENE-STYLE.png. All methods use
the same estimated flow between neighbouring frames. `warp` is plain warping: each frame is the one
before along the flow, read linearly, and the content where the flow is not reliable.

- error: root mean square against the keyframe carried by the exact flow from frame 0 to the last,
  read by Lanczos interpolation, over what both frames show, in thousandths of the brightness range
- sharpness: mean squared Laplacian of the last frame over that of the keyframe
- flicker: root warping error of all frames along the exact flow, in thousandths; that of the clip
  itself is the floor
- s/frame: processor time, which does not depend on what else the machine does
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from machine import describe_machine

from stylekit.arrays import Image, from_bytes, to_bytes
from stylekit.image.detail import sharpness
from stylekit.image.stylization import stylize_image
from stylekit.media.files import make_folder
from stylekit.media.images import load_image
from stylekit.media.loading import save
from stylekit.motion.flow import FlowMethod, FlowPair, Interpolation, warp
from stylekit.motion.masks import consistency_mask
from stylekit.motion.warping import exact_warping_error
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import SCENES, Scene, make_scene
from stylekit.settings import ImageSettings
from stylekit.video.by_example import ByExample
from stylekit.video.keyframe import Keyframe

Propagation = Callable[[Sequence[Image], Image, Sequence[FlowPair]], Iterator[Image]]
"""A method: the frames of a clip, the painting of the first, the flow between neighbours → the
painted frames from the second on."""


def plain_warping(
    clip: Sequence[Image], painting: Image, flows: Sequence[FlowPair]
) -> Iterator[Image]:
    """Each frame from the one before, linearly, and the content where nothing is reliable."""
    image = painting
    for frame, pair in zip(clip[1:], flows, strict=True):
        mask = consistency_mask(pair.backward_flow, pair.forward_flow)[..., np.newaxis]
        carried = warp(image, pair.backward_flow)
        image = rounded(np.where(mask > 0.5, carried, frame))
        yield image


def patches(clip: Sequence[Image], painting: Image, flows: Sequence[FlowPair]) -> Iterator[Image]:
    """`ByExample`, frame after frame."""
    method = ByExample(clip, Keyframe(frame_index=0, image=painting), flows)
    image = painting
    for index in range(1, len(clip)):
        image = rounded(method.frame(index, image).image)
        yield image


# A new method is a row here.
METHODS: dict[str, Propagation] = {"warp": plain_warping, "patches": patches}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """See the top of this file; `flicker` and `error` in [0, 1], `seconds` for a frame."""

    error: float
    sharpness: float
    flicker: float
    seconds: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", nargs="+", default=["orbit", "drift"], choices=SCENES)
    parser.add_argument("--styles", nargs="+", default=["swirls"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--frames", type=int, default=13)
    parser.add_argument("--keys", type=Path, help="where keyframes are kept")
    parser.add_argument("--out", type=Path, help="where the last frames are written")
    options = parser.parse_args()
    for folder in filter(None, (options.keys, options.out)):
        make_folder(folder)
    print(describe_machine("numpy", "opencv-python", "numba"))
    print(f"{options.size} px, frame {options.frames - 1}")
    print(f"{'':<26}{'error':>8}{'less':>7}{'sharpness':>11}{'flicker':>9}{'s/frame':>9}")
    for name, style in product(options.scenes, options.styles):
        scene = make_scene(name, frames=options.frames, size=options.size)
        painting = keyframe_of(scene, style, options.keys)
        floor = exact_warping_error(scene.frames, scene.backward).rmse
        print(f"{name + ' in ' + style:<26}{'':>26}{1000 * floor:>9.1f}")
        flows = [scene.flow_pair(i, method=FlowMethod.DIS) for i in range(len(scene.forward))]
        first: Measures | None = None
        for method in options.methods:
            frames, found = measure(scene, painting, flows, METHODS[method])
            first = first or found
            print(
                f"  {method:<24}{1000 * found.error:>8.1f}"
                f"{100 * (1 - found.error / first.error):>6.0f}%{found.sharpness:>11.2f}"
                f"{1000 * found.flicker:>9.1f}{found.seconds:>9.2f}",
                flush=True,
            )
            if options.out:
                save(frames[-1], options.out / f"{name}-{style}-{method}.png")


def keyframe_of(scene: Scene, style: str, folder: Path | None) -> Image:
    """The painting of the scene's first frame, from the folder if it is there."""
    path = folder / f"{scene.name}-{style}.png" if folder else None
    if path and path.exists():
        return load_image(path)
    frame = scene.frames[0]
    material = load_image(find_material(style, MaterialKind.STYLE))
    settings = ImageSettings(size=max(frame.shape[:2]))
    painting = rounded(stylize_image(frame, material, settings=settings).image)
    if path:
        save(painting, path)
    return painting


def measure(
    scene: Scene, painting: Image, flows: Sequence[FlowPair], method: Propagation
) -> tuple[list[Image], Measures]:
    """The painted frames, with the keyframe, and their measures."""
    begin = time.process_time()
    frames = [painting, *method(scene.frames, painting, flows)]
    seconds = (time.process_time() - begin) / len(flows)
    return frames, Measures(
        error=exact_error(scene, painting, frames[-1]),
        sharpness=sharpness(frames[-1]) / sharpness(painting),
        flicker=exact_warping_error(frames, scene.backward).rmse,
        seconds=seconds,
    )


def exact_error(scene: Scene, painting: Image, last: Image) -> float:
    """How far the last frame is from the painting of the first along the exact flow."""
    steps = len(scene.frames) - 1
    ends = make_scene(scene.name, frames=2, size=painting.shape[1], stride=steps)
    truth = ends.backward[0]
    exact = warp(painting, truth.flow, interpolation=Interpolation.LANCZOS)
    return float(np.sqrt(((last - exact)[truth.visible] ** 2).mean()))


def rounded(image: Image) -> Image:
    """As a stored picture is: in 8-bit steps."""
    return from_bytes(to_bytes(image))


if __name__ == "__main__":
    main()
