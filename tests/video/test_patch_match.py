"""The search of patches, compared with all places tried."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from stylekit.settings import PatchSettings
from stylekit.video import compiled, patch_kernels
from stylekit.video.guides import Correspondence
from stylekit.video.patch_match import Field, Texture, synthesize


def random(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def problem_of(
    target: np.ndarray, source: np.ndarray, *, radius: int = 1, weight: float = 1.0
) -> patch_kernels.Problem:
    size = target.shape[:2]
    turn = np.zeros((*size, 2), np.float32)
    turn[..., 0] = 1
    return patch_kernels.Problem(
        target=target,
        weight=np.full(size, weight, np.float32),
        source=source,
        advected=np.full((*size, 2), radius, np.float32),
        pull=np.zeros(size, np.float32),
        reach=8.0,
        turn=turn,
        use=np.zeros(source.shape[:2], np.float32),
        radius=radius,
    )


def brute_force(target: np.ndarray, source: np.ndarray, y: int, x: int) -> float:
    """The least mean squared difference of the 3×3 patch at (y, x) over all places."""
    patch = target[y - 1 : y + 2, x - 1 : x + 2]
    windows = np.lib.stride_tricks.sliding_window_view(source, (3, 3), axis=(0, 1))
    squares = (windows - patch.transpose(2, 0, 1)) ** 2
    return float(squares.sum(axis=2).mean(axis=(2, 3)).min())


def test_the_difference_of_a_patch_is_its_definition() -> None:
    target, source = random((9, 9, 8), 0), random((9, 9, 8), 1)
    problem = problem_of(target, source, weight=0.5)
    squares = (target[3:6, 4:7] - source[2:5, 5:8]) ** 2
    wanted = (0.5 * squares[..., :4].sum(axis=2) + squares[..., 4:].sum(axis=2)).mean()
    found = patch_kernels.patch_difference(problem, 4, 5, 6.0, 3.0, np.inf)
    assert found == pytest.approx(wanted, rel=1e-5)
    # Between pixels it is read linearly.
    half = (source[2:5, 5:8] + source[2:5, 6:9]) / 2
    squares = (target[3:6, 4:7] - half) ** 2
    wanted = (0.5 * squares[..., :4].sum(axis=2) + squares[..., 4:].sum(axis=2)).mean()
    found = patch_kernels.patch_difference(problem, 4, 5, 6.5, 3.0, np.inf)
    assert found == pytest.approx(wanted, rel=1e-5)
    assert patch_kernels.patch_difference(problem, 4, 5, 6.0, 3.0, 1e-3) == np.inf


def test_a_turned_patch_reads_a_turned_painting() -> None:
    source = random((11, 11, 8), 2)
    target = np.ascontiguousarray(np.rot90(source))
    problem = problem_of(target, source)
    problem.turn[..., 0], problem.turn[..., 1] = 0, 1
    # (x, y) of the target is (10 − y, x) of the source: a step to the right is one down.
    assert patch_kernels.patch_difference(problem, 4, 6, 10.0 - 4.0, 6.0, np.inf) < 1e-10


def test_the_search_finds_what_all_places_tried_would() -> None:
    """A smooth picture, as paintings are: in noise only chance finds the single best place."""
    coordinates = np.linspace(0, 6, 24, dtype=np.float32)
    waves = [
        np.sin(coordinates[:, None] * a + coordinates * b + a) for a in (1, 2) for b in (1, 2, 3, 4)
    ]
    source = np.ascontiguousarray(np.stack(waves, axis=2).astype(np.float32))
    target = np.ascontiguousarray(source[::-1, ::-1])
    problem = problem_of(target, source)
    places, energy = np.full((24, 24, 2), 1, np.float32), np.full((24, 24), np.inf, np.float32)
    pixels = np.arange(24 * 24)
    patch_kernels.evaluate(pixels, 0, len(pixels), places, energy, problem)
    first = energy.copy()
    for sweep in range(12):
        new_places, new_energy = places.copy(), energy.copy()
        patch_kernels.search(
            pixels,
            0,
            len(pixels),
            places,
            energy,
            new_places,
            new_energy,
            problem,
            max(8 >> sweep, 1),
            24.0,
            sweep,
        )
        assert (new_energy <= energy).all()
        places, energy = new_places, new_energy
    inner = [(y, x) for y in range(1, 23) for x in range(1, 23)]
    best = np.mean([brute_force(target, source, y, x) for y, x in inner])
    found = np.mean([energy[y, x] for y, x in inner])
    assert best - 1e-6 <= found <= 1.05 * best + 1e-3 * first.mean()


def test_random_numbers_are_even_and_differ() -> None:
    numbers = np.array([patch_kernels.uniform(7, number) for number in range(4000)])
    assert numbers.min() >= 0 and numbers.max() < 1
    # Five standard deviations of the mean of so many.
    assert abs(numbers.mean() - 0.5) < 5 / np.sqrt(12 * 4000)
    assert len(np.unique(numbers)) == 4000
    assert patch_kernels.uniform(7, 3) != patch_kernels.uniform(8, 3)


def test_cubic_weights_add_up_to_one() -> None:
    for shift in np.linspace(0, 1, 11):
        total = sum(patch_kernels.cubic_weight(shift - k) for k in (-1, 0, 1, 2))
        assert total == pytest.approx(1, abs=1e-12)
    assert [patch_kernels.cubic_weight(float(k)) for k in range(3)] == [1, 0, 0]


def all_new(uniformity: float, threads: int = 1) -> Field:
    """A frame of which the keyframe shows nothing, and that looks the same all over."""
    size = (32, 40)
    painting = random((*size, 3), 3) * np.float32(0.1)
    paint = np.concatenate([painting, np.ones((*size, 1), np.float32)], axis=2)
    look = np.zeros((*size, 4), np.float32)
    blank = np.zeros((*size, 3), np.float32)
    texture = Texture(
        paint=paint,
        shown=painting,
        key_look=look,
        look=look,
        frame=blank,
        carried=blank,
        carried_trust=blank[..., 0],
    )
    turn = np.zeros((*size, 2), np.float32)
    turn[..., 0] = 1
    known = Correspondence(np.zeros((*size, 2), np.float32), np.zeros(size, bool), turn)
    settings = PatchSettings(levels=1, iterations=4, uniformity=uniformity)
    return synthesize(texture, known, settings, seed=1, threads=threads)


def used_share(field: Field) -> float:
    """The share of the painting's places that are used."""
    return len(np.unique(np.rint(field.places).reshape(-1, 2), axis=0)) / field.error.size


