"""What L-BFGS learned of the loss of one frame, carried along the flow to the next.

A frame's loss differs from the loss of the one before by little more than the motion. So do its
curvature and the pairs that stand for it: warped like the picture itself, they spare the next
frame the steps in which they are learned.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .arrays import Flow, Mask
from .flow import warp
from .media.files import atomic_path
from .optimizer import Pair
from .settings import Weights

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """The pairs (move, change of the gradient) of an optimiser, oldest first.

    Each array has the shape of the variables, `(H, W, 3)` or `(H, W)`. `weights` are those of
    the loss that they were learned of.
    """

    pairs: tuple[Pair, ...]
    weights: Weights

    def carried(self, backward_flow: Flow, mask: Mask) -> Curvature:
        """The pairs of the next frame: warped linearly, and nothing where the flow is in doubt.

        `backward_flow` `(H, W, 2)` in pixels and `mask` `(H, W)` in [0, 1] are of the next
        frame. The optimiser leaves out pairs that have lost their positive product.
        """
        return Curvature(
            tuple(
                (_carry(move, backward_flow, mask), _carry(change, backward_flow, mask))
                for move, change in self.pairs
            ),
            self.weights,
        )

    def save(self, path: Path) -> None:
        """Write an `.npz` file, whole or not at all. Raises MediaError if the disk refuses."""
        with atomic_path(path) as temporary:
            np.savez(
                temporary,
                moves=_stacked([move for move, _ in self.pairs]),
                changes=_stacked([change for _, change in self.pairs]),
                weights=np.array(json.dumps(self.weights.to_json())),
            )

    @classmethod
    def load(cls, path: Path) -> Curvature | None:
        """What `save` wrote, or None if it is not there, or damaged."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                weights = Weights.from_json(json.loads(str(arrays["weights"])))
                pairs = tuple(zip(arrays["moves"], arrays["changes"], strict=True))
        # A torn file fails as an archive, as an array or as JSON.
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return cls(pairs, weights)


def _carry(array: Array, backward_flow: Flow, mask: Mask) -> Array:
    mask = mask if array.ndim == 2 else mask[:, :, np.newaxis]
    return warp(array, backward_flow) * mask


def _stacked(arrays: Sequence[Array]) -> Array:
    return np.stack(arrays) if arrays else np.zeros(0, np.float32)
