"""Every output says that AI edited it, how and from which files, and reveals nothing else."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
import pytest

from stylekit.arrays import from_bytes
from stylekit.errors import MediaError
from stylekit.media.images import PICTURE_SUFFIXES, save_image
from stylekit.media.provenance import (
    Provenance,
    SourceFile,
    comment,
    describe_source,
    read_sidecar,
    sidecar_path,
    write_sidecar,
    xmp_packet,
)
from stylekit.settings import ImageSettings, Weights

PIXELS = make.smooth_picture()
PICTURE = PIL.Image.fromarray(PIXELS)

DC = "{http://purl.org/dc/elements/1.1/}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
LI = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"

# From IPTC's list of digital source types: written out here, so that a slip there is seen.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

NASTY = 'Zoë "Z" <b> & O\'Søn ]]> ж 猫 🎨'

CONTENT = SourceFile(
    name=f"{NASTY}.jpg",
    sha256="c" * 64,
    date="2021-06-01T12:30:00+02:00",
    author=NASTY,
    copyright=f"© {NASTY}",
    description=f"About {NASTY}",
)
STYLE = SourceFile(name="style.jpg", sha256="5" * 64, author="the painter")
PROVENANCE = Provenance(
    settings=ImageSettings().to_json(),
    weights=Weights(alpha=2.0),
    backbone="vgg16 (embedded)",
    content=CONTENT,
    style=STYLE,
)


def packet_of(path: Path) -> bytes:
    with PIL.Image.open(path) as picture:
        return picture.info["xmp"]


def parsed(packet: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(packet.decode())


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_every_format_says_that_ai_edited_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), path, provenance=PROVENANCE)
    assert packet_of(path) == xmp_packet(PROVENANCE)
    assert parsed(packet_of(path)).find(f".//{IPTC}DigitalSourceType").text == SOURCE_TYPE
    first = path.read_bytes()
    save_image(from_bytes(PIXELS), path, provenance=PROVENANCE)
    assert path.read_bytes() == first


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_without_provenance_nothing_is_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), path, provenance=None)
    assert b"iptc.org" not in path.read_bytes()


def test_the_packet_of_a_png_stands_where_readers_look(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    save_image(from_bytes(PIXELS), path, provenance=PROVENANCE)
    # Adobe's XMP specification, part 3: no compression, no language, and before the pixels.
    data = path.read_bytes()
    place = data.index(b"iTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00")
    assert place < data.index(b"IDAT")


def test_the_packet_carries_names_and_rights_unharmed() -> None:
    root = parsed(xmp_packet(PROVENANCE))
    for name in ("creator", "rights", "description"):
        assert len(root.findall(f".//{DC}{name}//{LI}")) == 1
    assert root.find(f".//{DC}creator//{LI}").text == NASTY
    assert root.find(f".//{DC}rights//{LI}").text == f"© {NASTY}"
    assert root.find(f".//{DC}description//{LI}").text == f"About {NASTY}"
    assert root.find(f".//{PHOTOSHOP}DateCreated").text == "2021-06-01T12:30:00+02:00"
    assert root.find(f".//{PHOTOSHOP}Instructions").text == comment(PROVENANCE)
    assert "vgg16 (embedded)" in root.find(f".//{IPTC}AISystemVersionUsed").text


def test_the_packet_leaves_out_what_is_not_known() -> None:
    bare = SourceFile(name="a.jpg", sha256="0" * 64, date="some day in May")
    root = parsed(xmp_packet(dataclasses.replace(PROVENANCE, content=bare)))
    assert root.find(f".//{DC}creator") is None
    assert root.find(f".//{DC}rights") is None
    # XMP has room for dates in ISO 8601 only.
    assert root.find(f".//{PHOTOSHOP}DateCreated") is None


def test_the_longest_metadata_still_fits_into_a_jpeg(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(make.encoded(PICTURE, "PNG"))
    long = dict.fromkeys(("author", "copyright", "description"), "ж" * 1_000_000)
    content = describe_source(tmp_path / "in.png", tags=long)
    save_image(
        from_bytes(PIXELS),
        tmp_path / "out.jpg",
        provenance=dataclasses.replace(PROVENANCE, content=content),
    )
    assert SOURCE_TYPE.encode() in packet_of(tmp_path / "out.jpg")


def test_the_comment_is_one_line_with_all_that_counts() -> None:
    line = comment(PROVENANCE)
    assert "\n" not in line
    for word in ("AI", "stylekit", CONTENT.name, CONTENT.sha256, STYLE.sha256, SOURCE_TYPE):
        assert word in line


# The sidecar


def test_the_sidecar_holds_everything_and_reads_back(tmp_path: Path) -> None:
    output = tmp_path / f"{NASTY.replace('/', '')}.png"
    path = write_sidecar(output, PROVENANCE, {"seconds": 1.5, "size": [48, 32]})
    assert path == sidecar_path(output) == tmp_path / f"{output.name}.json"
    record = read_sidecar(output)
    assert record["digital_source_type"] == SOURCE_TYPE
    assert record["settings"] == ImageSettings().to_json()
    assert record["weights"] == {"alpha": 2.0, "beta": 1e4, "gamma": 4e2, "edges": 0.6, "tv": 0.025}
    assert SourceFile(**record["content"]) == CONTENT
    assert SourceFile(**record["style"]) == STYLE
    assert record["output"] == output.name
    assert (record["seconds"], record["size"]) == (1.5, [48, 32])
    # For people's eyes too: letters stay letters, keys are in order.
    text = path.read_text(encoding="utf-8")
    assert "ж 猫" in text
    assert list(record) == sorted(record)


def test_the_sidecar_is_the_same_each_time_and_leaves_nothing_else(tmp_path: Path) -> None:
    first = write_sidecar(tmp_path / "a.png", PROVENANCE).read_bytes()
    assert write_sidecar(tmp_path / "a.png", PROVENANCE).read_bytes() == first
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png.json"]


def test_the_sidecar_refuses_what_would_make_it_lie(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="weights"):
        write_sidecar(tmp_path / "a.png", PROVENANCE, {"weights": {}})
    with pytest.raises(ValueError, match="JSON"):
        write_sidecar(tmp_path / "a.png", PROVENANCE, {"loss": np.nan})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "no such file"), ('{"version": ', "not readable JSON"), ("[1]", "not a sidecar")],
)
def test_a_sidecar_that_cannot_be_read(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "a.png.json").write_text(text)
    with pytest.raises(MediaError, match=rf"^a\.png\.json: .*{words}"):
        read_sidecar(tmp_path / "a.png")


def test_a_name_in_broken_letters_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "bad\udcff name.png"
    try:
        path.write_bytes(make.encoded(PICTURE, "PNG"))
    except (OSError, UnicodeError):
        pytest.skip("this system has no names that are not Unicode")
    provenance = dataclasses.replace(PROVENANCE, content=describe_source(path))
    save_image(from_bytes(PIXELS), tmp_path / "out.png", provenance=provenance)
    write_sidecar(path, provenance)
    assert json.loads(sidecar_path(path).read_text(encoding="utf-8"))["output"] == "bad? name.png"
