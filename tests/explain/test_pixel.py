"""The smudge probe: runs are opened again as they are, and what it says of a pixel is so."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow
from short_runs import (
    SETTINGS,
    SIZE,
    built_in_clip,
    built_in_style,
    changed,
    stylekit,
)

from stylekit.arrays import Flow, Mask, from_bytes, to_bytes
from stylekit.errors import MediaError, ResumeError, SettingsError, WeightsError
from stylekit.explain.pixel import (
    PixelExplanation,
    Readings,
    TrueVerdict,
    Verdict,
    probe_pixel,
    true_verdict_at,
    verdict_at,
)
from stylekit.explain.pulls import Shares, pull_maps
from stylekit.explain.stored_run import StoredRun, open_run
from stylekit.explain.trail import age_map, path_of
from stylekit.explain.words import explain
from stylekit.image.colors import match_colors
from stylekit.image.scales import sized_style
from stylekit.losses import PIXEL_UNIT, TERMS, only, weight_of
from stylekit.motion.fine_detail import detail_change, restore_detail
from stylekit.motion.flow import FlowPair, warp
from stylekit.motion.masks import (
    MaskMethod,
    consistency_error,
    consistency_mask,
    disocclusion,
    doubtful,
    flow_doubt,
    out_of_frame,
    trust_map,
)
from stylekit.motion.scores import endpoint_error_map
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import Scene, make_scene
from stylekit.settings import VideoSettings, Weights
from stylekit.video.folder import RunFolder, RunInputs, describe_run
from stylekit.video.run import VideoRun, stylize_video

HEIGHT, WIDTH = 36, SIZE
pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 3


@pytest.fixture(scope="module")
def painted(clip, glass, tmp_path_factory) -> Path:
    """The folder of a run that was painted in earnest."""
    folder = tmp_path_factory.mktemp("painted") / "run"
    stylize_video(clip, glass, folder, SETTINGS)
    return folder


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene("crossing", frames=4, size=WIDTH)


@pytest.fixture
def run(painted, clip, glass) -> StoredRun:
    return open_run(painted, clip=clip, style=glass)


def made_run(
    folder: Path,
    flows: Sequence[Flow],
    masks: Sequence[Mask] | None = None,
    *,
    forward: Sequence[Flow] | None = None,
    cold: Sequence[int] = (0,),
    settings: VideoSettings = SETTINGS,
) -> StoredRun:
    """A run as if painted, with backward flows and masks as told; its frames are noise."""
    height, width = flows[0].shape[:2]
    random = np.random.default_rng(0)
    clip = [from_bytes(to_bytes(random.random((height, width, 3), np.float32)))] * (len(flows) + 1)
    glass = built_in_style()
    run = RunFolder(folder)
    run.open(describe_run(clip, glass, settings), frame_count=len(clip), pixels=height * width)
    for index in range(len(clip)):
        if index:
            backward = flows[index - 1]
            pair = FlowPair(forward[index - 1] if forward else -backward, backward)
            mask = masks[index - 1] if masks else np.ones((height, width), np.float32)
            run.write_flow(index, pair, mask)
        facts = {"cold": index in cold, "weights": settings.image.weights.to_json()}
        run.finish_frame(index, clip[index], facts)
    return open_run(folder, clip=clip, style=glass)


def constant(dx: float, dy: float) -> Flow:
    return np.full((HEIGHT, WIDTH, 2), (dx, dy), np.float32)


# --- opening --------------------------------------------------------------------------------------


def everything(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def called(tmp_path, monkeypatch, capsys) -> Path:
    """The folder of a run of the command line, from files of the user's own."""
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    shutil.copy(find_material("drift", MaterialKind.CLIP), "mine.mp4")
    shutil.copy(find_material("glass", MaterialKind.STYLE), "mine.jpg")
    call = ["video", "mine.mp4", "mine.jpg", "-o", "out.mp4", "--run", "run", "--start", "0.1"]
    options = ["--frames", 2, "--steps", 2, "--frame-steps", 1, "--backbone", "vgg16"]
    assert stylekit(capsys, *call, *options, "--size", SIZE).code == 0
    return tmp_path / "run"


