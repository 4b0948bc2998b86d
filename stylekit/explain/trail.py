"""The paths of pixels back along the flow, for as long as it was trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask
from .stored_run import StoredRun

CARRIED = 0.5
"""A pixel with at least this reliability c counts as carried from the frame before."""

Points = NDArray[np.float64]


def path_of(
    run: StoredRun, frame_index: int, x: float, y: float
) -> tuple[tuple[int, float, float], ...]:
    """(frame_index, x, y) of a point in its frame and those it was carried from, newest first.

    The path goes from p in frame i to p + ŵ_i(p) in frame i − 1, or in the one before a flash, as
    long as c_i(p) ≥ `CARRIED`; ŵ and c are interpolated linearly. At the last entry the point was
    painted anew. A path of n + 1 entries belongs to a point of age n.
    """
    points = np.array([[x, y]], np.float64)
    path = [(frame_index, float(x), float(y))]
    while True:
        carried, points = step_back(run, path[-1][0], points)
        if not carried[0]:
            return tuple(path)
        path.append((run.source(path[-1][0]), float(points[0, 0]), float(points[0, 1])))


def age_map(run: StoredRun, frame_index: int) -> NDArray[np.int32]:
    """For how many frames each pixel of a frame has been carried, int32 `(H, W)`.

    It is 0 where the pixel was painted anew, see `path_of`.
    """
    height, width = run.clip[frame_index].shape[:2]
    y, x = np.mgrid[:height, :width]
    points = np.stack([x, y], axis=-1).reshape(-1, 2)
    return ages_of(run, frame_index, points).reshape(height, width)


def ages_of(run: StoredRun, frame_index: int, points: NDArray) -> NDArray[np.int32]:
    """The ages of points `(N, 2)`, x and y, of a frame: int32 `(N,)`."""
    run.check_frame(frame_index)
    ages = np.zeros(len(points), np.int32)
    alive = np.arange(len(points))
    points = points.astype(np.float64)
    index = frame_index
    while index > 0:
        carried, points = step_back(run, index, points)
        index = run.source(index)
        alive, points = alive[carried], points[carried]
        if not alive.size:
            break
        ages[alive] += 1
    return ages


def step_back(run: StoredRun, frame_index: int, points: Points) -> tuple[BoolMask, Points]:
    """Whether points `(N, 2)` of a frame were carried, and all their places one frame before."""
    if run.is_cold(frame_index):
        return np.zeros(len(points), np.bool_), points
    motion = run.motion(frame_index)
    height, width = motion.mask.shape
    moved = points + _sample(motion.flow.backward_flow, points)
    return _sample(motion.mask, points) >= CARRIED, np.clip(moved, 0, (width - 1, height - 1))


def _sample(array: NDArray[np.float32], points: Points) -> NDArray[np.float64]:
    """`array` `(H, W)` or `(H, W, C)`, interpolated linearly at points inside it."""
    height, width = array.shape[:2]
    left = np.clip(np.floor(points[:, 0]).astype(np.intp), 0, max(width - 2, 0))
    top = np.clip(np.floor(points[:, 1]).astype(np.intp), 0, max(height - 2, 0))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    along_x, along_y = points[:, 0] - left, points[:, 1] - top
    if array.ndim == 3:
        along_x, along_y = along_x[:, np.newaxis], along_y[:, np.newaxis]
    upper = (1 - along_x) * array[top, left] + along_x * array[top, right]
    lower = (1 - along_x) * array[bottom, left] + along_x * array[bottom, right]
    return (1 - along_y) * upper + along_y * lower
