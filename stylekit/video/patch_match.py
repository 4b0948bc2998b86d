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
# what a weight of 1 costs then. It is little: flow that is not trusted is only a hint.
_REACH = 8.0
_PULL = 0.001
# What is added to the error where the keyframe does not show what the frame shows: as much as a
# seventh of the range of all colours.
_UNSEEN = 0.02
# The unit of the uniformity: the square of an 8-bit step.
_STEP = 1 / 255**2
# The largest step between neighbours of a sweep, a power of 2. Each sweep halves it down to 1.
_FIRST_STEP = 8
# How far random places are at most, in pixels, at all sizes but the smallest: there the right part
# of the painting has been found already.
_NEAR = 32.0
# A patch counts in the vote with 1 / (E + ε)^n, E its energy: n is 1 while the search goes on, and
# more in the last vote, where few patches make a sharper picture than many.
_VOTE_OFFSET = 1e-3
_LAST_POWER = 4.0


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
    """The search at one size after another; `texture` and `known` are those of the full size."""

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
        self._energy: Floats = np.zeros(known.trusted.shape, np.float32)

    def at(self, size: tuple[int, int], coarser: Floats | None) -> Floats:
        """The places at one size, from those at half of it, and their energy in `_energy`."""
        texture, known = _texture_at(size, self._texture), _correspondence_at(size, self._known)
        settings, kernels = self._settings, self._kernels
        shape = texture.paint.shape
        largest = np.array([shape[1], shape[0]], np.float32) - 1
        begun = known.places if coarser is None else _enlarged(coarser, known)
        places: Floats = np.clip(begun, self._radius, largest - self._radius)
        places[known.trusted] = known.places[known.trusted]
        active = np.flatnonzero(~known.trusted)
        # Patches over the searched pixels are those of the pixels around them, too.
        around = np.flatnonzero(box_mean((~known.trusted).astype(np.float32), settings.patch) > 0)
        paint = np.zeros((*size, 4), np.float32)
        self._run(kernels.copy_places, np.arange(known.trusted.size), places, texture.paint, paint)
        pull = np.full(size, _PULL * settings.position, np.float32)
        # There the true place is most likely outside the painting.
        pull[((known.places <= 0) | (known.places >= largest)).any(axis=2)] = 0
        held = settings.previous * texture.carried_trust[..., np.newaxis]
        use = self._use(places, shape)
        energy = np.zeros(size, np.float32)
        for iteration in range(settings.iterations):
            # Before the first vote at the smallest size there is nothing but the guides.
            voted = np.float32(coarser is not None or iteration > 0)
            if voted:
                self._vote(places, energy, known, texture.paint, paint, active)
                paint = _within_mask(paint)
            weight = voted + held
            # w₁ |x − y|² + w₂ |z − y|² has the same minimum as (w₁ + w₂) |t − y|², t their mean.
            image = voted * over(paint, texture.frame) + held * texture.carried
            image /= np.maximum(weight, np.float32(1e-6))
            problem = kernels.Problem(
                target=np.concatenate([image, paint[..., 3:], texture.look], axis=2),
                weight=np.ascontiguousarray(weight[..., 0] / 3, np.float32),
                source=np.concatenate(
                    [texture.shown, texture.paint[..., 3:], texture.key_look], axis=2
                ),
                advected=known.places,
                pull=pull,
                reach=_REACH * size[1] / self._known.trusted.shape[1],
                turn=known.turn,
                use=use,
                radius=self._radius,
            )
            self._run(kernels.evaluate, around, places, energy, problem)
            for sweep in range(settings.sweeps):
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
                    max(_FIRST_STEP >> sweep, 1),
                    float(max(shape)) if coarser is None else _NEAR,
                    self._seed,
                )
                places, energy = new_places, new_energy
                # All pixels move at once. With the mean of old and new use not all of them flee
                # from a place, and come back to it, together.
                x, y = (np.floor(places[..., axis] + 0.5).astype(np.int64) for axis in (0, 1))
                energy -= use[y, x]
                use = np.asarray((use + self._use(places, shape)) / 2, np.float32)
                energy += use[y, x]
                problem = problem._replace(use=use)
        self._energy = energy
        return places

    def finished(self, places: Floats | None) -> Field:
        """The last vote, and how unlike the guides are."""
        texture, known, kernels = self._texture, self._known, self._kernels
        size = known.trusted.shape
        places = known.places if places is None else places
        everywhere = np.arange(known.trusted.size)
        paint = np.empty((*size, 4), np.float32)
        self._run(kernels.copy_places, everywhere, places, texture.paint, paint)
        self._vote(
            places,
            self._energy,
            known,
            texture.paint,
            paint,
            np.flatnonzero(~known.trusted),
            power=_LAST_POWER,
        )
        guides_only = kernels.Problem(
            target=np.concatenate([paint, texture.look], axis=2),
            weight=np.zeros(size, np.float32),
            source=np.concatenate([texture.paint, texture.key_look], axis=2),
            advected=known.places,
            pull=np.zeros(size, np.float32),
            reach=_REACH,
            turn=known.turn,
            use=np.zeros(texture.paint.shape[:2], np.float32),
            radius=self._radius,
        )
        error = np.empty(size, np.float32)
        self._run(kernels.evaluate, everywhere, places, error, guides_only)
        error += np.where(known.trusted, 0, np.float32(_UNSEEN))
        return Field(_within_mask(paint), places, error)

    def _vote(
        self,
        places: Floats,
        energy: Floats,
        known: Correspondence,
        source: Floats,
        paint: Floats,
        active: NDArray[np.int64],
        power: float = 1.0,
    ) -> None:
        confidence = np.asarray((energy + _VOTE_OFFSET) ** -power, np.float32)
        vote = self._kernels.vote
        self._run(vote, active, places, confidence, known.turn, self._radius, source, paint)

    def _use(self, places: Floats, shape: tuple[int, ...]) -> Floats:
        """What it costs to use each part of the painting once more, `(h, w)`.

        λ Ω / ω: Ω is how often the pixels around are used, ω how often they would be if all of the
        painting were used alike.
        """
        rows, columns = shape[:2]
        x, y = (np.floor(places + 0.5).astype(np.int64)[..., axis].ravel() for axis in (0, 1))
        count = np.bincount(y * columns + x, minlength=rows * columns).reshape(rows, columns)
        # A patch covers the pixels around its place, and asks for those around the pixel's.
        side = self._settings.patch
        density = box_mean(box_mean(count.astype(np.float32), side), side)
        cost = self._settings.uniformity * _STEP / side**2
        return np.asarray(density * (cost * count.size / x.size), np.float32)

    def _run(self, kernel: Callable[..., None], pixels: NDArray[np.int64], *arrays: Any) -> None:
        def work(start: int, stop: int) -> None:
            kernel(pixels, start, stop, *arrays)

        self._in_parts(work, len(pixels), self._threads)