def test_a_run_of_the_command_line_opens_by_its_folder_alone(called, tmp_path, monkeypatch):
    before = everything(tmp_path)
    monkeypatch.chdir("/")
    run = open_run(called)
    assert (run.frame_count, run.settings.image.size) == (2, SIZE)
    np.testing.assert_array_equal(run.clip[1], built_in_clip("drift")[3])
    assert run.is_cold(0) and not run.is_cold(1)
    probe_pixel(run, 1, 20, 20)
    assert everything(tmp_path) == before, "opening wrote something"


def test_what_has_moved_or_changed_is_told_by_its_name(called, tmp_path):
    clip, style = tmp_path / "mine.mp4", tmp_path / "mine.jpg"
    moved = clip.rename(tmp_path / "moved.mp4")
    with pytest.raises(MediaError, match=r"^mine\.mp4: the clip of the run run is no longer in"):
        open_run(called)
    assert open_run(called, clip=moved).frame_count == 2
    shutil.copy(find_material("orbit", MaterialKind.CLIP), clip)
    with pytest.raises(ResumeError, match=r"^mine\.mp4: is not the clip .*; give clip="):
        open_run(called)
    clip.write_text("no clip any more")
    with pytest.raises(MediaError, match=r"^mine\.mp4: .*; or give clip="):
        open_run(called)
    style.unlink()
    with pytest.raises(MediaError, match=r"^mine\.jpg: the style .*; give style="):
        open_run(called, clip=moved)
    assert open_run(called, clip=moved, style="glass").frame_count == 2
    with pytest.raises(ResumeError, match=r"^ink\.jpg: is not the style .*; give style="):
        open_run(called, clip=moved, style="ink")


def test_a_run_from_python_asks_for_its_inputs(painted, clip, glass):
    with pytest.raises(ResumeError, match=r"^run: does not say where its clip was; give clip="):
        open_run(painted)
    with pytest.raises(ResumeError, match=r"^run: does not say where its style was; give style="):
        open_run(painted, clip=clip)
    with pytest.raises(ResumeError, match=r"^clip: is not the clip"):
        open_run(painted, clip=list(clip)[::-1])
    with pytest.raises(ResumeError, match=r"^style: is not the style"):
        open_run(painted, clip=clip, style=1 - glass)
    # A file will do: how many frames there are, and of what size, the run knows.
    assert open_run(painted, clip="drift", style="glass").frame_count == FRAMES


def test_frames_between_are_left_out(clip, glass, tmp_path):
    every_second = built_in_clip("drift", 5)[::2]
    stylize_video(every_second, glass, tmp_path / "run", SETTINGS)
    paths = {
        "clip": find_material("drift", MaterialKind.CLIP),
        "style": find_material("glass", MaterialKind.STYLE),
    }
    folder = RunFolder(tmp_path / "run")
    folder.remember(RunInputs(**paths, frames=3, size=SIZE, stride=2))
    run = open_run(tmp_path / "run")
    scene = make_scene("drift", frames=3, size=SIZE, stride=2)
    np.testing.assert_array_equal(run.truth[1].flow, scene.backward_flow[1])


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ResumeError, match="holds no run"):
        open_run(tmp_path)
    (tmp_path / "run.json").write_text('{"clip": 3}')
    with pytest.raises(ResumeError, match=r"its run\.json is damaged"):
        open_run(tmp_path)


def test_a_run_of_another_version_and_an_unfinished_one_can_be_looked_at(
    painted, clip, glass, tmp_path
):
    folder = tmp_path / "run"
    shutil.copytree(painted, folder)
    description = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(description | {"stylekit": "0.0"}))
    (folder / "frames" / "000002.png").unlink()
    run = open_run(folder, clip=clip, style=glass)
    assert run.frame_count == 2
    with pytest.raises(SettingsError, match=r"^frame_index: must be a whole number from 0 to 1"):
        probe_pixel(run, 2, 0, 0)