def test_uniformity_uses_more_of_the_painting() -> None:
    assert used_share(all_new(1e5)) > 1.2 * used_share(all_new(0.0))


def test_a_frame_without_any_known_pixel_is_painted_whole() -> None:
    field = all_new(3500.0)
    assert np.isfinite(field.paint).all()
    assert field.paint[..., 3] == pytest.approx(1, abs=1e-5)
    # Votes with interpolation may go over the painting's colours, but not far.
    assert field.paint[..., :3].min() > -0.05 and field.paint[..., :3].max() < 0.15
    assert field.error.min() > 0


def test_work_is_divided_without_gaps() -> None:
    for length, threads in ((10, 3), (2, 5), (0, 2), (7, 1)):
        seen = np.zeros(length, int)

        def work(start: int, stop: int, seen: np.ndarray = seen) -> None:
            seen[start:stop] += 1

        compiled.in_parts(work, length, threads)
        assert (seen == 1).all()
    assert compiled.available_cores() >= 1


def test_an_error_in_a_part_is_not_lost() -> None:
    def work(start: int, stop: int) -> None:
        if start:
            raise ValueError("the second part")

    with pytest.raises(ValueError, match="second"):
        compiled.in_parts(work, 10, 2)


@pytest.mark.slow
def test_it_works_where_no_compiled_code_can_be_kept() -> None:
    """Numba finds no folder for its cache: neither beside the sources nor anywhere else."""
    code = (
        "import numba.core.caching as caching\n"
        "base = getattr(caching, 'CacheImpl', None) or caching._CacheImpl\n"
        "base._locator_classes = []\n"
        "from stylekit.video import patch_kernels\n"
        "assert 0 <= patch_kernels.uniform(1, 2) < 1\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_numba_is_loaded_only_by_a_search() -> None:
    code = (
        "import sys\n"
        "import stylekit.video.by_example, stylekit.video.key_blend\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
