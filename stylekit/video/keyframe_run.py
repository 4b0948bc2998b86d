"""A clip that is painted from some frames that are painted already, and its run folder."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .. import __version__
from ..arrays import Image, check_image, check_mask, from_bytes, to_bytes
from ..errors import SettingsError
from ..image.stylization import Stylization
from ..media.files import make_folder
from ..motion.flow import FLOWS, FlowMethod, FlowPair
from ..motion.infill import Motion
from ..settings import KeyframeSettings, KeyMethod, VideoSettings, function_of
from .few_shot import BUDGET, FewShot, TrainingStep
from .folder import RunFolder, describe_flows, describe_guidance, digest, digest_clip
from .frames import FrameStep
from .key_stretches import PatchPainter
from .keyframe import Keyframe, StyledFrame, check_keyframes
from .keyframe_plan import Stretch, check_distance, flows_of, plan_keyframes
from .links import Links

KeyframeOrStyle: TypeAlias = Keyframe | StyledFrame
Keys: TypeAlias = Sequence[KeyframeOrStyle] | Mapping[int, Image]
"""Keyframes, or the paintings of frames by their numbers."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KeyframeResult:
    """A frame that is painted from keyframes.

    `image` is the stored 8-bit picture, `content` the frame of the clip. `keys` are the keyframes
    that it was painted from; a keyframe is its own. `trained` counts the steps that the network had
    learned for, 0 without one. `resumed` is True for a frame that was stored before.
    """

    frame_index: int
    content: Image
    image: Image
    keys: tuple[int, ...]
    trained: int
    resumed: bool


KeyframeEvent: TypeAlias = FrameStep | TrainingStep | KeyframeResult
"""What `KeyframeRun.steps` yields."""