def test_a_run_of_version_01_is_read_as_it_was_painted(painted, clip, glass, tmp_path):
    """Its files have `keep_colors` in place of `colors`, no margin, and no weight of edges."""
    folder = tmp_path / "run"
    shutil.copytree(painted, folder)
    description = json.loads((folder / "run.json").read_text())
    image = description["settings"]["image"]
    for name in ("colors", "margin", "style_scale"):
        del image[name]
    del image["weights"]["edges"]
    image["keep_colors"] = False
    (folder / "run.json").write_text(json.dumps(description))
    old = list(RunFolder(folder).entries().values())
    for entry in old:
        del entry["weights"]["edges"]
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, old)))

    run, newer = (open_run(path, clip=clip, style=glass) for path in (folder, painted))
    assert run.frame_count == newer.frame_count == FRAMES
    assert run.settings == changed(margin=0, weights=Weights(edges=0.0))
    assert run.weights(1) == Weights(edges=0.0) and newer.weights(1) == Weights()
    pulls = run.pulls(1)
    assert not pulls.edges.any() and pulls.content.any()
    assert newer.pulls(1).edges.any()
    # Without a margin the border pulls otherwise.
    apart = np.abs(pulls.style - newer.pulls(1).style)
    assert apart[0].mean() > 0.01 * pulls.style.mean()


