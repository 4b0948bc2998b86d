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
    "refine_flow",
    "resize_flow",
    "warp",
    "write_flo",
]

# DIS fine: finer than OpenCV's medium preset, because masks need sharp motion edges. At the finest
# scale 0 the flow is solved at every pixel instead of every second one. More variational steps and
# a stronger smoothness weight remove the noise that this adds.
DIS_FINEST_SCALE = 0
DIS_VARIATIONAL_ITERATIONS = 10
DIS_VARIATIONAL_ALPHA = 40.0

# DIS sharp: a second pass with smaller patches, started from the result of DIS fine. A patch across
# a moving edge is matched as a whole, so flow spreads over the edge by half a patch. A patch of 4
# pixels instead of 8 halves that, but by itself it fails in noise and in areas without texture.
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
    """Names of rows of `FLOWS`: DIS is the default, Farneback the report's method.

    Sharp DIS follows moving edges more closely and takes two to three times as long as DIS. The
    exact flow is known only for scenes (`Scene.flow_pair`), and that of files is read from a folder
    (`read_flows`).
    """

    DIS = "dis"
    DIS_FAST = "dis-fast"
    DIS_SHARP = "dis-sharp"
    FARNEBACK = "farneback"
    EXACT = "exact"
    FILES = "files"


class Interpolation(Enum):
    """How `warp` reads between pixels.

    Linear is the papers' choice for the target of the temporal loss. Repeated linear warps blur:
    after 20 of them 1 % of the picture's Laplacian variance is left. Cubic and Lanczos keep more.
    """

    LINEAR = "linear"
    CUBIC = "cubic"
    LANCZOS = "lanczos"


@dataclass(frozen=True, slots=True, eq=False)
class FlowPair:
    """The flow between two neighbouring frames, both ways, each `(H, W, 2)`.

    `forward_flow` leads from the previous to the current frame, on the previous frame's grid.
    `backward_flow` leads back, on the current frame's grid, so that
    `warp(previous, backward_flow)` looks like the current frame.
    """

    forward_flow: Flow
    backward_flow: Flow


