"""Flow: its sign, warping, resizing, and the `.flo` format."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stylekit.arrays import Flow, Image
from stylekit.errors import MediaError, SettingsError
from stylekit.media import opencv
from stylekit.media.opencv import cv2
from stylekit.motion.flow import (
    FlowMethod,
    Interpolation,
    estimate_flow,
    flow_between,
    read_flo,
    resize_flow,
    warp,
    write_flo,
)

HEIGHT, WIDTH = 96, 128

# What can be estimated: the exact flow cannot.
ESTIMATES = [m for m in FlowMethod if m not in (FlowMethod.EXACT, FlowMethod.FILES)]


def texture(height: int = HEIGHT, width: int = WIDTH, *, seed: int = 0) -> Image:
    """A smooth random picture: every place in it looks like no other."""
    noise = np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    low, high = smooth.min(), smooth.max()
    return np.asarray((smooth - low) / (high - low), np.float32)


def moved(dx: int, dy: int, *, height: int = HEIGHT, width: int = WIDTH) -> tuple[Image, Image]:
    """Two views of one picture, the second with its content moved by (dx, dy) pixels."""
    big = texture(height + 40, width + 40)
    first = big[20 : 20 + height, 20 : 20 + width]
    second = big[20 - dy : 20 - dy + height, 20 - dx : 20 - dx + width]
    return first.copy(), second.copy()


def constant_flow(dx: float, dy: float, *, height: int = HEIGHT, width: int = WIDTH) -> Flow:
    return np.broadcast_to(np.float32([dx, dy]), (height, width, 2)).copy()


def inner(array: np.ndarray, margin: int = 12) -> np.ndarray:
    return array[margin:-margin, margin:-margin]


@pytest.mark.parametrize("method", ESTIMATES)
@pytest.mark.parametrize(("dx", "dy"), [(4, 0), (0, -3), (-5, 2)])
def test_known_translation_is_found_with_its_sign(method: FlowMethod, dx: int, dy: int) -> None:
    source, target = moved(dx, dy)
    flow = estimate_flow(source, target, method=method)
    assert flow.shape == (HEIGHT, WIDTH, 2) and flow.dtype == np.float32
    assert np.abs(inner(flow) - [dx, dy]).mean() < 0.35


@pytest.mark.parametrize("method", ESTIMATES)
def test_flow_both_ways_is_opposite_and_warps_onto_the_current_frame(method: FlowMethod) -> None:
    previous, current = moved(4, -2)
    pair = flow_between(previous, current, method=method)
    assert np.abs(inner(pair.forward_flow + pair.backward_flow)).mean() < 0.3
    before = np.abs(inner(previous - current)).mean()
    after = np.abs(inner(warp(previous, pair.backward_flow) - current)).mean()
    assert after < 0.2 * before


def test_dis_finds_no_motion_between_equal_frames() -> None:
    picture = texture()
    for method in (FlowMethod.DIS, FlowMethod.DIS_FAST, FlowMethod.DIS_SHARP):
        assert not estimate_flow(picture, picture, method=method).any()


@pytest.mark.parametrize("method", ESTIMATES)
@pytest.mark.parametrize("size", [(1, 1), (8, 64), (64, 8), (12, 160), (16, 320)])
def test_small_and_thin_pictures_are_handled(method: FlowMethod, size: tuple[int, int]) -> None:
    # OpenCV's own DIS raises, or crashes the process, on some of these.
    picture = texture(*size)
    flow = estimate_flow(picture, picture[:, ::-1].copy(), method=method)
    assert flow.shape == (*size, 2)
    assert np.isfinite(flow).all()


def test_small_picture_still_shows_its_motion() -> None:
    source, target = moved(2, 0, height=14, width=60)
    flow = estimate_flow(source, target)
    assert np.abs(inner(flow, 4) - [2, 0]).mean() < 0.3


def test_sharp_dis_keeps_to_the_edge_of_a_bar() -> None:
    """A bar of six pixels, as thin as the patches of DIS fine, slides over a resting ground."""
    ground, bar = texture(), texture(seed=1)[:, 60:66]
    frames = [ground.copy() for _ in range(2)]
    frames[0][:, 60:66] = frames[1][:, 63:69] = bar
    truth = constant_flow(0, 0)
    truth[:, 60:66, 0] = 3
    wrong = {
        method: (np.linalg.norm(estimate_flow(*frames, method=method) - truth, axis=2) > 1).mean()
        for method in (FlowMethod.DIS, FlowMethod.DIS_SHARP)
    }
    assert wrong[FlowMethod.DIS_SHARP] < 0.85 * wrong[FlowMethod.DIS]


def flow_digest(method: FlowMethod, threads: int) -> str:
    cv2.setNumThreads(threads)
    source, target = moved(3, 1)
    return hashlib.sha256(estimate_flow(source, target, method=method).tobytes()).hexdigest()


@pytest.mark.parametrize("method", ESTIMATES)
def test_flow_repeats_bit_for_bit_whatever_the_threads(method: FlowMethod) -> None:
    before = cv2.getNumThreads()
    try:
        digests = {flow_digest(method, threads) for threads in (1, 2, 3, 1, 2)}
    finally:
        cv2.setNumThreads(before)
    assert len(digests) == 1


def test_flow_repeats_in_another_process() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_flow as t;"
        "print(t.flow_digest(t.FlowMethod.DIS, 2))"
    )
    folder = str(Path(__file__).parent)
    other = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
    )
    before = cv2.getNumThreads()
    try:
        assert other.stdout.strip() == flow_digest(FlowMethod.DIS, 1)
    finally:
        cv2.setNumThreads(before)


def test_estimate_flow_refuses_pictures_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="target"):
        estimate_flow(texture(), texture(HEIGHT, WIDTH - 1))
    with pytest.raises(ValueError, match="float32"):
        estimate_flow(texture().astype(np.float64), texture())  # type: ignore[arg-type]


@pytest.mark.parametrize("interpolation", Interpolation)
def test_zero_flow_is_identity(interpolation: Interpolation) -> None:
    picture = texture()
    warped = warp(picture, constant_flow(0, 0), interpolation=interpolation)
    np.testing.assert_allclose(warped, picture, atol=1e-6)
    assert warped is not picture


@pytest.mark.parametrize("interpolation", Interpolation)
def test_whole_pixel_warp_is_a_shift(interpolation: Interpolation) -> None:
    picture = texture()
    warped = warp(picture, constant_flow(3, -2), interpolation=interpolation)
    np.testing.assert_allclose(warped[2:, :-3], picture[:-2, 3:], atol=1e-6)


def test_linear_warp_of_a_ramp_is_exact_and_its_border_is_replicated() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    ramp = x + 1000 * y
    warped = warp(ramp, constant_flow(2.25, -1.5))
    # Quarters and halves of a pixel are exact even where OpenCV rounds to 1/32.
    expected = np.clip(x + 2.25, 0, WIDTH - 1) + 1000 * np.clip(y - 1.5, 0, HEIGHT - 1)
    np.testing.assert_allclose(warped, expected, rtol=1e-6)


def test_linear_warp_equals_its_definition_on_any_flow() -> None:
    picture = texture()
    flow = np.random.default_rng(1).normal(0, 6, (HEIGHT, WIDTH, 2)).astype(np.float32)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    at_x = np.clip(x + flow[..., 0].astype(np.float64), 0, WIDTH - 1)
    at_y = np.clip(y + flow[..., 1].astype(np.float64), 0, HEIGHT - 1)
    left, top = np.floor(at_x).astype(int), np.floor(at_y).astype(int)
    right, bottom = np.minimum(left + 1, WIDTH - 1), np.minimum(top + 1, HEIGHT - 1)
    fx, fy = (at_x - left)[..., None], (at_y - top)[..., None]
    upper = picture[top, left] * (1 - fx) + picture[top, right] * fx
    lower = picture[bottom, left] * (1 - fx) + picture[bottom, right] * fx
    # 1/64 of a pixel is what OpenCV 4 may round the place by.
    steepest = max(float(np.abs(np.diff(picture, axis=axis)).max()) for axis in (0, 1))
    np.testing.assert_allclose(
        warp(picture, flow), upper * (1 - fy) + lower * fy, atol=2 * steepest / 64 + 1e-5
    )


@pytest.mark.parametrize("interpolation", [Interpolation.CUBIC, Interpolation.LANCZOS])
def test_sharp_interpolation_stays_in_range_and_keeps_more_detail(
    interpolation: Interpolation,
) -> None:
    edges = (texture() > 0.5).astype(np.float32)
    sharp, linear = edges, edges
    for _ in range(5):
        for shift in (0.4, -0.4):
            flow = constant_flow(shift, shift)
            sharp, linear = warp(sharp, flow, interpolation=interpolation), warp(linear, flow)
    assert sharp.min() >= 0 and sharp.max() <= 1
    detail, linear_detail = (cv2.Laplacian(x, cv2.CV_32F).var() for x in (sharp, linear))
    assert detail > 5 * linear_detail


def test_masks_and_flows_warp_too_and_keep_their_shape() -> None:
    flow = constant_flow(1, 0)
    for channels in ((), (1,), (2,)):
        field = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, *channels))
        warped = warp(field.astype(np.float32), flow)
        assert warped.shape == field.shape
        np.testing.assert_allclose(warped[:, :-1], field[:, 1:].astype(np.float32), atol=1e-5)


@pytest.mark.parametrize("interpolation", Interpolation)
def test_wild_flow_reads_the_border(interpolation: Interpolation) -> None:
    picture = texture()
    warped = warp(picture, constant_flow(1e12, 0), interpolation=interpolation)
    np.testing.assert_allclose(warped, np.repeat(picture[:, -1:], WIDTH, axis=1), atol=1e-6)


def test_warp_changes_none_of_its_arguments() -> None:
    picture, flow = texture(), constant_flow(0.3, 0.6)
    picture_before, flow_before = picture.copy(), flow.copy()
    warp(picture, flow, interpolation=Interpolation.CUBIC)
    np.testing.assert_array_equal(picture, picture_before)
    np.testing.assert_array_equal(flow, flow_before)


def test_warp_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="pixels as its partner"):
        warp(texture(), constant_flow(0, 0, width=WIDTH + 1))
    with pytest.raises(ValueError, match="float32"):
        warp(texture().astype(np.float64), constant_flow(0, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(256, 48), (64, 48), (32, 24), (128, 200)])
def test_resized_flow_scales_its_vectors(size: tuple[int, int]) -> None:
    resized = resize_flow(constant_flow(8, -6), size)
    assert resized.shape == (size[1], size[0], 2)
    expected = [8 * size[0] / WIDTH, -6 * size[1] / HEIGHT]
    np.testing.assert_allclose(resized, np.broadcast_to(expected, resized.shape), rtol=1e-5)


def test_resized_flow_still_leads_to_the_same_place() -> None:
    source, target = moved(8, -4)
    small = resize_flow(constant_flow(8, -4), (WIDTH // 2, HEIGHT // 2))
    halve = {"dsize": (WIDTH // 2, HEIGHT // 2), "interpolation": cv2.INTER_AREA}
    warped = warp(cv2.resize(target, **halve), small)
    np.testing.assert_allclose(inner(warped), inner(cv2.resize(source, **halve)), atol=1e-5)


def test_resize_flow_refuses_an_empty_size() -> None:
    with pytest.raises(ValueError, match="size"):
        resize_flow(constant_flow(0, 0), (0, 5))


def test_flo_round_trip_and_layout(tmp_path: Path) -> None:
    flow = np.random.default_rng(2).normal(0, 9, (5, 7, 2)).astype(np.float32)
    path = tmp_path / "a.flo"
    write_flo(flow, path)
    np.testing.assert_array_equal(read_flo(path), flow)
    data = path.read_bytes()
    assert data[:4] == b"PIEH" and struct.unpack("<ii", data[4:12]) == (7, 5)
    assert struct.unpack("<2f", data[12 + 8 : 12 + 16]) == tuple(flow[0, 1])
    assert [file.name for file in tmp_path.iterdir()] == ["a.flo"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"PIEH\x01", "cut short"),
        (struct.pack("<fii", 1.0, 1, 1) + bytes(8), "not a Middlebury"),
        (struct.pack("<fii", 202021.25, 2, 2) + bytes(31), "cut short"),
        (struct.pack("<fii", 202021.25, 2, 2) + bytes(33), "too long"),
        (struct.pack("<fii", 202021.25, -1, 2), "impossible size"),
        (struct.pack("<fii", 202021.25, 2**31 - 1, 2**31 - 1), "impossible size"),
        (struct.pack("<fii", 202021.25, 30_000, 30_000), "cut short"),
        (struct.pack("<fiiff", 202021.25, 1, 1, np.nan, 0.0), "not finite"),
    ],
)
def test_bad_flo_files_are_refused_by_name(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "bad.flo"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=rf"^bad\.flo: .*{message}"):
        read_flo(path)


def test_missing_flo_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"^none\.flo: "):
        read_flo(tmp_path / "none.flo")
    with pytest.raises(ValueError, match="finite"):
        write_flo(constant_flow(np.inf, 0), tmp_path / "x.flo")


def test_a_missing_system_library_is_explained() -> None:
    told = opencv.explain(ImportError("libGL.so.1: cannot open shared object file"))
    assert "apt-get install libgl1" in str(told) and "opencv-python-headless" in str(told)
    other = ImportError("No module named 'cv2'")
    assert opencv.explain(other) is other


def test_exact_flow_cannot_be_estimated() -> None:
    frame = np.zeros((32, 32, 3), np.float32)
    with pytest.raises(SettingsError, match=r"Scene\.flow_pair"):
        estimate_flow(frame, frame, method=FlowMethod.EXACT)
