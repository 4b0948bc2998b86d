"""Stylizing video by example (Jamriška et al. 2019): one frame is painted, the others follow.

Plain warping of the painting from frame to frame blurs it, collects the errors of all flows, and
leaves what comes into sight unpainted. Here each frame is painted from the keyframe itself. Flow
over all frames between them says where its pixels are there, and what is found is read once, with
fractions of pixels; so nothing is blurred twice and no errors add up. What the keyframe does not
show, or flow does not find, is put together from patches of the painting (`patch_match`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask, check_image, check_mask
from ..motion.fine_detail import restore_detail
from ..motion.flow import FlowPair
from ..settings import PatchSettings
from .guides import Correspondence, carried, correspondence, look_of, pixel_grid
from .keyframe import Keyframe, check_keyframes
from .patch_match import Texture, over, synthesize

Flows = Callable[[int], FlowPair] | Sequence[FlowPair]


@dataclass(frozen=True, slots=True, eq=False)
class Synthesized:
    """A painted frame, and what is known of it.

    - `image` `(H, W, 3)` in [0, 1].
    - `error` float32 `(H, W)`, at least 0: the mean squared difference of the guides over the patch
      that each pixel is taken from, more where the keyframe does not show what the frame shows.
    - `coverage` `(H, W)` in [0, 1]: where the frame is painted; elsewhere it is as in the clip.
    """

    image: Image
    error: NDArray[np.float32]
    coverage: Mask


class ByExample:
    """One keyframe's painting carried to the other frames of its shot.

    Parameters
    ----------
    clip : the frames `(H, W, 3)`, all of one size.
    key : the painted frame. What its mask leaves out is never copied: there, and where a frame
        shows the same things, the result is the frame as it is in the clip.
    flows : the flow between frames i and i + 1 is `flows(i)`, or `flows[i]`.
    settings : those of the search; the defaults if left out.
    threads : all available cores if left out. The result is the same for any number.

    Raises
    ------
    SettingsError
        If the keyframe does not fit the clip.
    ValueError
        If the painting is no image.

    References
    ----------
    Jamriška et al. 2019, "Stylizing video by example".
    Fišer et al. 2016, "StyLit: illumination-guided example-based stylization of 3D renderings".
    Bénard et al. 2013, "Stylizing animation by example".
    Barnes et al. 2009, "PatchMatch: a randomized correspondence algorithm for structural image
    editing".

    Examples
    --------
    >>> from stylekit.scenes import make_scene
    >>> scene = make_scene("pan", frames=2, size=64)
    >>> key = Keyframe(frame_index=0, image=1 - scene.frames[0])
    >>> negative = ByExample(scene.frames, key, scene.flow_pair).frame(1, key.image).image
    >>> bool(abs(negative - (1 - scene.frames[1])).mean() < 0.02)
    True
    """

    def __init__(
        self,
        clip: Sequence[Image],
        key: Keyframe,
        flows: Flows,
        settings: PatchSettings | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        check_keyframes([key], clip)
        self._clip, self._key = clip, key
        self._flow = flows if callable(flows) else flows.__getitem__
        self._settings = settings or PatchSettings()
        self._threads = threads
        self._key_frame = clip[key.frame_index]
        mask = np.ones(key.image.shape[:2], np.float32) if key.mask is None else key.mask
        coverage = check_mask(mask, "key")[..., np.newaxis]
        self._paint = np.concatenate([coverage * check_image(key.image, "key"), coverage], axis=2)
        self._shown = over(self._paint, self._key_frame)
        self._key_look = self._look(self._key_frame)

    def frame(self, frame_index: int, previous: Image | None) -> Synthesized:
        """Paint one frame: a pure function of its arguments, the clip, the key and the settings.

        The keyframe itself gives its own painting, unchanged.

        Parameters
        ----------
        frame_index : counted from 0.
        previous : the painted frame beside it on the side of the keyframe, `(H, W, 3)`, as it is
            stored, in 8-bit steps: then a resumed run equals an unbroken one. None if there is
            none; what comes into sight is then painted without regard to it.

        Raises
        ------
        ValueError
            If `previous` has another size.
        """
        if frame_index == self._key.frame_index:
            mask = self._paint[..., 3]
            image = self._key.image if self._key.mask is None else self._shown
            return Synthesized(image, np.zeros_like(mask), mask)
        from .compiled import available_cores  # which imports Numba

        frame = self._clip[frame_index]
        warped, trust = self._carried(frame_index, previous)
        texture = Texture(
            paint=self._paint,
            shown=self._shown,
            key_look=self._key_look,
            look=self._look(frame),
            frame=frame,
            carried=warped,
            carried_trust=trust,
        )
        known = self.correspondence(frame_index)
        field = synthesize(
            texture,
            known,
            self._settings,
            seed=(self._settings.seed << 30) + (frame_index << 16),
            threads=self._threads or available_cores(),
        )
        coverage = field.paint[..., 3]
        # A vote is a mean of patches, and softer than they are.
        image = restore_detail(
            over(field.paint, frame),
            self._shown,
            field.places - pixel_grid(coverage.shape),
            np.where(known.trusted, np.float32(0), coverage),
        )
        return Synthesized(image, field.error, coverage)

    def correspondence(self, frame_index: int) -> Correspondence:
        """Where the pixels of a frame are in the keyframe."""
        first, last = sorted((frame_index, self._key.frame_index))
        return correspondence(
            [self._flow(index) for index in range(first, last)],
            self._key_frame,
            self._clip[frame_index],
            after=frame_index > self._key.frame_index,
        )

    def _carried(self, frame_index: int, previous: Image | None) -> tuple[Image, Mask]:
        """The neighbouring frame's painting along the flow, and where that can be trusted."""
        if previous is None:
            blank = np.zeros_like(self._key.image)
            return blank, blank[..., 0]
        check_image(previous, "previous", like=self._key_frame)
        if frame_index > self._key.frame_index:
            pair = self._flow(frame_index - 1)
            return carried(previous, pair.backward_flow, pair.forward_flow)
        pair = self._flow(frame_index)
        return carried(previous, pair.forward_flow, pair.backward_flow)

    def _look(self, frame: Image) -> NDArray[np.float32]:
        return look_of(frame, self._settings.color, self._settings.edges)