def test_a_missing_flow_and_a_missing_network_are_told(painted, clip, glass, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(painted, folder)
    (folder / "flow" / "000001.backward.flo").unlink()
    with pytest.raises(ResumeError, match=r"flow of frame 1 is missing or damaged; run .* again"):
        open_run(folder, clip=clip, style=glass).motion(1)
    description = json.loads((folder / "run.json").read_text())
    description["backbone"] = {"label": "vgg19 (mine)", "sha256": "0"}
    (folder / "run.json").write_text(json.dumps(description))
    with pytest.raises(WeightsError, match=r"^vgg19 \(mine\): this network painted the run"):
        open_run(folder, clip=clip, style=glass).pulls(0)


@pytest.mark.parametrize(
    ("place", "name"),
    [((-1, 0, 0), "frame_index"), ((0, WIDTH, 0), "x"), ((0, 0, -1), "y"), ((0, 1.5, 0), "x")],
)
def test_places_that_are_not_there_are_named(place, name, run):
    with pytest.raises(SettingsError, match=f"^{name}: must be a whole number from 0 to"):
        probe_pixel(run, *place)


# --- the way back ---------------------------------------------------------------------------------


def test_the_path_follows_a_translation(tmp_path):
    run = made_run(tmp_path / "run", [constant(-2.5, 1)] * 4)
    expected = [(4, 30, 10), (3, 27.5, 11), (2, 25, 12), (1, 22.5, 13), (0, 20, 14)]
    assert list(path_of(run, 4, 30, 10)) == expected
    report = probe_pixel(run, 4, 30, 10)
    assert (report.age, report.here.age, report.here.flow) == (4, 4.0, (-2.5, 1.0))


def test_age_is_the_way_in_from_the_border(tmp_path):
    """Everything moves 2 pixels to the right a frame: column x came in ⌊x / 2⌋ frames ago."""
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:, :2] = 0
    run = made_run(tmp_path / "run", [constant(-2, 0)] * 5, [mask] * 5)
    columns = np.arange(WIDTH)
    for frame_index in (0, 1, 5):
        expected = np.minimum(columns // 2, frame_index)
        ages = age_map(run, frame_index)
        assert ages.dtype == np.int32
        np.testing.assert_array_equal(ages, np.broadcast_to(expected, ages.shape))


def test_ages_begin_anew_where_nothing_is_trusted_and_at_cuts(tmp_path):
    doubt = np.ones((HEIGHT, WIDTH), np.float32)
    doubt[10, 24] = 0.49
    still = constant(0, 0)
    masks = [np.ones_like(doubt), doubt, np.ones_like(doubt)]
    run = made_run(tmp_path / "a", [still] * 3, masks)
    ages = age_map(run, 3)
    assert ages[10, 24] == 1
    assert (np.delete(ages.ravel(), 10 * WIDTH + 24) == 3).all()
    cut = made_run(tmp_path / "b", [still] * 3, cold=(0, 2))
    assert (age_map(cut, 3) == 1).all()
    assert path_of(cut, 3, 5, 5)[-1] == (2, 5, 5)
    assert probe_pixel(cut, 2, 5, 5).verdict is Verdict.CUT


def test_a_turning_flow_is_followed_between_pixels(tmp_path):
    """Points go round the middle, 10 degrees a frame; linear reading is exact for such a flow."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    around = (x - 24) + 1j * (y - 18)
    turn = np.exp(1j * np.radians(10))
    flow = around * (turn - 1)
    flow = np.stack([flow.real, flow.imag], axis=-1).astype(np.float32)
    path = path_of(made_run(tmp_path / "run", [flow] * 9), 9, 34, 18)
    assert len(path) == 10
    points = np.array([x + 1j * y for _, x, y in path])
    np.testing.assert_allclose(points, 24 + 18j + 10 * turn ** np.arange(10), atol=1e-4)


def test_ages_are_the_lengths_of_paths(run):
    ages = age_map(run, 2)
    assert set(np.unique(ages)) == {0, 1, 2}
    for y, x in np.random.default_rng(0).integers(0, (HEIGHT, WIDTH), (60, 2)):
        assert ages[y, x] == len(path_of(run, 2, x, y)) - 1


# --- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", [True, False])
def test_the_verdict_is_that_of_the_mask(boundary, scene, glass, tmp_path):
    settings = changed(motion_boundary=boundary, dilate=1)
    flows = [scene.flow_pair(0)]
    painting = VideoRun(scene.frames[:2], glass, tmp_path / "run", settings, flows=flows)
    pair = painting.motion(1).flow
    for index in range(2):
        facts = {"cold": index == 0, "weights": Weights().to_json()}
        painting.folder.finish_frame(index, painting.clip[index], facts)
    run = open_run(tmp_path / "run", clip=painting.clip, style=glass)
    flow, reverse = pair.backward_flow, pair.forward_flow
    motion = run.motion(1)
    verdicts = np.array(
        [[verdict_at(motion, x, y) for x in range(WIDTH)] for y in range(HEIGHT)], object
    )
    sharp = consistency_mask(flow, reverse, smooth=0, boundary=boundary)
    stored = from_bytes(to_bytes(consistency_mask(flow, reverse, boundary=boundary, dilate=1)))
    quiet = (verdicts == Verdict.TRUSTED) | (verdicts == Verdict.NEIGHBOUR)
    np.testing.assert_array_equal(quiet, sharp == 1)
    np.testing.assert_array_equal(verdicts == Verdict.TRUSTED, quiet & (stored == 1))
    np.testing.assert_array_equal(verdicts == Verdict.OUT_OF_FRAME, out_of_frame(flow))
    np.testing.assert_array_equal(verdicts == Verdict.DISOCCLUDED, disocclusion(flow, reverse))
    assert boundary == (Verdict.MOTION_BOUNDARY in verdicts)
    assert {Verdict.DISOCCLUDED, Verdict.NEIGHBOUR, Verdict.TRUSTED} <= set(verdicts.ravel())


def test_what_the_robust_mask_doubts_is_told_apart(scene, glass, tmp_path):
    settings = changed(mask=MaskMethod.ROBUST)
    painting = VideoRun(scene.frames[:2], glass, tmp_path / "run", settings)
    flow = painting.motion(1).flow
    for index in range(2):
        facts = {"cold": index == 0, "weights": Weights().to_json()}
        painting.folder.finish_frame(index, painting.clip[index], facts)
    run = open_run(tmp_path / "run", clip=painting.clip, style=glass)
    both = flow.backward_flow, flow.forward_flow
    doubt = flow_doubt(*both, scene.frames[1], scene.frames[0])
    doubted = doubtful(trust_map(*both), doubt)
    assert doubted.any()
    np.testing.assert_array_equal(run.motion(1).doubted, doubted)
    y, x = np.argwhere(doubted)[0]
    assert verdict_at(run.motion(1), x, y) is Verdict.DOUBTFUL


def test_readings_are_those_of_the_pixel_and_means_around_it(run):
    motion, flow = run.motion(2), run.motion(2).flow
    error = consistency_error(flow.backward_flow, flow.forward_flow)
    report = probe_pixel(run, 2, 46, 20, radius=3)  # the window is cut off at the border
    window = np.s_[17:24, 43:48]
    assert report.here.trust == pytest.approx(motion.mask[20, 46])
    assert report.here.flow == pytest.approx(tuple(flow.backward_flow[20, 46]))
    assert report.around.trust == pytest.approx(motion.mask[window].mean(), rel=1e-5)
    assert report.around.flow == pytest.approx(
        flow.backward_flow[window].mean(axis=(0, 1)), rel=1e-4
    )
    inside = ~out_of_frame(flow.backward_flow)[window]
    assert report.around.round_trip == pytest.approx(error[window][inside].mean(), rel=1e-4)
    assert report.around.age == pytest.approx(age_map(run, 2)[window].mean())
    assert probe_pixel(run, 2, 46, 20, radius=0).around == report.here


def test_a_frame_without_one_before_has_no_flow(run):
    report = probe_pixel(run, 0, 10, 10)
    assert (report.verdict, report.age, report.path) == (Verdict.FIRST_FRAME, 0, ((0, 10, 10),))
    assert report.here.flow is report.here.round_trip is report.here.trust is None
    assert report.true_verdict is report.here.flow_error is None
    assert report.here.shares.temporal == 0


# --- who pulls ------------------------------------------------------------------------------------


def test_the_pulls_are_those_of_each_term_by_itself(run, glass):
    pulls, weights = run.pulls(1), run.weights(1)
    image, motion = run.image(1), run.motion(1)
    flow = motion.flow.backward_flow
    warped = restore_detail(warp(run.image(0), flow), run.image(0), flow, motion.mask)
    palette = sized_style(glass, SETTINGS.image)
    starts = [match_colors(run.clip[index], palette) for index in (1, 0)]
    change = detail_change(*starts, flow)
    warped = np.clip(warped + motion.mask[..., np.newaxis] * change, 0, 1)
    # L_temporal = 1/D Σ c (u x − u ω)², so its gradient is 2 u² c (x − ω) / D.
    away = np.sqrt(np.square(image - warped).sum(axis=2))
    expected = weights.gamma * 2 * PIXEL_UNIT**2 * motion.mask * away / image.size
    np.testing.assert_allclose(pulls.temporal, expected, rtol=1e-3, atol=1e-9)
    from stylekit.image.objective import TemporalTarget

    targets = run.objective.targets(run.clip[1], [TemporalTarget(warped, motion.mask)])
    whole = run.objective.evaluate(image, targets, weights).gradient
    parts = {
        name: run.objective.evaluate(
            image, targets, only(weights, {name: weight_of(term, weights)})
        ).gradient
        for name, term in TERMS.items()
        if weight_of(term, weights)
    }
    np.testing.assert_allclose(sum(parts.values()), whole, atol=1e-4 * np.abs(whole).max())
    for term, gradient in parts.items():
        length = np.linalg.norm(gradient, axis=2)
        np.testing.assert_allclose(getattr(pulls, term), length, rtol=1e-4, atol=1e-9)


def test_the_weights_of_style_layers_count_in_their_pull(run):
    from stylekit.image.objective import TemporalTarget

    image = run.image(1)
    target = TemporalTarget(image, np.zeros(image.shape[:2], np.float32))
    targets = run.objective.targets(run.clip[1], [target])
    whole, none = (
        pull_maps(run.objective, targets, image, Weights(layers=(share,) * 2)) for share in (2, 0)
    )
    usual = pull_maps(run.objective, targets, image, Weights())
    np.testing.assert_allclose(whole.style, 2 * usual.style, rtol=1e-3, atol=1e-9)
    assert not none.style.any()


def test_shares_add_up_to_one(run):
    for frame_index, x, y in ((0, 5, 5), (1, 20, 20), (2, 40, 9)):
        report = probe_pixel(run, frame_index, x, y)
        for shares in (report.here.shares, report.around.shares):
            assert sum(shares.values()) == pytest.approx(1)
    pulls = run.pulls(2)
    total = sum(pulls.values())
    shares = probe_pixel(run, 2, 40, 9).here.shares
    assert shares.style == pytest.approx(pulls.style[9, 40] / total[9, 40], rel=1e-5)
    window = np.s_[5:14, 36:45]
    around = probe_pixel(run, 2, 40, 9, radius=4).around.shares
    assert around.style == pytest.approx(pulls.style[window].sum() / total[window].sum(), rel=1e-5)


def test_a_frame_is_measured_once_and_nothing_is_compiled_anew(run, monkeypatch):
    probe_pixel(run, 1, 3, 3)
    traces = run.objective.trace_count
    probe_pixel(run, 0, 3, 3)
    probe_pixel(run, 2, 3, 3)
    assert run.objective.trace_count == traces
    monkeypatch.setattr(run.objective, "evaluate", lambda *_: pytest.fail("evaluated again"))
    for frame_index in range(FRAMES):
        probe_pixel(run, frame_index, 9, 9)


def test_where_colours_are_kept_only_luminance_pulls(run):
    from stylekit.image.objective import TemporalTarget

    image = np.clip(run.image(1), 0.2, 0.8)
    # On the right red and blue are drawn apart, which no luminance can follow.
    warped = image + np.where(np.arange(WIDTH)[:, np.newaxis] < 20, 0.1, [0.1, 0, -0.1])
    target = TemporalTarget(warped.astype(np.float32), np.ones(image.shape[:2], np.float32))
    targets = run.objective.targets(run.clip[1], [target])
    weights = Weights(alpha=0, beta=0)
    free = pull_maps(run.objective, targets, image, weights).temporal
    bound = pull_maps(run.objective, targets, image, weights, keep_colors=True).temporal
    np.testing.assert_allclose(bound[:, :20], np.sqrt(3) * free[:, :20], rtol=1e-3)
    assert bound[:, 20:].max() < 1e-3 * free[:, 20:].min()


# --- truth ----------------------------------------------------------------------------------------


def test_the_truth_of_a_built_in_clip_is_found(run):
    scene = make_scene("drift", frames=FRAMES, size=WIDTH)
    true = scene.backward[1]
    np.testing.assert_array_equal(run.truth[1].flow, true.flow)
    error = endpoint_error_map(run.motion(2).flow.backward_flow, true.flow)
    report = probe_pixel(run, 2, 20, 30, radius=2)
    assert report.here.flow_error == pytest.approx(error[30, 20], rel=1e-5)
    assert report.around.flow_error == pytest.approx(error[28:33, 18:23].mean(), rel=1e-5)
    assert report.true_verdict is not None


def test_other_clips_have_none_unless_it_is_given(scene, tmp_path):
    run = made_run(tmp_path / "run", scene.backward_flow, forward=scene.forward_flow)
    report = probe_pixel(run, 3, 24, 18)
    assert report.true_verdict is report.here.flow_error is report.unnoticed_errors is None
    report = probe_pixel(run, 3, 24, 18, truth=scene.backward)
    assert report.here.flow_error == 0
    assert report.unnoticed_errors == 0


def test_the_true_verdict_is_the_scene_s(scene):
    truth = scene.backward[2]
    found = np.array(
        [[true_verdict_at(truth, x, y) for x in range(WIDTH)] for y in range(HEIGHT)], object
    )
    gone = (found == TrueVerdict.HIDDEN) | (found == TrueVerdict.OUT_OF_FRAME)
    np.testing.assert_array_equal(gone, truth.disocclusion)
    np.testing.assert_array_equal(found == TrueVerdict.OUT_OF_FRAME, truth.out_of_frame)
    beside = truth.motion_boundary & ~truth.disocclusion
    np.testing.assert_array_equal(found == TrueVerdict.BOUNDARY, beside)
    assert set(found.ravel()) == set(TrueVerdict)
    unknown = dataclasses.replace(truth, known=np.zeros_like(truth.known))
    assert true_verdict_at(unknown, 0, 0) is None


def test_flow_that_is_wrong_and_trusted_is_found_out(tmp_path):
    """Flow off by 3 pixels, both ways alike, passes every test; only the truth knows."""
    run = made_run(tmp_path / "run", [constant(-2, 0)] * 4)
    still = make_scene("subtle", frames=5, size=WIDTH)
    truth = [
        dataclasses.replace(
            true,
            flow=constant(1, 0),
            known=np.ones((HEIGHT, WIDTH), bool),
            disocclusion=np.zeros((HEIGHT, WIDTH), bool),
            out_of_frame=np.zeros((HEIGHT, WIDTH), bool),
            motion_boundary=np.zeros((HEIGHT, WIDTH), bool),
        )
        for true in still.backward
    ]
    report = probe_pixel(run, 4, 30, 10, truth=truth)
    assert report.here.flow_error == pytest.approx(3)
    assert report.unnoticed_errors == report.age == 4
    assert report.unnoticed_hidden == 0
    truth[1].disocclusion[:] = True
    truth[0] = dataclasses.replace(truth[0], flow=constant(-2, 0))
    report = probe_pixel(run, 4, 30, 10, truth=truth)
    assert (report.unnoticed_errors, report.unnoticed_hidden) == (3, 1)
    words = explain(report)
    assert "wrong by 3.0 px, and no test noticed: c = 1." in words
    assert "wrong by over 1 px in 3 of 4 frames" in words


# --- words ----------------------------------------------------------------------------------------

HERE = Readings(
    flow=(-2.0, 0.5),
    round_trip=0.2,
    trust=1.0,
    age=11.0,
    shares=Shares(content=0.3, style=0.6, temporal=0.1, tv=0.0),
    flow_error=3.0,
)


def report_of(age: int, **changes) -> PixelExplanation:
    readings = {name: changes.pop(name) for name in ("trust", "flow_error") if name in changes}
    here = dataclasses.replace(HERE, age=float(age), **readings)
    report = PixelExplanation(
        frame_index=14,
        x=30,
        y=10,
        radius=4,
        verdict=Verdict.TRUSTED,
        here=here,
        around=here,
        path=tuple((14 - back, 30.0, 10.0) for back in range(age + 1)),
        true_verdict=TrueVerdict.VISIBLE,
        unnoticed_errors=age,
        unnoticed_hidden=0,
    )
    return dataclasses.replace(report, **changes)


def test_a_smudge_is_told_as_a_story():
    assert explain(report_of(11)) == (
        "This pixel has been carried for 11 frames, since frame 3. "
        "The flow here is wrong by 3.0 px, and no test noticed: c = 1. "
        "In truth it was visible in the frame before. "
        "On its way the flow was wrong by over 1 px in all 11 frames. No test fired there. "
        "What pulls at it now: style 60 %, content 30 %, the temporal term 10 %."
    )


@pytest.mark.parametrize(
    ("report", "said", "unsaid"),
    [
        (report_of(1), "carried for 1 frame, since frame 13.", "On its way"),
        (report_of(14), "carried for 14 frames, since the first frame.", "anew"),
        (
            report_of(0, verdict=Verdict.DISOCCLUDED, trust=0.0),
            "was painted anew in this frame: the disocclusion test says that it was hidden",
            "carried for",
        ),
        (report_of(3, unnoticed_errors=1), "in 1 of 3 frames. No test fired there.", "all"),
        (report_of(2), "by over 1 px in both frames.", "all"),
        (report_of(3, unnoticed_errors=0), "no flow that was wrong by over 1 px went", " in 0 "),
        (report_of(3, unnoticed_hidden=2), "nearer that hid it in 2 of 3 frames.", "in 0"),
        (report_of(3, flow_error=0.02), "right to within 0.1 px, and it is trusted", "wrong by 0"),
        (report_of(3, trust=0.999, verdict=Verdict.NEIGHBOUR), "c = 0.99.", "c = 1"),
        (
            report_of(2, true_verdict=TrueVerdict.HIDDEN),
            "nearer hid it in the frame before, and no test noticed: c = 1. What was carried",
            "yet",
        ),
        (
            report_of(3, true_verdict=None, unnoticed_errors=None, flow_error=None),
            "Whether the flow is right is not known",
            "In truth",
        ),
        (
            report_of(0, verdict=Verdict.FIRST_FRAME, true_verdict=None),
            "This is the first frame: nothing was carried into it",
            "flow",
        ),
        (report_of(0, verdict=Verdict.CUT, true_verdict=None), "A new shot begins", "flow"),
        (report_of(0, verdict=Verdict.APART), "every frame was painted by itself", "flow"),
    ],
)
def test_words_fit_their_numbers(report, said, unsaid):
    words = explain(report)
    assert said in words
    assert unsaid not in words
    assert "  " not in words and ".." not in words
    assert "1 frames" not in words.replace("11 frames", "")


def test_every_kind_of_report_can_be_told():
    for verdict in Verdict:
        for true in [*TrueVerdict, None]:
            for age in (0, 1, 2):
                words = explain(report_of(age, verdict=verdict, true_verdict=true))
                assert words.endswith("%.")
                assert "None" not in words and "Verdict" not in words