class KeyframeRun:
    """A clip while it is painted from keyframes in a run folder; it can be resumed at any time.

    Two methods carry a painting to the other frames. Patch synthesis rebuilds each frame from
    small pieces of the painting (`stylekit.video.by_example`). A network that has learned from the
    painted frames alone paints all others (`stylekit.video.few_shot`). `auto` takes patches, but
    the network if a shot of the clip has no keyframe, because patches have nothing to come from.

    Parameters
    ----------
    clip : Images of one size.
    keys : Keyframes in the size of the clip, or a dictionary from the numbers of frames to their
        paintings. A `StyledFrame` is painted first, by optimisation.
    out : The run folder. Frames that are finished there are not painted again.
    settings : The defaults of `KeyframeSettings` unless given.
    flows : `flows[i]` between frames i and i+1 in place of estimates.

    Raises
    ------
    ResumeError
        If the folder holds another run.
    SettingsError
        If keyframes do not fit the clip, or a shot has none and the method needs one.

    References
    ----------
    Jamriška et al. 2019, *Stylizing Video by Example*; Texler et al. 2020, *Interactive Video
    Stylization Using Few-Shot Patch-Based Training*.

    Examples
    --------
    ::

        clip = load("drift")
        run = KeyframeRun(clip, {0: painting}, Path("drift-keys"))
        for frame in run.frames():
            print(frame.frame_index, frame.keys)
    """

    def __init__(
        self,
        clip: Sequence[Image],
        keys: Keys,
        out: Path | str,
        settings: KeyframeSettings | None = None,
        *,
        flows: Sequence[FlowPair] | None = None,
    ) -> None:
        settings = settings or KeyframeSettings()
        function_of("flow", FLOWS, settings.flow)
        if settings.flow in (FlowMethod.EXACT, FlowMethod.FILES) and flows is None:
            raise SettingsError("flow", "this flow is not estimated; give it as flows")
        self.clip = clip
        self.given = _in_order(keys)
        check_keyframes(self.given, clip)
        self.folder = RunFolder(Path(out))
        linking = VideoSettings(flow=settings.flow, shots=settings.shots)
        self._links = Links(clip, self.folder, linking, flows)
        height, width = clip[0].shape[:2]
        self._description = describe_keyframes(clip, self.given, settings, flows)
        is_new = not self.folder.path.exists()
        self.folder.open(self._description, frame_count=len(clip), pixels=height * width)
        try:
            self._plan = self._make_plan(settings)
        except SettingsError:
            if is_new:  # nothing but flow is in it
                shutil.rmtree(self.folder.path, ignore_errors=True)
            raise
        self._painted = RunFolder(self.folder.path / "keys")
        make_folder(self._painted.path / "frames")
        method = KeyMethod.NETWORK if self._plan is None else KeyMethod.PATCH
        self.settings = dataclasses.replace(settings, method=method)
        self._entries: dict[int, dict[str, Any]] = {}
        self._network: FewShot | None = None
        self._painting: Stylization | None = None
        self.reload()

    def __repr__(self) -> str:
        height, width = self.clip[0].shape[:2]
        done = f"{len(self.finished_entries())} of {len(self.clip)} frames finished"
        method = self.settings.method.value
        return f"<KeyframeRun: {width}×{height} pixels, {done}, method {method}>"

    @property
    def key_frames(self) -> tuple[int, ...]:
        """The numbers of the keyframes."""
        return tuple(key.frame_index for key in self.given)

    @property
    def painting(self) -> Stylization | None:
        """The keyframe that is painted by optimisation now; None at other times."""
        return self._painting

    @property
    def network(self) -> FewShot | None:
        """The network of that method; None before its training begins."""
        return self._network

    @property
    def is_complete(self) -> bool:
        """Whether all frames are finished, and the network has learned for as long as it should.

        What a network has learned is known when `steps` has begun.
        """
        network = self._network
        by_patches = self.settings.method is KeyMethod.PATCH
        learned = by_patches or (network is not None and network.done)
        return learned and len(self.finished_entries()) == len(self.clip)

    def reload(self) -> None:
        """Read from the folder which frames are finished, after an interrupt at any moment."""
        self._entries = self.folder.entries()

    def finished_entries(self) -> list[dict[str, Any]]:
        """The manifest's entries of the finished frames, up to the first frame that is missing."""
        indices = itertools.takewhile(self._entries.__contains__, itertools.count())
        return [self._entries[index] for index in indices]

    def stored_frames(self) -> Iterator[Image]:
        """The pictures of the finished frames, up to the first frame that is missing."""
        for entry in self.finished_entries():
            yield self.folder.read_frame(entry["frame_index"])

    def stored_frame(self, frame_index: int) -> Image:
        """The picture of a finished frame. Raises KeyError if it is not finished."""
        return self.folder.read_frame(self._entries[frame_index]["frame_index"])

    def motion(self, frame_index: int) -> Motion:
        """The motion to frame `frame_index` from the one before, computed once and stored."""
        return self._links.motion(frame_index)

    def shots(self, frame_count: int) -> list[int]:
        """The first frames of the shots among the first `frame_count` frames of the clip."""
        return self._links.shots(frame_count)

    def frames(self, *, train: bool = True) -> Iterator[KeyframeResult]:
        """Each frame when it is finished; `train` as in `steps`."""
        for event in self.steps(train=train):
            if isinstance(event, KeyframeResult):
                yield event

    def steps(self, *, train: bool = True) -> Iterator[KeyframeEvent]:
        """Each step of a keyframe's own painting and of training, and each finished frame.

        `break` pauses, another call goes on. By patches the frames come outward from each
        keyframe; those that are stored come first.

        Parameters
        ----------
        train
            False lets the network paint all frames with what it has learned so far.

        Raises
        ------
        ResumeError
            If another process paints in the folder.
        """
        with self.folder.held(self._description):
            keys: dict[int, Keyframe] = {}
            for given in self.given:
                key = yield from self._paint_key(given)
                keys[key.frame_index] = key
            if self._plan is None:
                yield from self._by_network(list(keys.values()), train=train)
            else:
                yield from self._by_patches(keys, self._plan)

    def _make_plan(self, settings: KeyframeSettings) -> list[Stretch] | None:
        """What is painted from which keyframe; None for the network."""
        if settings.method is KeyMethod.NETWORK:
            return None
        count = len(self.clip)
        shots = self.shots(count)
        flashes = self._links.flashes(count).difference(shots)
        height, width = self.clip[0].shape[:2]
        try:
            plan = plan_keyframes(shots, flashes, count, self.key_frames)
            check_distance(plan, height * width)
            return plan
        except SettingsError:
            if settings.method is KeyMethod.PATCH:
                raise
            return None

    def _paint_key(self, given: KeyframeOrStyle) -> Generator[KeyframeEvent, None, Keyframe]:
        """The keyframe with its painting, which is made and stored first if there is none."""
        if isinstance(given, Keyframe):
            return given
        index = given.frame_index
        if index not in self._painted.entries():
            self._painting = Stylization(self.clip[index], given.guidance, given.settings)
            for step in self._painting.steps():
                yield FrameStep(index, step)
            image = from_bytes(to_bytes(self._painting.image))
            self._painted.finish_frame(index, image, {})
            self._painting = None
        return given.painted(self._painted.read_frame(index))

    def _by_patches(
        self, keys: Mapping[int, Keyframe], plan: Sequence[Stretch]
    ) -> Iterator[KeyframeEvent]:
        yield from self._stored({})
        for index, key in keys.items():
            if index not in self._entries:
                yield self._finish(index, (index,), key.shown(self.clip[index]))
        painter = PatchPainter(self.clip, self._links, self.folder, self.settings.patches)
        for stretch in plan:
            for index, used, image in painter.paint(stretch, keys):
                yield self._finish(index, used, image)

    def _by_network(self, keys: Sequence[Keyframe], *, train: bool) -> Iterator[KeyframeEvent]:
        if self._network is None:
            self._network = FewShot(
                self.clip,
                keys,
                flows_of(range(len(self.clip)), self._links),
                self.settings.network,
                folder=self.folder.path / "network",
            )
        network = self._network
        if train:
            yield from network.steps()
        painted = {key.frame_index: key for key in keys}
        current = {"trained": network.step_count}
        yield from self._stored(current)
        for index in range(len(self.clip)):
            if self._entries.get(index, {}).get("trained") != network.step_count:
                key = painted.get(index)
                image = network.paint(index) if key is None else key.shown(self.clip[index])
                yield self._finish(index, self.key_frames, image, trained=network.step_count)

    def _stored(self, wanted: Mapping[str, Any]) -> Iterator[KeyframeResult]:
        """The frames that are stored, with these facts in their entries."""
        for index, entry in sorted(self._entries.items()):
            if all(entry.get(name) == value for name, value in wanted.items()):
                yield self._result(entry, self.folder.read_frame(index), resumed=True)

    def _finish(
        self, index: int, keys: tuple[int, ...], image: Image, *, trained: int = 0
    ) -> KeyframeResult:
        image = from_bytes(to_bytes(image))
        entry = self.folder.finish_frame(index, image, {"keys": list(keys), "trained": trained})
        self._entries[index] = entry
        return self._result(entry, image)

    def _result(
        self, entry: Mapping[str, Any], image: Image, *, resumed: bool = False
    ) -> KeyframeResult:
        return KeyframeResult(
            frame_index=entry["frame_index"],
            content=self.clip[entry["frame_index"]],
            image=image,
            keys=tuple(entry["keys"]),
            trained=entry["trained"],
            resumed=resumed,
        )


