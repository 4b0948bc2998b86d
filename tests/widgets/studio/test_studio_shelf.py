"""What the studio keeps: results that last, transfers that go on, and two results side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from shallow import IN_PYTHON, make_shallow

from stylekit.errors import MediaError, SettingsError
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image, save_image
from stylekit.samples import MaterialKind, materials
from stylekit.settings import MediaLimits, Weights
from stylekit.widgets.studio import shelf as shelves
from stylekit.widgets.studio import transfer
from stylekit.widgets.studio.mask_slot import read_mask
from stylekit.widgets.studio.shelf import Shelf, State, request_of
from stylekit.widgets.studio.slots import read_picture, read_source
from stylekit.widgets.studio.studio import Stage, Studio

pytestmark = pytest.mark.slow

SECONDS = 60.0
PHOTOGRAPHS, CLIPS, STYLES = (
    materials(kind) for kind in (MaterialKind.PHOTOGRAPH, MaterialKind.CLIP, MaterialKind.STYLE)
)
LIMITS = MediaLimits()
# A studio in a process of its own, which paints slowly until it is killed.
PAINTS = (
    IN_PYTHON
    + """
import time
from stylekit.image.stylization import Stylization
from stylekit.widgets.studio import studio as module

module._STORE_SECONDS = 0.0
quick = Stylization.step
Stylization.step = lambda *given: (time.sleep(0.05), quick(*given))[1]
made = module.Studio(sizes=(64,), steps=(500,), backbone="vgg16")
made.setup.content.choose({content!r})
made.setup.style.choose("swirls")
made.setup.frames.value = 4
made.transfer()
print(made.current.folder, flush=True)
made.player.wait(1000.0)
"""
)


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    make_shallow(monkeypatch)
    monkeypatch.setattr(transfer.Network, "prepare", lambda _network, _request: None)


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio(sizes=(64,), steps=(4,), backbone="vgg16")
    yield made
    made.close()


def paint(studio: Studio, content: str, style: str = "swirls", *, frames: int = 2) -> None:
    """A whole transfer."""
    studio.setup.content.choose(content)
    studio.setup.style.choose(style)
    studio.setup.frames.value = frames
    studio.transfer()
    finish(studio)


def finish(studio: Studio) -> None:
    studio.player.wait(SECONDS)
    for thread in threading.enumerate():
        if thread.name == "stylekit-finish":
            thread.join(SECONDS)
    assert studio.alerts.widget.value == ""
    assert studio.player.alerts.widget.value == ""


def a_request(**changed: object) -> transfer.Request:
    return transfer.Request(
        **{
            "content": read_picture(PHOTOGRAPHS["chelsea"], LIMITS),
            "style": read_picture(STYLES["swirls"], LIMITS),
            "size": 64,
            "steps": 4,
            "frames": 1,
            "backbone": "vgg16",
            "limits": LIMITS,
            **changed,
        }
    )


def test_results_last_and_a_new_studio_shows_them_the_newest_first(
    studio: Studio, kept_in: Path
) -> None:
    paint(studio, "chelsea")
    paint_again = studio.start_over
    paint_again()
    paint(studio, "orbit")
    studio.close()
    other = Studio(sizes=(64,), steps=(4,), backbone="vgg16")
    clip, picture = other.kept.records
    assert (clip.is_clip, picture.is_clip) == (True, False)
    assert clip.label == "orbit – swirls ▶" and picture.label == "chelsea – swirls"
    assert str(kept_in) in other.kept.note.value and other.kept.layout.display is None
    other.kept.strip._receive({"type": "pick", "index": 1}, [])
    assert other.stage is Stage.RESULT
    assert [button.path.suffix for button in other.results.downloads.children] == [".png", ".json"]
    assert "Weights(" in other.results.facts.value
    other.kept.strip._receive({"type": "pick", "index": 0}, [])
    endings = [button.path.suffix for button in other.results.downloads.children]
    assert endings == [".mp4", ".mp4", ".json"]
    assert other.go_on.layout.display == "none"
    other.close()


def test_a_shelf_with_nothing_on_it_is_not_shown(studio: Studio) -> None:
    assert studio.kept.layout.display == "none" and studio.kept.records == []


def test_a_result_is_deleted_at_the_second_press(studio: Studio) -> None:
    paint(studio, "chelsea")
    folder = studio.results.record.folder
    studio.delete.press()
    assert folder.is_dir() and studio.delete.text == "Delete for good"
    studio.delete.press()
    assert not folder.exists() and studio.stage is Stage.SETUP and studio.kept.records == []


def test_a_clip_may_be_deleted_while_its_comparison_is_written(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = transfer.Transfer.compare

    def deleted(job: transfer.Transfer, outcome: transfer.TransferResult) -> Path:
        studio.delete.press()
        studio.delete.press()
        return compare(job, outcome)

    monkeypatch.setattr(transfer.Transfer, "compare", deleted)
    paint(studio, "orbit")
    assert studio.stage is Stage.SETUP and studio.kept.records == []


def test_a_finished_picture_goes_on_as_a_new_transfer_under_its_weights(studio: Studio) -> None:
    studio.panel.set(Weights(beta=5e4))
    paint(studio, "chelsea")
    first = studio.results.record
    before = load_image(first.output)
    studio.panel.reset()
    studio.go_on.press()
    assert studio.panel.current().beta == 5e4
    finish(studio)
    second = studio.results.record
    assert second.folder != first.folder and first.output.is_file()
    np.testing.assert_array_equal(load_image(first.output), before)
    sidecar = json.loads(Path(f"{second.output}.json").read_text(encoding="utf-8"))
    assert sidecar["weights"]["beta"] == 5e4
    # It began with the first result, not with the photograph.
    start = load_image(PHOTOGRAPHS["chelsea"], size=64)
    after = load_image(second.output)
    assert np.abs(after - before).mean() < np.abs(after - start).mean() / 2


def test_two_results_of_a_content_are_compared(studio: Studio) -> None:
    paint(studio, "chelsea", "mosaic")
    studio.start_over()
    paint(studio, "coffee", "mosaic")
    studio.start_over()
    paint(studio, "chelsea", "swirls")
    results = studio.results
    assert results.rival.options[0] == "the content" and len(results.rival.options) == 2
    assert results.rival.options[1].startswith("mosaic, 20")
    assert (results.split._name_before, results.split._name_after) == ("before", "after")
    plain = results.split._before
    results.rival.index = 1
    assert results.split._before != plain and results.split._name_before == "the other"
    results.rival.index = 0
    assert results.split._before == plain and results.split._name_before == "before"


@pytest.mark.parametrize("content", ["chelsea", "orbit"])
def test_a_transfer_whose_process_was_killed_goes_on(content: str, kept_in: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PAINTS.replace("{content!r}", repr(content))],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "STYLEKIT_FOLDER": str(kept_in)},
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        stored = folder / ("run/frames/000000.png" if content == "orbit" else "so-far.png")
        end = time.monotonic() + SECONDS
        while not stored.exists() and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        # While it is painted, no other studio offers it or takes it.
        shelf = Shelf(kept_in)
        assert shelf.records() == []
        with pytest.raises(MediaError, match="painted in another page"):
            shelf.resume(folder)
        with pytest.raises(MediaError, match="painted in another page"):
            shelf.delete(folder)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert stored.exists()
    studio = Studio(sizes=(64,), steps=(4,), backbone="vgg16")
    (record,) = studio.kept.records
    assert record.folder == folder and record.state is State.PAINTING
    assert record.label.endswith("(not finished)")
    studio.open_record(record)
    assert studio.results.unfinished.serial == 1 and studio.results.downloads.children == ()
    if content == "chelsea":
        # Otherwise it would take the five hundred steps that were asked for.
        studio.player.on_step(lambda step: step.step_index == 1 and studio.cancel.press())
    studio.go_on.press()
    finish(studio)
    record = studio.results.record
    assert record.folder == folder and record.output is not None
    if content == "orbit":
        assert record.state is State.DONE and len(read_clip(record.output)) == 4
    assert not (folder / "so-far.png").exists()
    studio.close()


def test_cancelling_before_a_step_loses_nothing_of_what_was_stored(
    studio: Studio, kept_in: Path
) -> None:
    shelf = Shelf(kept_in)
    request = a_request()
    folder = shelf.begin(request, Weights())
    shelf.remember(folder, request.load(request.content), Weights())
    shelf.release(folder)
    (record,) = studio.shelf.records()
    studio.player.on_state(lambda _state: studio.cancel.press())
    studio.continue_record(record)
    finish(studio)
    assert studio.stage is Stage.SETUP
    assert (folder / "so-far.png").is_file()
    assert [each.folder for each in studio.shelf.records()] == [folder]


def test_a_request_is_kept_with_all_its_files_and_fields(kept_in: Path, tmp_path: Path) -> None:
    mask = np.zeros((300, 451, 3), np.float32)
    mask[:, 200:] = 1.0
    save_image(mask, tmp_path / "chelsea.jpg", provenance=None)
    masks = read_mask(tmp_path / "chelsea.jpg", LIMITS)
    request = a_request(
        more_styles=(read_picture(STYLES["mosaic"], LIMITS),),
        style_weights=(2.0, 1.0),
        regions=(masks, masks),
        keep=masks,
    )
    shelf = Shelf(kept_in)
    folder = shelf.begin(request, Weights(beta=5.0))
    shelf.release(folder)
    (tmp_path / "chelsea.jpg").unlink()
    (record,) = shelf.records()
    again = request_of(record, LIMITS)
    assert record.weights == Weights(beta=5.0)
    for name in ("size", "steps", "frames", "backbone", "offsets", "passes", "loop", "words"):
        assert getattr(again, name) == getattr(request, name)
    assert again.style_weights == (2.0, 1.0)
    assert [style.name for style in again.styles] == ["swirls", "mosaic"]
    assert len(again.regions) == 2 and again.keep is not None
    assert again.content.path.is_relative_to(folder)


def test_a_clip_is_kept_with_its_own_settings(kept_in: Path) -> None:
    clip = read_source(CLIPS["orbit"], LIMITS)
    request = a_request(content=clip, frames=3, offsets=(1, 2), passes=2, loop=True)
    shelf = Shelf(kept_in)
    shelf.release(shelf.begin(request, Weights()))
    again = request_of(shelf.records()[0], LIMITS)
    assert (again.frames, again.offsets, again.passes, again.loop) == (3, (1, 2), 2, True)
    assert again.content.is_clip


def test_what_is_no_transfer_is_left_alone(kept_in: Path) -> None:
    shelf = Shelf(kept_in)
    folder = shelf.begin(a_request(), Weights())
    shelf.release(folder)
    (kept_in / "holiday.txt").write_text("mine", encoding="utf-8")
    (kept_in / "photographs").mkdir()
    (kept_in / "broken").mkdir()
    (kept_in / "broken" / "transfer.json").write_text("{", encoding="utf-8")
    (kept_in / "newer").mkdir()
    (kept_in / "newer" / "transfer.json").write_text('{"format": 99}', encoding="utf-8")
    assert [record.folder for record in shelf.records()] == [folder]
    assert (kept_in / "holiday.txt").read_text(encoding="utf-8") == "mine"


def test_a_record_leads_to_no_file_elsewhere(kept_in: Path, tmp_path: Path) -> None:
    shelf = Shelf(kept_in)
    folder = shelf.begin(a_request(), Weights())
    shelf.release(folder)
    (tmp_path / "secret.png").write_bytes(b"secret")
    for name in ("../../secret.png", str(tmp_path / "secret.png"), "..\\..\\secret.png"):
        data = json.loads((folder / "transfer.json").read_text(encoding="utf-8"))
        data |= {"output": name, "before": name, "comparison": name}
        (folder / "transfer.json").write_text(json.dumps(data), encoding="utf-8")
        record = shelf.records()[0]
        assert (record.output, record.before, record.comparison) == (None, None, None)


def test_files_that_are_gone_are_told(studio: Studio, kept_in: Path) -> None:
    shelf = Shelf(kept_in)
    folder = shelf.begin(a_request(), Weights())
    shelf.release(folder)
    (record,) = shelf.records()
    for path in (folder / "made-from").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(MediaError, match="choose the files again"):
        studio.continue_record(record)
    assert studio.stage is Stage.SETUP
    (folder / "thumbnail.png").unlink()
    studio.kept.refresh()
    assert studio.kept.records == []


def test_a_folder_that_cannot_be_written_is_told_before_painting(
    studio: Studio, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    monkeypatch.setattr(shelves.shutil, "copyfile", full)
    with pytest.raises(MediaError, match="No space left"):
        studio.transfer()
    assert studio.stage is Stage.SETUP and list(kept_in.iterdir()) == []
    file = kept_in / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(MediaError, match="is a file"):
        Studio(sizes=(64,), steps=(4,), backbone="vgg16", folder=file)


def test_a_disk_that_is_nearly_full_is_told_before_painting(
    studio: Studio, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    few = shelves.shutil.disk_usage(kept_in)._replace(free=shelves.KEPT_FREE_BYTES - 1)
    monkeypatch.setattr(shelves.shutil, "disk_usage", lambda _folder: few)
    with pytest.raises(MediaError, match=r"^kept: the disk is nearly full; free some space, or"):
        studio.transfer()
    assert studio.stage is Stage.SETUP and list(kept_in.iterdir()) == []


def test_no_second_transfer_is_taken_up_while_one_runs(studio: Studio, kept_in: Path) -> None:
    shelf = Shelf(kept_in)
    shelf.release(shelf.begin(a_request(), Weights()))
    (record,) = studio.shelf.records()
    studio.stage = Stage.WORK
    with pytest.raises(SettingsError, match="no other transfer"):
        studio.continue_record(record)
    studio.stage = Stage.SETUP


def test_transfers_of_one_second_have_folders_of_their_own(kept_in: Path) -> None:
    shelf = Shelf(kept_in)
    folders = {shelf.begin(a_request(), Weights()) for _ in range(3)}
    assert len(folders) == 3
    for folder in folders:
        shelf.release(folder)
