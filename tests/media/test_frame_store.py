"""A long clip's pictures are kept in a temporary file, unchanged, which is removed at the end."""

from __future__ import annotations

import errno
import gc
import pickle
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_files import h264, number_of, write_at_times

from stylekit.errors import MediaError
from stylekit.media import frame_store
from stylekit.media.clips import Clip, read_clip
from stylekit.media.frame_store import FrameStore

NAME = Path("folder") / "long.mp4"
SHAPE = (5, 7, 3)


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Iterator[None]:
    """Tests here collect garbage: what other tests left takes seconds to search each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def files(monkeypatch) -> list:
    """The temporary files that receive the pictures from now on, even if there are few."""
    opened = []
    really_open = tempfile.TemporaryFile

    def opening(*args, **options):
        opened.append(really_open(*args, **options))
        return opened[-1]

    monkeypatch.setattr(frame_store, "MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", opening)
    return opened


def pictures(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(3).integers(0, 256, (count, *SHAPE), np.uint8))


def stored(given: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    store = FrameStore(NAME)
    for picture in given:
        store.add(picture)
    return store.frames(len(store))


def assert_same(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> None:
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_few_pictures_stay_in_memory_and_more_go_to_a_file(files, monkeypatch):
    given = pictures(6)
    monkeypatch.setattr(frame_store, "MAX_BYTES_IN_MEMORY", 4 * given[0].nbytes)
    kept = stored(given[:4])
    assert isinstance(kept, tuple) and kept[2] is given[2] and not files
    moved = stored(given)
    assert len(files) == 1
    assert_same(moved, given)  # those too that were in memory at first


def test_what_lies_in_the_file_is_no_longer_held_in_memory(files, monkeypatch):
    given = pictures(6)
    monkeypatch.setattr(frame_store, "MAX_BYTES_IN_MEMORY", 4 * given[0].nbytes)
    store = FrameStore(NAME)
    alive = []
    for number in range(6):
        picture = given[number].copy()
        alive.append(weakref.ref(picture))
        store.add(picture)
    del picture
    gc.collect()
    assert [reference() for reference in alive] == [None] * 6
    assert_same(store.frames(6), given)


@pytest.mark.parametrize(
    "part", [slice(2, 5), slice(None, None, 3), slice(-3, None), slice(None, None, -2), slice(9, 9)]
)
def test_slices_show_the_same_frames_from_the_same_file(files, part):
    given = pictures(9)
    frames = stored(given)
    assert_same(frames[part], given[part])
    assert_same(frames[1:][part], given[1:][part])
    assert len(files) == 1


def test_single_frames_count_from_both_ends(files):
    given = pictures(3)
    frames = stored(given)
    np.testing.assert_array_equal(frames[-1], given[2])
    for outside in (3, -4):
        with pytest.raises(IndexError):
            frames[outside]


def test_a_frame_is_an_array_of_its_own(files):
    given = pictures(2)
    frames = stored(given)
    frames[1][:] = 0
    np.testing.assert_array_equal(frames[1], given[1])


def test_a_picture_shown_for_several_frames_is_stored_once(files):
    given = pictures(2)
    store = FrameStore(NAME)
    store.add(given[0], 3)
    store.add(given[1], 2)
    assert_same(store.frames(4), [given[0], given[0], given[0], given[1]])
    assert files[0].seek(0, 2) == 2 * given[0].nbytes


def test_pictures_need_not_lie_in_one_piece(files):
    turned = [picture[:, ::-1] for picture in pictures(2)]
    assert_same(stored(turned), turned)


def test_threads_read_at_once(files):
    given = pictures(40)
    frames = stored(given)
    together = threading.Barrier(4)

    def wrong(seed: int) -> int:
        together.wait()
        order = np.random.default_rng(seed).integers(0, 40, 500)
        return sum(not np.array_equal(frames[index], given[index]) for index in order.tolist())

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(wrong, range(4))) == 0


def test_the_file_is_closed_with_the_last_reference(files):
    frames = stored(pictures(4))
    part = frames[1:3]
    del frames
    gc.collect()
    assert not files[0].closed and part[0].shape == SHAPE
    del part
    gc.collect()
    assert files[0].closed


def test_the_file_has_no_name_that_stays_behind(files, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    frames = stored(pictures(4))
    assert len(frames) == 4 and len(files) == 1
    del frames
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_pickled_frames_bring_their_pictures_along(files):
    given = pictures(3)
    assert_same(pickle.loads(pickle.dumps(stored(given))), given)


# --- when the system refuses ---------------------------------------------------------------------


class Grudging:
    """A file that reads and writes `at_once` bytes a call, on a disk with `room` free bytes."""

    def __init__(self, file, *, at_once: int = 1000, room: int = 10**6) -> None:
        self.file, self.at_once, self.room = file, at_once, room
        self.seek, self.close = file.seek, file.close

    def write(self, data) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(data[: min(self.at_once, self.room)])
        self.room -= written
        return written

    def readinto(self, data) -> int:
        return self.file.readinto(data[: self.at_once])


@pytest.fixture
def grudge(files, monkeypatch):
    """A function that replaces the temporary files by `Grudging` ones."""
    really_open = tempfile.TemporaryFile

    def begin(**limits: int) -> None:
        monkeypatch.setattr(
            tempfile, "TemporaryFile", lambda **options: Grudging(really_open(**options), **limits)
        )

    return begin


def test_pictures_are_whole_even_if_the_system_moves_them_in_pieces(grudge):
    given = pictures(3)
    grudge(at_once=40)
    assert_same(stored(given), given)


def test_a_full_disk_says_which_clip_and_what_to_do(files, grudge):
    grudge(room=250)
    with pytest.raises(MediaError, match=r"^long\.mp4: .*No space left.*TMPDIR") as caught:
        stored(pictures(4))
    assert "\n" not in str(caught.value)
    del caught
    gc.collect()
    assert files[0].closed


def test_a_temporary_folder_that_cannot_be_written_does_too(files, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(MediaError, match=r"^long\.mp4: .*gone.*TMPDIR"):
        stored(pictures(1))


def test_no_temporary_folder_at_all_does_too(files, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    message = "No usable temporary directory found in ['/tmp']"

    def nowhere(**options):
        raise FileNotFoundError(errno.ENOENT, message)

    monkeypatch.setattr(tempfile, "TemporaryFile", nowhere)
    with pytest.raises(MediaError, match=r"^long\.mp4: .*No usable temporary directory.*TMPDIR"):
        stored(pictures(1))


def test_the_space_for_all_frames_is_checked_before_the_first_is_stored(files):
    store = FrameStore(NAME, expected=10**15)
    with pytest.raises(MediaError, match=r"^long\.mp4: its frames need \d+ MB in the temporary "):
        store.add(pictures(1)[0])
    assert files == []


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_frames_that_are_kept_in_memory_are_told_of(files, kind, monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level("INFO", logger="stylekit")
    read = Path.read_text
    mounts = f"disk / ext4 rw 0 0\nx {tmp_path} {kind} rw 0 0\ny {tmp_path}/inner xfs rw 0 0\n"

    def system(path: Path, *arguments, **more):
        return mounts if str(path) == "/proc/self/mounts" else read(path, *arguments, **more)

    monkeypatch.setattr(Path, "read_text", system)
    FrameStore(NAME, expected=100).add(pictures(1)[0])
    told = f"long.mp4: 0 MB of frames are kept in {tmp_path}, which is memory on this machine"
    assert (told in caplog.text) is (kind == "tmpfs")


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="Linux alone tells its mounts")
def test_memory_is_known_by_the_system_s_own_words():
    lines = Path("/proc/self/mounts").read_text().splitlines()
    kinds = {line.split()[1]: line.split()[2] for line in lines}
    assert not frame_store.is_memory(Path("/proc"))
    assert frame_store.is_memory(Path("/dev/shm")) is (kinds.get("/dev/shm") == "tmpfs")


def test_a_file_that_was_cut_off_does_not_give_half_a_picture(files):
    frames = stored(pictures(3))
    files[0].truncate(2 * np.prod(SHAPE) + 4)
    assert frames[1].shape == SHAPE
    with pytest.raises(MediaError, match=r"^long\.mp4: .*read it again"):
        frames[2]


# --- clips ---------------------------------------------------------------------------------------


def both_ways(path: Path, files: list, monkeypatch, **options) -> tuple[Clip, Clip]:
    """The same clip, read from a temporary file and from memory."""
    from_file = read_clip(path, **options)
    assert len(files) == 1
    monkeypatch.setattr(frame_store, "MAX_BYTES_IN_MEMORY", 10**9)
    in_memory = read_clip(path, **options)
    assert len(files) == 1
    return from_file, in_memory


@pytest.mark.parametrize("options", [{}, {"start": 0.2, "frames": 7, "size": 64}])
def test_a_long_clip_is_the_same_clip(files, monkeypatch, tmp_path, options):
    path = h264(tmp_path / "a.mp4", 20)
    long, short = both_ways(path, files, monkeypatch, **options)
    for a, b in ((long, short), (long[2:6], short[2:6]), (long[::3], short[::3])):
        assert_same(a, b)
        assert_same(a.pixels, b.pixels)
        assert (a.width, a.height, a.fps, a.start) == (b.width, b.height, b.fps, b.start)
    assert_same(pickle.loads(pickle.dumps(long)), short)
    long[0][:] = 0  # an image is the caller's own
    np.testing.assert_array_equal(long[0], short[0])


def test_a_long_clip_with_a_varying_rate_repeats_the_same_frames(files, monkeypatch, tmp_path):
    beats = (0, 3, 6, 9, 10, 11, 12, 13, 14, 15)
    path = write_at_times(tmp_path / "a.mp4", [Fraction(beat, 25) for beat in beats])
    long, short = both_ways(path, files, monkeypatch)
    assert [number_of(frame) for frame in long] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9]
    assert_same(long.pixels, short.pixels)
    assert files[0].seek(0, 2) == 10 * short.pixels[0].nbytes


def test_decoding_lets_go_of_what_is_stored(files, monkeypatch, tmp_path):
    decoded: list[weakref.ref] = []
    alive = []
    really_add = FrameStore.add

    def add(store, pixels, times=1):
        really_add(store, pixels, times)
        decoded.append(weakref.ref(pixels))
        alive.append(sum(reference() is not None for reference in decoded))

    monkeypatch.setattr(FrameStore, "add", add)
    assert len(read_clip(h264(tmp_path / "a.mp4", 12))) == len(decoded) == 12
    assert max(alive) <= 2  # the one that was stored, and one on its way