def estimate_flow(
    source: Image, target: Image, *, method: str | FlowFunction = FlowMethod.DIS
) -> Flow:
    """Where each pixel of `source` went in `target`: `source(p) ≈ target(p + flow(p))`.

    The built-in methods read 8-bit grey values and give the same bits for any number of threads.
    The flow across a cut is meaningless, although numbers come back.

    Parameters
    ----------
    source, target : `(H, W, 3)` in [0, 1], of equal size.
    method : a name in `FLOWS`, or a function `(source, target) -> flow`.

    Returns
    -------
    float32 `(H, W, 2)`, in pixels, on the grid of `source`.

    Raises
    ------
    ValueError : if a picture is none, sizes differ, or the method's result is no flow.
    SettingsError : if `FLOWS` has no such name, and for the exact flow, which is not an estimate.

    References
    ----------
    Kroeger et al. 2016, "Fast optical flow using dense inverse search".
    Farnebäck 2003, "Two-frame motion estimation based on polynomial expansion".

    Examples
    --------
    >>> picture = np.random.default_rng(0).random((32, 48, 3), np.float32)
    >>> bool(np.abs(estimate_flow(picture, picture)).max() < 0.1)
    True
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


def refine_flow(source: Image, target: Image, start: Flow, *, sharp: bool = False) -> Flow:
    """The flow of DIS from `source` to `target`, as `estimate_flow`, begun from a guess of it.

    In every patch DIS takes `start` where that fits better than its own guess from coarser scales.
    So it follows motion that is too fast for DIS alone. With `sharp` it takes smaller patches.

    `start` is `(H, W, 2)` in pixels. Raises ValueError if sizes differ.
    """
    for name, picture in (("source", source), ("target", target)):
        check_image(picture, name, like=start)
    check_flow(start, "start")
    first, second = _dis_pair(source, target)
    border = [(0, a - b) for a, b in zip(first.shape, start.shape[:2], strict=True)]
    guess = np.pad(start, (*border, (0, 0)), mode="edge")
    flow = _estimator(fine=True, sharp=sharp).calc(first, second, guess)
    return _cropped(flow, source)


def warp(image: Image, flow: Flow, *, interpolation: Interpolation = Interpolation.LINEAR) -> Image:
    """`image` seen from the grid of `flow`: `out(p) = image(p + flow(p))`.

    Parameters
    ----------
    image : float32, a picture `(H, W, 3)`, a mask `(H, W)` or a flow `(H, W, 2)`.
    flow : `(H, W, 2)`, in pixels. Outside the image the nearest border pixel is read.
    interpolation : linear works in any unit. Cubic and Lanczos overshoot at edges, so their
        result is clipped into [0, 1].

    Returns
    -------
    float32, of the shape of `image`.

    Raises
    ------
    ValueError : if the sizes differ or `image` is not float32.

    Examples
    --------
    >>> row = np.array([[0.0, 0.25, 0.5, 1.0]], np.float32)
    >>> to_the_right = np.full((1, 4, 2), (1.0, 0.0), np.float32)
    >>> warp(row, to_the_right).tolist()
    [[0.25, 0.5, 1.0, 1.0]]
    """
    if image.dtype != np.float32 or image.ndim not in (2, 3):
        raise ValueError(
            f"image: must be float32 (H, W) or (H, W, C), is {image.dtype.name} {image.shape}"
        )
    check_flow(flow, like=image)
    height, width = image.shape[:2]
    # From four pixels outside on, every tap of every kernel reads the border. So clipping there
    # changes nothing, and it keeps very large flow from overflowing OpenCV's integers.
    x = np.clip(np.arange(width, dtype=np.float32) + flow[..., 0], -4, width + 3)
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] + flow[..., 1], -4, height + 3)
    kernel = _cv2_interpolation(interpolation)
    warped = cv2.remap(np.ascontiguousarray(image), x, y, kernel, borderMode=cv2.BORDER_REPLICATE)
    warped = warped.reshape(image.shape)
    if interpolation is not Interpolation.LINEAR:
        np.clip(warped, 0.0, 1.0, out=warped)
    return np.asarray(warped, np.float32)


def resize_flow(flow: Flow, size: tuple[int, int]) -> Flow:
    """`flow` for frames resized to `size` = (width, height); the vectors scale with the grid.

    Shrinking averages over areas, enlarging interpolates linearly.

    Examples
    --------
    >>> resize_flow(np.full((2, 2, 2), 3.0, np.float32), (4, 2))[0, 0].tolist()
    [6.0, 3.0]
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

    Raises MediaError if the file is missing, is no flow file, has the wrong length, or holds
    values that are not finite.
    """
    path = check_input(path)
    with path.open("rb") as file:
        height, width = _flo_shape(path, file.read(_FLO_HEADER.size))
        # Sizes are compared before reading, so that a broken header cannot demand gigabytes.
        due, there = _FLO_HEADER.size + 8 * height * width, path.stat().st_size
        if there != due:
            state = "cut short" if there < due else "too long"
            raise MediaError(path, f"flow file is {state}: has {there} bytes, needs {due}")
        flow = np.frombuffer(file.read(), "<f4").astype(np.float32).reshape(height, width, 2)
    if not np.isfinite(flow).all():
        raise MediaError(path, "flow file holds values that are not finite")
    return flow


def write_flo(flow: Flow, path: str | Path) -> None:
    """Write `flow` as a Middlebury `.flo` file, completely or not at all, for `read_flo`.

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
    first, second = _dis_pair(source, target)
    if sharp:
        # Without a start: DIS compares a start with its own guess in every patch, and a start of
        # zeros wins by chance where the picture has no texture.
        coarse = _estimator(fine=True).calc(first, second, None)  # type: ignore[call-overload]
        flow = _estimator(fine=True, sharp=True).calc(first, second, coarse)
    else:
        start = np.zeros((*first.shape, 2), np.float32)
        flow = _estimator(fine=fine).calc(first, second, start)
    return _cropped(flow, source)


def _dis_pair(source: Image, target: Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both pictures as DIS takes them: grey, and continued to the smallest size."""
    height, width = source.shape[:2]
    border = ((0, max(0, _DIS_MIN_SIDE - height)), (0, max(0, _DIS_MIN_SIDE - width)))
    first, second = (np.pad(_to_grey(image), border, mode="edge") for image in (source, target))
    return first, second


def _cropped(flow: NDArray, source: Image) -> Flow:
    height, width = source.shape[:2]
    return np.ascontiguousarray(flow[:height, :width], np.float32)


def _estimator(*, fine: bool, sharp: bool = False) -> cv2.DISOpticalFlow:
    # A new estimator each time: a used one keeps buffers, so threads cannot share it.
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if fine:
        estimator.setFinestScale(DIS_FINEST_SCALE)
        estimator.setVariationalRefinementIterations(DIS_VARIATIONAL_ITERATIONS)
        estimator.setVariationalRefinementAlpha(DIS_VARIATIONAL_ALPHA)
    if sharp:
        estimator.setPatchSize(DIS_SHARP_PATCH)
        estimator.setPatchStride(DIS_SHARP_STRIDE)
    return estimator


def _exact(source: Image, target: Image) -> Flow:
    raise SettingsError(
        "flow", "the exact flow is known only for scenes; take it from Scene.flow_pair"
    )


def _from_files(source: Image, target: Image) -> Flow:
    raise SettingsError("flow", "give the folder of your .flo files: --flow FOLDER, or flows=")


FLOWS: dict[str, FlowEstimator] = {
    "dis": FlowEstimator("DIS", _dis),
    "dis-fast": FlowEstimator("DIS, fast", partial(_dis, fine=False)),
    "dis-sharp": FlowEstimator("DIS, sharp", partial(_dis, sharp=True)),
    "farneback": FlowEstimator("Farnebäck", _farneback, help="is the report's"),
    "exact": FlowEstimator("exact", _exact, help="is known for built-in clips alone"),
    "files": FlowEstimator("own files", _from_files),
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