def propagate(
    clip: Sequence[Image],
    keys: Keys,
    out: Path | str,
    settings: KeyframeSettings | None = None,
    *,
    flows: Sequence[FlowPair] | None = None,
) -> KeyframeRun:
    """Paint a clip from keyframes, up to the end.

    Parameters
    ----------
    clip, keys, out, settings, flows
        As in `KeyframeRun`.

    Returns
    -------
    The finished run; `stored_frames` reads its frames.

    Examples
    --------
    ::

        painted = stylize_image(clip[0], load("glass")).image
        run = propagate(clip, {0: painted}, Path("drift-keys"))
    """
    run = KeyframeRun(clip, keys, out, settings, flows=flows)
    for _ in run.frames():
        pass
    return run


def describe_keyframes(
    clip: Sequence[Image],
    keys: Sequence[KeyframeOrStyle],
    settings: KeyframeSettings,
    flows: Sequence[FlowPair] | None = None,
) -> dict[str, Any]:
    """All that the frames of a run from keyframes depend on, for its run.json."""
    height, width = clip[0].shape[:2]
    told = settings.to_json()
    # A network may go on learning for longer than was asked for at first.
    told["network"] = {k: v for k, v in told["network"].items() if k not in BUDGET}
    return {
        "stylekit": __version__,
        "painted_from": "keyframes",
        "clip": {"sha256": digest_clip(clip), "frames": len(clip), "size": [width, height]},
        "keyframes": {f"frame {key.frame_index}": _describe_key(key) for key in keys},
        "settings": told,
        **describe_flows(flows, len(clip)),
    }


def _describe_key(key: KeyframeOrStyle) -> dict[str, Any]:
    mask = {} if key.mask is None else {"mask": digest(key.mask)}
    if isinstance(key, Keyframe):
        return {"painting": digest(to_bytes(key.image)), **mask}
    return {**describe_guidance(key.guidance), "settings": key.settings.to_json(), **mask}


def _in_order(keys: Keys) -> tuple[KeyframeOrStyle, ...]:
    if isinstance(keys, Mapping):
        keys = [Keyframe(frame_index=index, image=image) for index, image in keys.items()]
    for key in keys:
        if isinstance(key, Keyframe):
            check_image(key.image, f"key of frame {key.frame_index}")
        if key.mask is not None:
            check_mask(key.mask, f"mask of frame {key.frame_index}")
    return tuple(sorted(keys, key=lambda key: key.frame_index))
