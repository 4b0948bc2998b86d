"""Flow that another program has computed: a folder of `.flo` files for the frames of a clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from ..arrays import Flow
from ..errors import MediaError
from ..media.images import fitted_size
from .flow import FlowPair, read_flo, resize_flow

_NAME = re.compile(r"(forward|backward)_([0-9]+)_([0-9]+)\.flo")


@dataclass(frozen=True)
class FlowFiles(Sequence[FlowPair]):
    """The flow between neighbouring frames, read from its files each time that it is asked for.

    `files[i]` are those of the forward and backward flow between frames i and i+1, and `size` is
    the (width, height) of the frames, to which the flow is scaled.
    """

    files: tuple[tuple[Path, Path], ...]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: int) -> FlowPair: ...

    @overload
    def __getitem__(self, index: slice) -> FlowFiles: ...

    def __getitem__(self, index: int | slice) -> FlowPair | FlowFiles:
        if isinstance(index, slice):
            return FlowFiles(self.files[index], self.size)
        forward, backward = self.files[index]
        return FlowPair(_read(forward, self.size), _read(backward, self.size))


def read_flows(folder: Path | str, frames: int, size: tuple[int, int]) -> FlowFiles:
    """The flow of a clip in a folder of Middlebury `.flo` files, for `VideoRun(..., flows=...)`.

    The file `forward_A_B.flo` holds the flow from frame A to frame B = A + 1, on the grid of A, and
    `backward_B_A.flo` that from B to A, on the grid of B. If there is a file for frame 0, frames
    are counted from 0 (`forward_0000_0001.flo`), otherwise from 1 (`forward_1_2.flo`), as Ruder's
    program does. Numbers may have leading zeros. Frame 0, or 1, is the first frame that is painted.
    Files of later frames, and of other names, are left out.

    All files are read once and checked here, and again when they are needed, so that they need no
    memory.

    Parameters
    ----------
    folder : the folder of the files
    frames : how many frames the clip has; it needs the flow of `frames` − 1 pairs
    size : the (width, height) of its frames in pixels. Flow of another size but the same shape is
        scaled, the vectors too.

    Returns
    -------
    FlowFiles : a sequence of `FlowPair`

    Raises
    ------
    MediaError
        If there is no such folder, or a file is missing, damaged, not finite or of another shape;
        the message starts with the name of the file.

    Examples
    --------
    ::

        clip = sk.media.read_clip("holiday.mp4", size=256)
        flows = sk.motion.read_flows("flow", len(clip), (clip.width, clip.height))
        run = sk.VideoRun(clip, sk.load("swirls"), "run", flows=flows)
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MediaError(folder, "there is no such folder; give that of your .flo files")
    found: dict[tuple[str, int, int], Path] = {}
    for path in sorted(folder.iterdir()):
        if match := _NAME.fullmatch(path.name):
            key = match[1], int(match[2]), int(match[3])
            if key in found:
                raise MediaError(path, f"is of the same frames as {found[key].name}; keep one")
            found[key] = path
    first = 0 if ("forward", 0, 1) in found or ("backward", 1, 0) in found else 1
    pairs = []
    for before in range(first, first + frames - 1):
        after = before + 1
        forward, backward = ("forward", before, after), ("backward", after, before)
        for key in (forward, backward):
            if key not in found:
                raise MediaError(
                    folder / _expected_name(key, found),
                    f"is missing; a clip of {frames} frames needs the flow between all of them, "
                    f"both ways, counted from {first}",
                )
        pairs.append((found[forward], found[backward]))
    flows = FlowFiles(tuple(pairs), size)
    for index in range(len(flows)):
        flows[index]  # raises an error if a file does not serve
    return flows


def _expected_name(key: tuple[str, int, int], found: dict[tuple[str, int, int], Path]) -> str:
    """The name of a file that is missing, with the leading zeros of those that are there."""
    names = (_NAME.fullmatch(path.name) for path in found.values())
    digits = min((len(name[2]) for name in names if name), default=1)
    return f"{key[0]}_{key[1]:0{digits}d}_{key[2]:0{digits}d}.flo"


def _read(path: Path, size: tuple[int, int]) -> Flow:
    flow = read_flo(path)
    height, width = flow.shape[:2]
    if (width, height) == size:
        return flow
    # The shape that frames of this size have, or a pixel more or less of the shorter side.
    fitted = fitted_size((width, height), max(size))
    if max(abs(a - b) for a, b in zip(fitted, size, strict=True)) > 1:
        raise MediaError(
            path,
            f"is the flow of frames of {width}×{height} pixels, and those that are painted have "
            f"{size[0]}×{size[1]}; compute it for frames of this shape",
        )
    return resize_flow(flow, size)
