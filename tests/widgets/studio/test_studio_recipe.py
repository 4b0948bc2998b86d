"""A transfer as a command, as Python, and as a link: each makes what the page makes."""

from __future__ import annotations

import shlex
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow

import stylekit as sk
from stylekit.app.cli import main
from stylekit.samples import MaterialKind, materials
from stylekit.settings import Weights
from stylekit.widgets.studio import transfer
from stylekit.widgets.studio.recipe import Recipe, read_fragment, read_weights
from stylekit.widgets.studio.studio import Stage, Studio

pytestmark = pytest.mark.slow

PHOTOGRAPHS, CLIPS, STYLES = (
    materials(kind) for kind in (MaterialKind.PHOTOGRAPH, MaterialKind.CLIP, MaterialKind.STYLE)
)
SECONDS = 60.0


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    make_shallow(monkeypatch)
    monkeypatch.setattr(transfer.Network, "prepare", lambda _network, _request: None)


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio(sizes=(64, 128), steps=(4, 8), backbone="vgg16")
    yield made
    made.close()


def picture(**changed: object) -> Recipe:
    usual: dict[str, object] = {
        "content": PHOTOGRAPHS["chelsea"],
        "styles": (STYLES["swirls"],),
        "size": 64,
        "steps": 4,
        "weights": Weights(),
    }
    return Recipe(**{**usual, **changed})  # type: ignore[arg-type]


def test_a_command_and_python_paint_what_the_page_paints(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.setup.content.choose("chelsea")
    studio.setup.style.choose("swirls")
    studio.panel.set(Weights(beta=3e4, edges=0.1))
    studio.setup.size.index = studio.setup.quality.index = 0
    before = studio.recipe.lines
    studio.transfer()
    studio.player.wait(SECONDS)
    for thread in threading.enumerate():
        if thread.name == "stylekit-finish":
            thread.join(SECONDS)
    assert studio.results.record is not None and studio.results.record.output is not None
    # From what is kept the same lines come as from the page.
    assert studio.results.recipe.lines == before
    painted = sk.load(studio.results.record.output)
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(before["as a command"])[1:]) == 0
    np.testing.assert_array_equal(sk.load("chelsea-swirls.png"), painted)
    by_python = eval(before["as Python"], {"sk": sk})
    np.testing.assert_allclose(by_python, painted, atol=0.5 / 255 + 1e-6)


def test_weights_that_are_the_usual_ones_are_no_options() -> None:
    plain = "stylekit image chelsea swirls -o chelsea-swirls.png --size 64 --steps 4"
    assert picture().command == plain
    weights = Weights(alpha=2, beta=3e4, gamma=7, layers=(1, 0.5))
    assert picture(weights=weights).command == (
        f"{plain} --alpha 2 --beta 3e4 --layer-weights 1,0.5"
    )


def test_a_clip_has_its_own_options() -> None:
    clip = picture(
        content=CLIPS["drift"],
        weights=Weights(gamma=0),
        frames=5,
        offsets=(1, 2),
        passes=2,
        loop=True,
    )
    assert clip.command == (
        "stylekit video drift swirls -o drift-swirls.mp4 --size 64 --steps 4 --frames 5 "
        "--frame-steps 4 --offsets 1,2 --passes 2 --loop --gamma 0"
    )
    assert "sk.media.read_clip('drift', size=64, frames=5)" in clip.python
    assert clip.python.endswith("frame_steps=4, offsets=(1, 2), passes=2, loop=True))")
    assert "content=drift&" in clip.fragment and "frames=5" in clip.fragment


def test_files_of_a_user_are_quoted_and_not_in_the_link(tmp_path: Path) -> None:
    own = tmp_path / "my cat; it's.jpg"
    shutil.copy(PHOTOGRAPHS["chelsea"], own)
    mask = tmp_path / "m.png"
    recipe = picture(
        content=own,
        styles=(STYLES["swirls"], STYLES["ink"]),
        style_weights=(2, 1),
        keep=mask,
        regions=(mask, mask),
    )
    words = shlex.split(recipe.command)
    assert words[2:5] == ["my cat; it's.jpg", "swirls", "ink"]
    assert words[-7:] == [
        "--style-weights",
        "2,1",
        "--regions",
        "m.png",
        "m.png",
        "--keep",
        "m.png",
    ]
    assert str(tmp_path) not in recipe.command + recipe.python
    assert "content" not in read_fragment(recipe.fragment)
    assert read_fragment(recipe.fragment)["style"] == "swirls"


def test_another_picture_of_the_name_of_a_built_in_one_is_not_taken_for_it(tmp_path: Path) -> None:
    copy, other = tmp_path / "chelsea.jpg", tmp_path / "other" / "chelsea.jpg"
    shutil.copy(PHOTOGRAPHS["chelsea"], copy)
    other.parent.mkdir()
    shutil.copy(PHOTOGRAPHS["coffee"], other)
    assert picture(content=copy).names[0] == "chelsea"
    assert picture(content=other).names[0] == "chelsea.jpg"


def test_a_link_comes_back(studio: Studio) -> None:
    weights = Weights(alpha=0, beta=3e4, gamma=20, edges=0.1, tv=1e-3)
    clip = picture(content=CLIPS["drift"], size=128, steps=8, weights=weights, frames=7)
    studio.open_link(clip.fragment)
    request = studio.setup.request()
    assert request is not None and request.recipe(studio.panel.current()) == clip
    assert studio._link_line.value == ""


@pytest.mark.parametrize(
    ("fragment", "left"),
    [
        ("beta=1e99", "beta"),
        ("beta=-1", "beta"),
        ("beta=nan", "beta"),
        ("beta=inf", "beta"),
        ("beta=", "beta"),
        ("size=65", "size"),
        ("steps=4.0", "steps"),
        ("frames=3", "frames"),
        ("content=/etc/passwd", "content"),
        ("content=../../x", "content"),
        ("style=chelsea", "style"),
        ("token=abc", "token"),
        ("<b>=1", "&lt;b&gt;"),
        ("x" * 3000 + "=1", "all of it"),
        ("&".join(f"a{n}=1" for n in range(100)), "all of it"),
        ("%ff%fe=1", ""),
        ("layers=1", "layers"),
    ],
)
def test_what_a_page_does_not_offer_is_left_out_with_one_line(
    studio: Studio, fragment: str, left: str
) -> None:
    studio.open_link(f"{fragment}&alpha=2" if len(fragment) < 300 else fragment)
    assert left in studio._link_line.value and studio._link_line.value.count("<p") == 1
    assert studio.panel.current() == Weights(alpha=2.0 if len(fragment) < 300 else 1.0)
    assert studio.setup.content.source is None and studio.alerts.widget.value == ""
    assert (studio.setup.size.index, studio.setup.quality.index) == (1, 1)


def test_a_link_starts_nothing_and_changes_nothing_while_something_is_painted(
    studio: Studio,
) -> None:
    studio.open_link(picture().fragment)
    assert studio.stage is Stage.SETUP and studio.current is None
    studio.stage = Stage.WORK
    studio.open_link("beta=2e4")
    assert studio.panel.current() == Weights()


def test_a_weight_is_read_as_far_as_its_slider_goes() -> None:
    weights, left = read_weights({"beta": "10", "tv": "0", "alpha": "1e-4"}, Weights())
    assert (weights, left) == (Weights(beta=10, tv=0), ["alpha"])
