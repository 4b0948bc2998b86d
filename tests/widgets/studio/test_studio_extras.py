"""The studio's extras for pictures: more styles, weights and masks, without a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow

from stylekit.media.images import load_image, save_image
from stylekit.widgets.base.upload import UploadState
from stylekit.widgets.studio import transfer
from stylekit.widgets.studio.mask_slot import MaskSlot
from stylekit.widgets.studio.studio import Stage, Studio

pytestmark = pytest.mark.slow

SECONDS = 60.0
LEFT = np.zeros((30, 45), np.float32)
LEFT[:, :20] = 1


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    make_shallow(monkeypatch)
    monkeypatch.setattr(transfer.Network, "prepare", lambda _network, _request: None)


@pytest.fixture
def studio() -> Iterator[Studio]:
    """A studio in whose slots are chelsea, 451×300 pixels, and swirls."""
    made = Studio(sizes=(48,), steps=(2,), backbone="vgg16")
    made.setup.content.choose("chelsea")
    made.setup.style.choose("swirls")
    yield made
    made.close()


def send(slot: MaskSlot, folder: Path, name: str, values: np.ndarray | bytes) -> None:
    """Upload a mask as a page does, and wait until it was checked."""
    path = folder / name
    if isinstance(values, bytes):
        path.write_bytes(values)
    else:
        rgb = values if values.ndim == 3 else np.repeat(values[..., np.newaxis], 3, axis=2)
        save_image(rgb, path, provenance=None)
    data = path.read_bytes()
    begin = {"type": "begin", "token": name, "name": name, "size": len(data)}
    chunk = {"type": "chunk", "token": name, "offset": 0}
    slot.upload._handle_custom_msg(begin, [])
    slot.upload._handle_custom_msg(chunk, [memoryview(data)])
    join("stylekit-upload")


def join(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(SECONDS)


def paint(studio: Studio) -> dict:
    """Paint, and read the sidecar."""
    studio.setup.go.press()
    studio.player.wait(SECONDS)
    join("stylekit-finish")
    assert studio.stage is Stage.RESULT, studio.player.alerts.widget.value
    sidecar = studio.results.downloads.children[1].path
    return json.loads(sidecar.read_text(encoding="utf-8"))


def test_styles_weights_and_masks_are_used_and_named(studio: Studio, tmp_path: Path) -> None:
    extras = studio.setup.extras
    extras.add.press()
    assert studio.setup.go.words == "First choose a second style." and not studio.setup.go.enabled
    extras.more_slots[0].choose("glass")
    extras.sliders[0].value = 2.0
    assert [slider.words for slider in extras.sliders[:2]] == ["2 (67%)", "1 (33%)"]
    send(extras.masks[0], tmp_path, "left.png", LEFT)
    send(extras.masks[1], tmp_path, "right.png", 1 - LEFT)
    corner = np.zeros((30, 45), np.float32)
    corner[:15] = 1
    send(extras.keep, tmp_path, "corner.png", corner)
    assert extras.fold.text == "More for pictures: 2 styles, 3 masks"
    assert extras.sliders[0].words == "2"
    found = paint(studio)
    assert [style["name"] for style in found["styles"]] == ["swirls.jpg", "glass.jpg"]
    assert found["style_weights"] == [2.0, 1.0]
    assert [mask["name"] for mask in found["regions"]] == ["left.png", "right.png"]
    assert found["keep"]["name"] == "corner.png"
    for words in ("swirls 2, glass 1", "left.png, right.png", "corner.png"):
        assert words in studio.results.facts.value
    job = studio.current
    assert job is not None
    painted = load_image(job.folder / "chelsea-swirls-glass.png")
    content = job.request.load(job.request.content)
    # The first row is white in the mask at every size; the last one is black.
    np.testing.assert_allclose(painted[0], content[0], atol=0.5 / 255 + 1e-6)
    assert np.abs(painted[-1] - content[-1]).mean() > 0.02
    # Gone again, and nothing of it is left.
    studio.start_over()
    extras.remove.press()
    extras.masks[0].remove.press()
    extras.keep.remove.press()
    assert extras.fold.text == "More for pictures: several styles, masks"
    request = studio.setup.request()
    assert request is not None and request.style_weights == () and request.guidance().keep is None
    assert paint(studio)["style"]["name"] == "swirls.jpg"


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("square.png", LEFT[:, :30], "has 30×30 pixels, other proportions than the picture (451"),
        ("black.png", 0 * LEFT, "is black everywhere; paint white where the style should be"),
        ("page.png", b"<!DOCTYPE html><html>", "looks like a web page"),
    ],
)
def test_a_wrong_mask_stops_the_page_with_the_words_of_the_command_line(
    studio: Studio, tmp_path: Path, name: str, values: np.ndarray | bytes, words: str
) -> None:
    slot = studio.setup.extras.masks[0]
    send(slot, tmp_path, name, values)
    assert slot.upload.state is UploadState.REFUSED and slot.file is None
    assert slot.upload.words.startswith(f"{name}: {words}") and "\n" not in slot.upload.words
    assert not studio.setup.go.enabled and studio.setup.go.words == slot.upload.words
    assert studio.setup.request() is None
    slot.remove.press()
    assert studio.setup.go.enabled and slot.upload.state is UploadState.EMPTY


def test_a_missing_mask_and_weights_of_nothing_are_told(studio: Studio, tmp_path: Path) -> None:
    extras = studio.setup.extras
    send(extras.keep, tmp_path, "white.png", 0 * LEFT + 1)
    assert studio.setup.go.words.startswith("white.png: is white everywhere")
    extras.keep.remove.press()
    extras.add_style()
    extras.more_slots[0].choose("glass")
    send(extras.masks[1], tmp_path, "left.png", LEFT)
    assert studio.setup.go.words == "Masks: give one mask for each of the 2 styles, not 1"
    extras.masks[1].remove.press()
    for slider in extras.sliders:
        slider.value = 0
    assert studio.setup.go.words.startswith("Several styles: are all 0")
    assert not studio.setup.go.enabled


def test_a_mask_turns_red_and_green_with_the_content(studio: Studio, tmp_path: Path) -> None:
    slot = studio.setup.extras.keep
    red = np.zeros((30, 45, 3), np.float32)
    red[:, :20, 0] = 1
    send(slot, tmp_path, "red.png", red)
    assert slot.upload.words == (
        "red.png: mask, 45×30 pixels; only the luminance of its colours counts"
    )
    studio.setup.content.choose("astronaut")
    assert slot.upload.state is UploadState.REFUSED and not studio.setup.go.enabled
    studio.setup.content.choose("chelsea")
    assert slot.upload.state is UploadState.ACCEPTED and studio.setup.go.enabled
    assert slot.file is not None


def test_a_clip_is_painted_in_one_style_without_masks(studio: Studio, tmp_path: Path) -> None:
    extras = studio.setup.extras
    extras.add_style()
    send(extras.keep, tmp_path, "left.png", LEFT)
    studio.setup.content.choose("orbit")
    assert extras.fold.text == "More for pictures: 2 styles, 1 mask – not used for a clip"
    assert extras._body.layout.display == "none" and "A clip is painted" in extras._note.value
    request = studio.setup.request()
    assert request is not None and studio.setup.go.enabled
    assert request.styles == (request.style,) and request.keep is None


def test_there_are_at_most_three_styles(studio: Studio) -> None:
    extras = studio.setup.extras
    for _ in range(3):
        extras.add.press()
    assert [slot.title for slot in extras.more_slots] == ["Second style", "Third style"]
    assert not extras.add.enabled
    extras.more_slots[1].choose("glass")
    extras.remove.press()
    extras.add.press()
    assert extras.more_slots[1].source is None