def _texture_at(size: tuple[int, int], full: Texture) -> Texture:
    if size == full.frame.shape[:2]:
        return full
    wide = (size[1], size[0])
    return Texture(
        paint=resized(full.paint, wide),
        shown=resized(full.shown, wide),
        key_look=resized(full.key_look, wide),
        look=resized(full.look, wide),
        frame=resized(full.frame, wide),
        carried=resized(full.carried, wide),
        carried_trust=resized(full.carried_trust, wide),
    )


def _correspondence_at(size: tuple[int, int], full: Correspondence) -> Correspondence:
    """Trusted are the pixels all of which are trusted at the full size."""
    if size == full.trusted.shape:
        return full
    wide = (size[1], size[0])
    scale = np.array(wide, np.float32) / np.array(full.trusted.shape[::-1], np.float32)
    places = (resized(full.places, wide) + 0.5) * scale - 0.5
    return Correspondence(
        np.clip(places, 0, np.array(wide) - 1).astype(np.float32),
        resized(full.trusted.astype(np.float32), wide) > 1 - 1e-4,
        resized(full.turn, wide),
    )


def _enlarged(coarser: Floats, known: Correspondence) -> Floats:
    """Places at the next larger size; those of patches that lie straight are whole pixels."""
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
    return places.astype(np.float32)


def over(paint: Floats, frame: Image) -> Image:
    """The painting `(H, W, 4)`, times its mask, and the frame where it is not painted."""
    return np.clip(paint[..., :3] + (1 - paint[..., 3:]) * frame, 0, 1).astype(np.float32)


def _within_mask(paint: Floats) -> Floats:
    """`paint` within the range of colours: cubic interpolation goes a little beyond at edges."""
    cover = np.clip(paint[..., 3:], 0, 1)
    color = paint[..., :3] * (cover / np.maximum(paint[..., 3:], np.float32(1e-6)))
    return np.concatenate([np.clip(color, 0, cover), cover], axis=2)
