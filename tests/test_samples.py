"""Built-in material is found by looking, and a user's word becomes a file or a clear message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stylekit import samples as module
from stylekit.errors import MediaError
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.media.presets import load_preset
from stylekit.samples import MaterialKind, data_folder, find_material, materials


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of our own, and an empty working folder."""
    data, here = tmp_path / "data", tmp_path / "here"
    for path in (
        "photographs/Zebra.jpg",
        "photographs/apple.png",
        "photographs/notes.txt",
        "styles/apple.jpg",
        "clips/river.mp4",
    ):
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_bytes(b"x")
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(module, "data_folder", lambda: data)
    return data


def test_material_is_found_by_looking(own_data: Path) -> None:
    assert list(materials(MaterialKind.PHOTOGRAPH)) == ["Zebra", "apple"]
    assert materials(MaterialKind.CLIP) == {"river": own_data / "clips" / "river.mp4"}
    (own_data / "clips" / "brook.mp4").write_bytes(b"x")
    assert list(materials(MaterialKind.CLIP)) == ["brook", "river"]


def test_no_folder_is_no_material(own_data: Path) -> None:
    (own_data / "clips" / "river.mp4").unlink()
    (own_data / "clips").rmdir()
    assert materials(MaterialKind.CLIP) == {}


def test_names_are_found_without_regard_to_case(own_data: Path) -> None:
    assert find_material("zebra") == own_data / "photographs" / "Zebra.jpg"
    assert find_material("RIVER", MaterialKind.CLIP) == own_data / "clips" / "river.mp4"


def test_the_first_kind_wins_a_shared_name(own_data: Path) -> None:
    style_first = (MaterialKind.STYLE, MaterialKind.PHOTOGRAPH)
    assert find_material("apple", style_first) == own_data / "styles" / "apple.jpg"
    assert find_material("apple", style_first[::-1]) == own_data / "photographs" / "apple.png"


def test_an_existing_file_wins_over_a_name(own_data: Path) -> None:
    Path("apple").write_bytes(b"mine")
    assert find_material("apple").read_bytes() == b"mine"


def test_a_folder_does_not_hide_a_name(own_data: Path) -> None:
    Path("apple").mkdir()
    assert find_material("apple", MaterialKind.STYLE) == own_data / "styles" / "apple.jpg"
    Path("pictures").mkdir()
    with pytest.raises(MediaError, match=r"^pictures: is a folder"):
        find_material("pictures")


@pytest.mark.parametrize("word", ["pear", "", "a name\0with a null", "p" * 5000])
def test_an_unknown_name_is_told_what_there_is(own_data: Path, word: str) -> None:
    with pytest.raises(MediaError) as caught:
        find_material(word, (MaterialKind.PHOTOGRAPH, MaterialKind.CLIP))
    message = str(caught.value)
    assert "apple, river, zebra" in message
    if word:
        assert message.startswith(f"{word}: ")


@pytest.mark.parametrize(
    ("word", "meant"), [("aple", "apple"), ("Zebbra", "zebra"), ("rivver", "river"), ("pear", "")]
)
def test_a_name_that_is_nearly_one_is_asked_for(own_data: Path, word: str, meant: str) -> None:
    with pytest.raises(MediaError) as caught:
        find_material(word)
    message = str(caught.value)
    assert message.endswith(f"; did you mean {meant}?") == bool(meant)
    assert ("did you mean" in message) == bool(meant)


@pytest.mark.parametrize(
    ("word", "kinds", "said"),
    [
        ("River", MaterialKind.PHOTOGRAPH, "as a photograph: it is the name of a clip; there are"),
        (
            "zebra",
            (MaterialKind.STYLE, MaterialKind.CLIP),
            "as a style or clip: it is the name of a photograph; there are apple, river",
        ),
    ],
)
def test_a_name_of_another_kind_is_said_to_be_one(
    own_data: Path, word: str, kinds: MaterialKind, said: str
) -> None:
    with pytest.raises(MediaError, match=rf"^{word}: neither a file nor built in {said}"):
        find_material(word, kinds)


@pytest.mark.parametrize("word", ["pear.jpg", "no/pear", "~nobody-at-all/pear", Path("pear")])
def test_a_missing_path_is_called_a_missing_file(own_data: Path, word: str | Path) -> None:
    with pytest.raises(MediaError, match=r"^pear(\.jpg)?: no such file"):
        find_material(word)


def test_the_built_in_material_is_there() -> None:
    assert {"astronaut", "chelsea", "coffee", "rocket"} <= set(materials(MaterialKind.PHOTOGRAPH))
    assert len(materials(MaterialKind.CLIP)) >= 3


def test_every_built_in_file_is_documented_and_data_is_small() -> None:
    table = (data_folder() / "README.md").read_text(encoding="utf-8")
    for kind in (MaterialKind.PHOTOGRAPH, MaterialKind.CLIP):
        for path in materials(kind).values():
            assert f"`{path.name}`" in table
    size = sum(path.stat().st_size for path in data_folder().rglob("*") if path.is_file())
    assert size < 6e6


def test_names_are_unique_among_all_kinds() -> None:
    names = [name.lower() for kind in MaterialKind for name in materials(kind)]
    assert len(names) == len(set(names))


def test_looking_up_material_needs_nothing_heavy() -> None:
    code = (
        "import stylekit.samples, sys; "
        "print({'numpy', 'cv2', 'av', 'PIL', 'tensorflow'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("https://example.org/a/cat.jpg?size=2", "is an address.*save it as a file first"),
        ("HTTP://example.org/cat.jpg", "is an address.*save it as a file first"),
        ("s3://cats/cat.jpg", "is an address"),
        ("file:///home/me/cat.jpg", "is an address"),
        ("data:image/png;base64,iVBOR", "is an address"),
        ("frames/%04d.png", "numbered pictures; give the name of one.*stylekit video"),
        ("%d.png", "numbered pictures"),
        ("frames/*.png", "there is no file of that name.*for a clip its folder"),
        ("frames/000?.png", "there is no file of that name"),
        ("pictures", "is a folder; give the name of a file in it.*stylekit video"),
    ],
)
def test_what_is_no_file_is_named(own_data: Path, word: str, advice: str) -> None:
    """By the commands, which also know built-in names, and where only files are read."""
    Path("pictures").mkdir()
    for read in (find_material, load_image, read_clip, load_preset):
        if read is read_clip and ("%" in word or word == "pictures"):
            continue  # a clip may be that
        if read is load_preset and word.startswith("frames/%"):
            continue
        with pytest.raises(MediaError, match=advice) as caught:
            read(word)
        assert "\n" not in str(caught.value)


def test_a_file_with_a_strange_name_is_a_file(own_data: Path) -> None:
    for name in ("100%d.png", "a*b?.png", "c:d.png"):
        Path(name).write_bytes(b"x")
        assert find_material(name) == Path(name)
    with pytest.raises(MediaError, match="no such file"):
        find_material("c:/cat.png")
