"""Optical flow: estimate it, warp pictures along it, resize it, read and write `.flo` files.

Flow lives on the grid of the frame it starts from, in pixels, x to the right and y down:
`source(p) ≈ target(p + flow(p))`. Hence `warp(target, flow)` looks like `source`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import Flow, Image, check_flow, check_image, to_bytes
from ..errors import MediaError, SettingsError
from ..media.files import atomic_path, check_input
from ..media.opencv import cv2
from ..settings import Implementation, function_of, name_of

__all__ = [
    "FLOWS",
    "FlowEstimator",
    "FlowFunction",
    "FlowMethod",
    "FlowPair",
    "Interpolation",
    "estimate_flow",
    "flow_between",
    "read_flo",
    "resize_flow",
    "warp",
    "write_flo",
]

# DIS fine: finer than OpenCV's medium preset, because masks live off sharp motion edges.
# At the finest scale 0 the flow is solved at every pixel rather than every second one, and
# more variational steps with a stronger smoothness weight calm what that adds in noise.
DIS_FINEST_SCALE = 0
DIS_VARIATIONAL_ITERATIONS = 10
DIS_VARIATIONAL_ALPHA = 40.0

# DIS sharp: a second pass from where DIS fine ends, with smaller patches. A patch of 8 pixels that
# lies across a moving edge is matched as a whole, so flow bleeds over the edge by half of it; one
# of 4 bleeds half as far, but alone it would get lost in noise and on plain ground.
DIS_SHARP_PATCH = 4
DIS_SHARP_STRIDE = 2

# Pyramid scale, levels, window, iterations, neighbourhood, its sigma, flags: OpenCV's own example.
FARNEBACK = (0.5, 3, 15, 3, 5, 1.2, 0)

# Below 16 pixels a side OpenCV's DIS refuses a picture or reads outside it and crashes.
_DIS_MIN_SIDE = 32

_FLO_MAGIC = 202021.25
_FLO_HEADER = struct.Struct("<fii")
_FLO_MAX_SIDE = 32_767


FlowFunction = Callable[[Image, Image], Flow]
"""Flow from two pictures of equal size, `(source, target) -> flow`, as `estimate_flow`."""

FlowEstimator = Implementation[FlowFunction]
"""A row of `FLOWS`."""


class FlowMethod(StrEnum):
    """Names of rows of `FLOWS`: DIS is fine and the default, Farneback the report's.

    Sharp DIS keeps closer to moving edges, for two to three times the time of DIS. The exact
    flow is known for scenes alone (`Scene.flow_pair`); a clip has none.
    """

    DIS = "dis"
    DIS_FAST = "dis-fast"
    DIS_SHARP = "dis-sharp"
    FARNEBACK = "farneback"
    EXACT = "exact"


class Interpolation(Enum):
    """How `warp` reads between pixels.

    Linear is the papers' choice for the loss target. Repeated linear warps smear (after 20 of
    them 1 % of the picture's Laplacian variance is left), cubic and Lanczos keep far more.
    """

    LINEAR = "linear"
    CUBIC = "cubic"
    LANCZOS = "lanczos"


@dataclass(frozen=True, slots=True, eq=False)
class FlowPair:
    """The flow between two neighbouring frames, both ways, each `(H, W, 2)`.

    `forward_flow` goes previous → current on the previous frame's grid, `backward_flow`
    current → previous on the current frame's grid: `warp(previous, backward_flow)` lands on
    the current frame.
    """

    forward_flow: Flow
    backward_flow: Flow


def estimate_flow(
    source: Image, target: Image, *, method: str | FlowFunction = FlowMethod.DIS
) -> Flow:
    """Where each pixel of `source` went in `target`.

    `source` and `target` are pictures `(H, W, 3)` of equal size; the flow is `(H, W, 2)` on
    the grid of `source`, in pixels, such that `source(p) ≈ target(p + flow(p))`. `method` is a
    name in `FLOWS` or a function `(source, target) -> flow`. Never ask for the flow across a cut:
    there is none, yet numbers come back.

    Methods: dense inverse search (Kroeger et al. 2016) in a fast, a fine and a sharp setting,
    and Farnebäck's polynomial expansion (2003) with the report's parameters. To them only 8-bit
    grey values count, and the same pair gives the same flow bit for bit, whatever the number of
    threads.

    Raises ValueError if the pictures differ in size or are not float32 RGB in [0, 1], or if the
    method's result is no flow of their size; SettingsError if `FLOWS` has no such name, and for
    the exact flow, which cannot be estimated.
    """
    function = function_of("flow", FLOWS, method)
    check_image(source, "source")
    check_image(target, "target")
    if source.shape != target.shape:
        raise ValueError(
            f"target: must be {source.shape[1]}×{source.shape[0]} pixels as the source, "
            f"is {target.shape[1]}×{target.shape[0]}"
        )
    return check_flow(function(source, target), f"flow of {name_of(method)}", like=source)


def flow_between(
    previous: Image, current: Image, *, method: str | FlowFunction = FlowMethod.DIS
) -> FlowPair:
    """The flow between two neighbouring frames both ways, see `estimate_flow`."""
    return FlowPair(
        forward_flow=estimate_flow(previous, current, method=method),
        backward_flow=estimate_flow(current, previous, method=method),
    )


def warp(image: Image, flow: Flow, *, interpolation: Interpolation = Interpolation.LINEAR) -> Image:
    """`image` seen from the grid of `flow`: `out(p) = image(p + flow(p))`.

    `image` is float32, a picture `(H, W, 3)`, a mask `(H, W)` or a flow `(H, W, 2)`; `flow` is
    `(H, W, 2)` of the same size, in pixels. What lies outside the image takes the value of the
    nearest border pixel. Cubic and Lanczos overshoot at edges, so their result is clipped into
    [0, 1]; linear stays within the values of `image` by itself and works in any unit.

    Raises ValueError if the sizes differ or `image` is not float32.
    """
    if image.dtype != np.float32 or image.ndim not in (2, 3):
        raise ValueError(
            f"image: must be float32 (H, W) or (H, W, C), is {image.dtype.name} {image.shape}"
        )
    check_flow(flow, like=image)
    height, width = image.shape[:2]
    # Four pixels outside, every tap of every kernel reads the border: nothing is lost by
    # stopping there, and wild flow cannot overflow OpenCV's integers.
    x = np.clip(np.arange(width, dtype=np.float32) + flow[..., 0], -4, width + 3)
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] + flow[..., 1], -4, height + 3)
    warped = cv2.remap(
        np.ascontiguousarray(image),
        x,
        y,
        interpolation=_cv2_interpolation(interpolation),
        borderMode=cv2.BORDER_REPLICATE,
    ).reshape(image.shape)
    if interpolation is not Interpolation.LINEAR:
        np.clip(warped, 0.0, 1.0, out=warped)
    return np.asarray(warped, np.float32)


def resize_flow(flow: Flow, size: tuple[int, int]) -> Flow:
    """`flow` for frames resized to `size` = (width, height); the vectors scale with the grid.

    Shrinking averages over areas, growing interpolates linearly.
    """
    check_flow(flow)
    width, height = size
    if width < 1 or height < 1:
        raise ValueError(f"size: must be at least 1×1 pixels, is {width}×{height}")
    old_height, old_width = flow.shape[:2]
    shrinks = width <= old_width and height <= old_height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(flow, (width, height), interpolation=interpolation)
    scale = np.array([width / old_width, height / old_height], np.float32)
    return np.asarray(resized.reshape(height, width, 2) * scale, np.float32)


def read_flo(path: str | Path) -> Flow:
    """The flow in a Middlebury `.flo` file (Baker et al. 2011): `(H, W, 2)`, in pixels.

    The format, little-endian: float32 202021.25, int32 width, int32 height, then dx and dy as
    float32 for each pixel, row by row.

    Raises MediaError if the file is missing, is something else, is cut short or too long, or
    holds values that are not finite.
    """
    path = check_input(path)
    with path.open("rb") as file:
        height, width = _flo_shape(path, file.read(_FLO_HEADER.size))
        # Sizes are compared before reading, so that a broken header never asks for gigabytes.
        due, there = _FLO_HEADER.size + 8 * height * width, path.stat().st_size
        if there != due:
            state = "cut short" if there < due else "too long"
            raise MediaError(path, f"flow file is {state}, {there} bytes where {due} are due")
        flow = np.frombuffer(file.read(), "<f4").astype(np.float32).reshape(height, width, 2)
    if not np.isfinite(flow).all():
        raise MediaError(path, "flow file holds values that are not finite")
    return flow


def write_flo(flow: Flow, path: str | Path) -> None:
    """Write `flow` as a Middlebury `.flo` file, whole or not at all; `read_flo` reads it back.

    Raises MediaError if the file cannot be written.
    """
    check_flow(flow)
    height, width = flow.shape[:2]
    with atomic_path(path) as temporary:
        header = _FLO_HEADER.pack(_FLO_MAGIC, width, height)
        temporary.write_bytes(header + flow.astype("<f4").tobytes())


def _cv2_interpolation(interpolation: Interpolation) -> int:
    constants = {
        Interpolation.LINEAR: cv2.INTER_LINEAR,
        Interpolation.CUBIC: cv2.INTER_CUBIC,
        Interpolation.LANCZOS: cv2.INTER_LANCZOS4,
    }
    return constants[interpolation]


def _to_grey(image: Image) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(to_bytes(image), cv2.COLOR_RGB2GRAY), np.uint8)


def _farneback(source: Image, target: Image) -> Flow:
    start = np.zeros((*source.shape[:2], 2), np.float32)
    flow = cv2.calcOpticalFlowFarneback(_to_grey(source), _to_grey(target), start, *FARNEBACK)
    return np.asarray(flow, np.float32)


def _dis(source: Image, target: Image, *, fine: bool = True, sharp: bool = False) -> Flow:
    height, width = source.shape[:2]
    border = ((0, max(0, _DIS_MIN_SIDE - height)), (0, max(0, _DIS_MIN_SIDE - width)))
    first, second = (np.pad(_to_grey(image), border, mode="edge") for image in (source, target))
    if sharp:
        # Without a start: DIS weighs a start against its own guess in every patch, and one of
        # zeros wins by chance where the picture is plain.
        coarse = _estimator(fine=True).calc(first, second, None)  # type: ignore[call-overload]
        estimator = _estimator(fine=True)
        estimator.setPatchSize(DIS_SHARP_PATCH)
        estimator.setPatchStride(DIS_SHARP_STRIDE)
        flow = estimator.calc(first, second, coarse)
    else:
        start = np.zeros((*first.shape, 2), np.float32)
        flow = _estimator(fine=fine).calc(first, second, start)
    return np.ascontiguousarray(flow[:height, :width], np.float32)


def _estimator(*, fine: bool) -> cv2.DISOpticalFlow:
    # A fresh estimator each time: a used one keeps buffers and is not safe to share.
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if fine:
        estimator.setFinestScale(DIS_FINEST_SCALE)
        estimator.setVariationalRefinementIterations(DIS_VARIATIONAL_ITERATIONS)
        estimator.setVariationalRefinementAlpha(DIS_VARIATIONAL_ALPHA)
    return estimator


def _exact(source: Image, target: Image) -> Flow:
    raise SettingsError(
        "flow", "the exact flow is known for scenes alone, take it from Scene.flow_pair"
    )


FLOWS: dict[str, FlowEstimator] = {
    "dis": FlowEstimator("DIS", _dis),
    "dis-fast": FlowEstimator("DIS, fast", partial(_dis, fine=False)),
    "dis-sharp": FlowEstimator("DIS, sharp", partial(_dis, sharp=True)),
    "farneback": FlowEstimator("Farnebäck", _farneback, help="is the report's"),
    "exact": FlowEstimator("exact", _exact, help="is known for built-in clips alone"),
}
"""Every flow method by its name in settings, files and on the command line."""


def _flo_shape(path: Path, header: bytes) -> tuple[int, int]:
    if len(header) < _FLO_HEADER.size:
        raise MediaError(path, "flow file is cut short inside its header")
    magic, width, height = _FLO_HEADER.unpack(header)
    if magic != _FLO_MAGIC:
        raise MediaError(path, "not a Middlebury .flo file, it does not start with 202021.25")
    if not (1 <= width <= _FLO_MAX_SIDE and 1 <= height <= _FLO_MAX_SIDE):
        raise MediaError(path, f"flow file claims an impossible size, {width}×{height} pixels")
    return height, width
