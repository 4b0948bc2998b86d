"""Guided texture synthesis by PatchMatch, coarse to fine: what flow cannot carry is painted anew.

For each pixel of a frame a place in the keyframe is sought whose patch is most like the patch
around the pixel, in the painting and in the guides. Search and vote take turns (Wexler et al.
2007): the search finds places for the present picture, the vote makes the next picture of what the
patches at these places show. The search is that of PatchMatch (Barnes et al. 2009). What is used
too often becomes expensive (Kaspar et al. 2015; Fišer et al. 2016, StyLit).

Differs from the papers: pixels that the flow leads to a trusted place take that place, with
fractions of a pixel, and are not searched; patches turn and scale as the flow around them does; and
each sweep reads the places of the sweep before (with steps of 8, 4, 2 and 1 pixels, as in the jump
flooding of Rong & Tan 2006), so that the result is the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask
from ..settings import PatchSettings
from .guides import Correspondence, box_mean, resized

Floats = NDArray[np.float32]

# Below this many patches a side a picture is not halved again.
_FEWEST_PATCHES = 4
# How far a place may be from that along the flow before it costs the full weight, in pixels, and
# what a weight of 1 costs then: as much as a tenth of the range of all colours.
REACH = 8.0
PULL = 0.1**2
# Beside the weight of trusted flow: flow that is continued from around is a hint.
_CONTINUED = 0.1
# The unit of the uniformity: the square of an 8-bit step.
_STEP = 1 / 255**2
# Added to an energy before its reciprocal is a patch's weight in the vote.
_VOTE_OFFSET = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """What is known at both ends: the keyframe's painting and the frame that is to be painted.

    - `paint` `(h, w, 4)`: the painting times its mask, and the mask. What lies outside the mask is
      zero: it is not there to be copied.
    - `shown` `(h, w, 3)`: the painting, and the keyframe itself outside the mask.
    - `key_look` `(h, w, C)`, `look` `(H, W, C)`: the guides, see `guides.look_of`.
    - `frame` `(H, W, 3)`: the frame as the clip shows it.
    - `carried` `(H, W, 3)`, `carried_trust` `(H, W)`: the painting of the frame before, along the
      flow.
    """

    paint: Floats
    shown: Image
    key_look: Floats
    look: Floats
    frame: Image
    carried: Image
    carried_trust: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """What the patches show, `paint` `(H, W, 4)` as in `Texture`, where in the keyframe they are,
    `places` `(H, W, 2)`, and how unlike the guides are there, `error` `(H, W)`."""

    paint: Floats
    places: Floats
    error: Floats


def synthesize(
    texture: Texture,
    known: Correspondence,
    settings: PatchSettings,
    *,
    seed: int,
    threads: int,
) -> Field:
    """Paint a frame with the patches of a keyframe's painting.

    Parameters
    ----------
    texture, known : see there.
    seed : of the random places, below 2⁶³; another one for each frame.
    threads : at least 1. The result is the same for any number.
    """
    search = _Search(texture, known, settings, seed, threads)
    places: Floats | None = None
    if not known.trusted.all():
        for size in _sizes(known.trusted.shape, settings):
            places = search.at(size, places)
    return search.finished(places)


def _sizes(shape: tuple[int, ...], settings: PatchSettings) -> list[tuple[int, int]]:
    """The (height, width) of all levels, the smallest first."""
    sizes = [(shape[0], shape[1])]
    while len(sizes) < settings.levels and min(sizes[-1]) >= 2 * _FEWEST_PATCHES * settings.patch:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes[::-1]


class _Search:
    def __init__(
        self,
        texture: Texture,
        known: Correspondence,
        settings: PatchSettings,
        seed: int,
        threads: int,
    ) -> None:
        # Numba takes half a second to import.
        from . import compiled, patch_kernels

        self._kernels, self._in_parts = patch_kernels, compiled.in_parts
        self._texture, self._known, self._settings = texture, known, settings
        self._seed, self._threads = seed, threads
        self._radius = settings.patch // 2

    def at(self, size: tuple[int, int], coarser: Floats | None) -> Floats:
        """The places at one size, from those at half of it."""
        texture, settings, kernels = self._level(size), self._settings, self._kernels
        known = self._correspondence(size)
        places = known.places.copy() if coarser is None else _enlarged(coarser, known)
        places[known.trusted] = known.places[known.trusted]
        active = np.flatnonzero(~known.trusted)
        paint = np.empty((*size, 4), np.float32)
        self._run(kernels.copy_places, np.flatnonzero(known.trusted), places, texture.paint, paint)
        held = settings.previous * texture.carried_trust[..., np.newaxis]
        target = np.concatenate([texture.carried, texture.look], axis=2)
        # Before the first vote at the smallest size only the guides say what fits.
        weight = held[..., 0] / 3
        pull = PULL * settings.position * np.where(known.trusted, 1, _CONTINUED)
        use = self._use(places, texture.paint.shape[:2])
        source = np.concatenate([texture.shown, texture.key_look], axis=2)
        energy = np.zeros(size, np.float32)
        for iteration in range(settings.iterations):
            if coarser is not None or iteration:
                self._vote(places, energy, known, texture.paint, paint, active)
                image = over(paint, texture.frame)
                target[..., :3] = (image + held * texture.carried) / (1 + held)
                weight = (1 + held[..., 0]) / 3
                use = (use + self._use(places, texture.paint.shape[:2])) / 2
            problem = kernels.Problem(
                target=target,
                weight=np.asarray(weight, np.float32),
                source=source,
                advected=known.places,
                pull=pull.astype(np.float32),
                reach=REACH * size[1] / self._known.trusted.shape[1],
                turn=known.turn,
                use=use,
                radius=self._radius,
            )
            self._run(kernels.evaluate, np.arange(energy.size), places, energy, problem)
            for sweep in range(settings.sweeps):
                step = 1 << max(3 - sweep % 4, 0)
                self._seed += 1
                new_places, new_energy = places.copy(), energy.copy()
                self._run(
                    kernels.search,
                    active,
                    places,
                    energy,
                    new_places,
                    new_energy,
                    problem,
                    step,
                    self._seed,
                )
                places, energy = new_places, new_energy
        self._energy = energy
        return places

    def finished(self, places: Floats | None) -> Field:
        texture, known, kernels = self._texture, self._known, self._kernels
        size = known.trusted.shape
        paint = np.empty((*size, 4), np.float32)
        everywhere = np.arange(known.trusted.size)
        if places is None:
            places = known.places
        self._run(kernels.copy_places, everywhere, places, texture.paint, paint)
        active = np.flatnonzero(~known.trusted)
        if active.size:
            self._vote(places, self._energy, known, texture.paint, paint, active)
        blank = np.zeros((*size, 3), np.float32)
        guides_only = kernels.Problem(
            target=np.concatenate([blank, texture.look], axis=2),
            weight=np.zeros(size, np.float32),
            source=np.concatenate([np.zeros_like(texture.shown), texture.key_look], axis=2),
            advected=known.places,
            pull=np.zeros(size, np.float32),
            reach=REACH,
            turn=known.turn,
            use=np.zeros(texture.paint.shape[:2], np.float32),
            radius=self._radius,
        )
        error = np.empty(size, np.float32)
        self._run(kernels.evaluate, everywhere, places, error, guides_only)
        error += np.where(known.trusted, 0, np.float32(PULL * self._settings.position))
        return Field(paint, places, error)

    def _vote(
        self,
        places: Floats,
        energy: Floats,
        known: Correspondence,
        source: Floats,
        paint: Floats,
        active: NDArray[np.int64],
    ) -> None:
        confidence = 1 / (energy + np.float32(_VOTE_OFFSET))
        self._run(
            self._kernels.vote,
            active,
            places,
            confidence.astype(np.float32),
            known.turn,
            self._radius,
            source,
            paint,
        )

    def _use(self, places: Floats, shape: tuple[int, ...]) -> Floats:
        """What it costs to use each part of the painting once more.

        λ Ω / ω: Ω is how often the pixels around are used, ω how often they would be if all of the
        painting were used alike.
        """
        rows, columns = shape
        x, y = (np.floor(places + 0.5).astype(np.int64)[..., axis].ravel() for axis in (0, 1))
        count = np.bincount(y * columns + x, minlength=rows * columns).reshape(rows, columns)
        # A patch covers the pixels around its place, and asks for those around the pixel's.
        side = self._settings.patch
        density = box_mean(box_mean(count.astype(np.float32), side), side)
        cost = self._settings.uniformity * _STEP / side**2
        even = x.size / count.size
        return np.asarray(density * (cost / even), np.float32)

    def _level(self, size: tuple[int, int]) -> Texture:
        if size == self._known.trusted.shape:
            return self._texture
        t = self._texture
        wide = (size[1], size[0])
        return Texture(
            paint=resized(t.paint, wide),
            shown=resized(t.shown, wide),
            key_look=resized(t.key_look, wide),
            look=resized(t.look, wide),
            frame=resized(t.frame, wide),
            carried=resized(t.carried, wide),
            carried_trust=resized(t.carried_trust, wide),
        )

    def _correspondence(self, size: tuple[int, int]) -> Correspondence:
        known = self._known
        if size == known.trusted.shape:
            return known
        wide = (size[1], size[0])
        scale = np.array(wide, np.float32) / np.array(known.trusted.shape[::-1], np.float32)
        places = (resized(known.places, wide) + 0.5) * scale - 0.5
        top = np.array(wide, np.float32) - 1
        return Correspondence(
            np.clip(places, 0, top).astype(np.float32),
            resized(known.trusted.astype(np.float32), wide) > 1 - 1e-4,
            resized(known.turn, wide),
        )

    def _run(self, kernel: Callable[..., None], pixels: NDArray[np.int64], *arrays: Any) -> None:
        def work(start: int, stop: int) -> None:
            kernel(pixels, start, stop, *arrays)

        self._in_parts(work, len(pixels), self._threads)


def _enlarged(coarser: Floats, known: Correspondence) -> Floats:
    """Places at twice the size; those of patches that lie straight are whole pixels."""
    height, width = known.trusted.shape
    scale = np.array([width / coarser.shape[1], height / coarser.shape[0]])
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    column = np.minimum(((x + 0.5) / scale[0]).astype(np.int64), coarser.shape[1] - 1)
    row = np.minimum(((y + 0.5) / scale[1]).astype(np.int64), coarser.shape[0] - 1)
    dx = x - ((column + 0.5) * scale[0] - 0.5)
    dy = y - ((row + 0.5) * scale[1] - 0.5)
    a, b = known.turn[..., 0], known.turn[..., 1]
    places = (coarser[row, column] + 0.5) * scale - 0.5
    places += np.stack([a * dx - b * dy, b * dx + a * dy], axis=2)
    straight = (a == 1) & (b == 0)
    places[straight] = np.floor(places[straight] + 0.5)
    return np.clip(places, 0, [width - 1, height - 1]).astype(np.float32)


def over(paint: Floats, frame: Image) -> Image:
    """The painting `(H, W, 4)`, times its mask, and the frame where it is not painted."""
    return np.clip(paint[..., :3] + (1 - paint[..., 3:]) * frame, 0, 1).astype(np.float32)
