"""The frames of a painted clip: a strip of thumbnails, and how the chosen frame was made."""

from __future__ import annotations

import html
import math

import numpy as np
from numpy.typing import NDArray

from ...arrays import Image, Mask, to_bytes
from ...media.clips import Clip
from ...media.images import resize_image
from ...motion.masks import reliable_share
from ...plots.areas import NOT_TRUSTED, mask_paper
from ...plots.flows import flow_to_color, full_color_magnitude
from ...video.keyframe_run import KeyframeRun
from ...video.run import VideoRun
from ..base import guarded
from ..base.alerts import Alerts
from ..base.hatching import blended, covered
from ..base.picture_canvas import PictureCanvas
from ..base.picture_strip import PictureStrip, StripPicture
from ..base.widget import set_visible

_THUMBNAIL_SIZE = 96
_WIDTH = 320


class FrameStrip(guarded.VBox):
    """Thumbnails of the finished frames of a run; the chosen frame is shown with flow and mask.

    A frame is read from the run's folder only when it is chosen.
    """

    def __init__(self) -> None:
        self.alerts = Alerts(on_page=True)
        self.strip = PictureStrip("Choose a frame to see how it was made")
        self.canvases = [PictureCanvas(width=_WIDTH) for _ in range(3)]
        self.captions = [guarded.HTML() for _ in range(3)]
        self._run: VideoRun | KeyframeRun | None = None
        self._clip: Clip | None = None
        cards = [
            guarded.VBox(pair).add_class("studio-card")
            for pair in zip(self.canvases, self.captions, strict=True)
        ]
        self._cards = guarded.Box(cards).add_class("studio-cards")
        super().__init__([self.strip, self.alerts.widget, self._cards])
        self.strip.on_pick(self.alerts.guarded(self.choose))

    def show(self, run: VideoRun | KeyframeRun, clip: Clip) -> None:
        """Show the finished frames of `run`, which paints `clip`, and choose the second one."""
        self._run, self._clip = run, clip
        small = (resize_image(frame, _THUMBNAIL_SIZE) for frame in run.stored_frames())
        pictures = [StripPicture(image, str(index + 1)) for index, image in enumerate(small)]
        self.strip.show(pictures, selected=0)
        self.choose(min(1, len(pictures) - 1))

    def choose(self, index: int) -> None:
        """Show the frame of this index, counted from 0."""
        assert self._run is not None and self._clip is not None
        self.strip.selected = index
        result, flow, mask = self.canvases
        result.show(self._run.stored_frame(index), alt=f"Frame {index + 1}, painted")
        self._caption(0, f"Frame {index + 1}, painted", "")
        for canvas in (flow, mask):
            set_visible(canvas, index > 0)
        if not index:
            self._caption(1, "", "There is no frame before the first one: no flow, no mask.")
            self._caption(2, "", "")
            return
        motion = self._run.motion(index)
        backward = motion.flow.backward_flow
        longest = full_color_magnitude(backward)
        flow.show(
            flow_to_color(backward),
            alt=f"Flow from frame {index + 1} back to frame {motion.source + 1}, as colours",
        )
        self._caption(1, "Flow", f"where each pixel came from; full colour at {longest:.3g} pixels")
        distrusted = 100 * (1 - reliable_share(motion.mask))
        mask.show(
            _mask_picture(self._clip[index], motion.mask),
            alt=f"Frame {index + 1} with {distrusted:.1f} per cent of it hatched: not trusted",
        )
        words = f"hatched, {distrusted:.1f} %: not trusted, painted anew"
        self._caption(2, "Mask", words + ("; a new shot begins here" if motion.is_cut else ""))

    def _caption(self, position: int, title: str, words: str) -> None:
        line = f"<b>{html.escape(title)}</b> {html.escape(words)}"
        self.captions[position].value = f'<p class="studio-caption">{line}</p>'


def _mask_picture(frame: Image, mask: Mask) -> NDArray[np.uint8]:
    """The grey frame, hatched where the mask is not 1; enlarged, so that the lines are fine."""
    times = max(1, math.ceil(_WIDTH / max(mask.shape)))
    size = times * frame.shape[1], times * frame.shape[0]
    paper = to_bytes(mask_paper(resize_image(frame, size)))
    large = mask.repeat(times, axis=0).repeat(times, axis=1)
    return blended(covered(paper, NOT_TRUSTED), paper, large)
