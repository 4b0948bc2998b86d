"""A user's own flow: which files are read, how they are scaled, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stylekit.errors import MediaError
from stylekit.motion.flow import write_flo
from stylekit.motion.flow_files import read_flows

SIZE = (32, 24)


def put(
    folder: Path, frames: int, *, first: int = 0, digits: int = 4, size: tuple[int, int] = SIZE
) -> Path:
    """Flow from A to B that is (A, B) everywhere."""
    folder.mkdir(exist_ok=True)
    for before in range(first, first + frames - 1):
        for name, a, b in (("forward", before, before + 1), ("backward", before + 1, before)):
            flow = np.full((size[1], size[0], 2), (a, b), np.float32)
            write_flo(flow, folder / f"{name}_{a:0{digits}d}_{b:0{digits}d}.flo")
    return folder


@pytest.mark.parametrize(("first", "digits"), [(0, 4), (0, 1), (1, 1), (1, 4)])
def test_frames_are_counted_from_0_or_from_1(tmp_path, first, digits):
    folder = put(tmp_path / "flow", 12, first=first, digits=digits)
    (folder / "forward_3_9.flo").write_bytes(b"of frames that are no neighbours")
    (folder / "reliable_1_2.pgm").write_bytes(b"")
    flows = read_flows(folder, 11, SIZE)
    assert len(flows) == 10 and len(flows[:2]) == 2
    pair = flows[9]
    np.testing.assert_array_equal(pair.forward_flow[5, 7], (first + 9, first + 10))
    np.testing.assert_array_equal(pair.backward_flow[5, 7], (first + 10, first + 9))


def test_flow_of_another_size_is_scaled_with_its_vectors(tmp_path):
    folder = put(tmp_path / "flow", 3, size=(64, 48))
    flow = read_flows(folder, 3, SIZE)[1].backward_flow
    assert flow.shape == (24, 32, 2)
    np.testing.assert_allclose(flow, np.broadcast_to((1.0, 0.5), flow.shape), rtol=1e-6)


def missing(folder: Path) -> None:
    (folder / "backward_0002_0001.flo").unlink()


def twice(folder: Path) -> None:
    (folder / "forward_1_2.flo").write_bytes((folder / "forward_0001_0002.flo").read_bytes())


def short(folder: Path) -> None:
    path = folder / "forward_0001_0002.flo"
    path.write_bytes(path.read_bytes()[:-1])


def endless(folder: Path) -> None:
    path = folder / "forward_0001_0002.flo"
    path.write_bytes(path.read_bytes()[:-4] + np.float32(np.inf).tobytes())


def square(folder: Path) -> None:
    write_flo(np.zeros((32, 32, 2), np.float32), folder / "forward_0001_0002.flo")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing, r"^backward_0002_0001\.flo: is missing; a clip of 3 frames"),
        (twice, r"^forward_1_2\.flo: is of the same frames as forward_0001_0002\.flo"),
        (short, r"^forward_0001_0002\.flo: .*cut short"),
        (endless, r"^forward_0001_0002\.flo: .*not finite"),
        (square, r"^forward_0001_0002\.flo: is the flow of frames of 32×32 pixels"),
    ],
)
def test_files_that_do_not_serve_are_named(tmp_path, spoil, message):
    folder = put(tmp_path / "flow", 3)
    spoil(folder)
    with pytest.raises(MediaError, match=message):
        read_flows(folder, 3, SIZE)


def test_a_folder_without_flow(tmp_path):
    with pytest.raises(MediaError, match=r"^forward_1_2\.flo: is missing"):
        read_flows(tmp_path, 2, SIZE)
    with pytest.raises(MediaError, match=r"^nowhere: there is no such folder"):
        read_flows(tmp_path / "nowhere", 2, SIZE)
