"""Date, author, copyright and description are copied from the input, and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import picture_files as make
import PIL.Image
import pytest
from PIL import ExifTags

from stylekit.arrays import from_bytes
from stylekit.errors import MediaError
from stylekit.media.images import PICTURE_SUFFIXES, save_image
from stylekit.media.provenance import Provenance, SourceFile, describe_source, write_sidecar
from stylekit.settings import Weights

PIXELS = make.smooth_picture()
PICTURE = PIL.Image.fromarray(PIXELS)

DC = "{http://purl.org/dc/elements/1.1/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
NASTY = 'Zoë "Z" <b> & O\'Søn ]]> ж 猫 🎨'

CONTENT = SourceFile(
    name="a.jpg",
    sha256="c" * 64,
    date="2021-06-01T12:30:00+02:00",
    author=NASTY,
    copyright=f"© {NASTY}",
    description=f"About {NASTY}",
)
PROVENANCE = Provenance(
    settings={}, weights=Weights(), backbone="vgg16", content=CONTENT, style=CONTENT
)


def exif_of_a_phone(author: str = NASTY) -> PIL.Image.Exif:
    exif = PIL.Image.Exif()
    exif[ExifTags.Base.Artist] = author.encode()
    exif[ExifTags.Base.Copyright] = b"(c) 2021"
    exif[ExifTags.Base.ImageDescription] = b"two\r\nlines\x00"
    exif[ExifTags.Base.Model] = "SecretPhone 5"
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    shot[ExifTags.Base.DateTimeOriginal] = "2021:06:01 12:30:00"
    shot[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.025)
    return exif


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_is_carried_over(tmp_path: Path, name: str) -> None:
    # Pillow writes no more than ASCII into a TIFF.
    author = "Ann" if name == "TIFF" else NASTY
    data = make.encoded(PICTURE, name, exif=exif_of_a_phone(author).tobytes())
    (tmp_path / "in").write_bytes(data)
    assert describe_source(tmp_path / "in") == SourceFile(
        name="in",
        sha256=hashlib.sha256(data).hexdigest(),
        date="2021-06-01T12:30:00+02:00",
        author=author,
        copyright="(c) 2021",
        description="two lines",
    )


def test_exif_of_heic_is_carried_over(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "in.heic"
    pillow_heif.from_pillow(PICTURE).save(path, exif=exif_of_a_phone().tobytes())
    source = describe_source(path)
    assert (source.author, source.date) == (NASTY, "2021-06-01T12:30:00+02:00")


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_position_and_device_never_reach_an_output(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "in.jpg").write_bytes(make.encoded(PICTURE, "JPEG", exif=exif_of_a_phone()))
    content = describe_source(tmp_path / "in.jpg")
    provenance = dataclasses.replace(PROVENANCE, content=content)
    out = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), out, provenance=provenance)
    written = out.read_bytes() + write_sidecar(out, provenance).read_bytes()
    for secret in (b"GPS", b"SecretPhone", b"12.025", str(tmp_path).encode()):
        assert secret not in written
    with PIL.Image.open(out) as picture:
        assert dict(picture.getexif()) == {}


def test_xmp_is_carried_over_in_all_its_spellings(tmp_path: Path) -> None:
    packet = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns:dc="{DC[1:-1]}" xmlns:photoshop="{PHOTOSHOP[1:-1]}"><rdf:Description
      photoshop:DateCreated="2020-02-29" dc:rights="plain">
    <dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>
    <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Tree &amp; sky</rdf:li>
      <rdf:li xml:lang="de">Baum</rdf:li></rdf:Alt></dc:description>
    </rdf:Description></rdf:RDF></x:xmpmeta>"""
    (tmp_path / "in.jpg").write_bytes(make.encoded(PICTURE, "JPEG", xmp=packet.encode()))
    source = describe_source(tmp_path / "in.jpg")
    assert (source.author, source.copyright) == ("Ann; Bo", "plain")
    assert (source.description, source.date) == ("Tree & sky", "2020-02-29")


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_our_own_outputs_carry_over_when_styled_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), path, provenance=PROVENANCE)
    again = describe_source(path)
    assert (again.author, again.copyright) == (CONTENT.author, CONTENT.copyright)
    assert (again.description, again.date) == (CONTENT.description, CONTENT.date)


def test_iptc_is_carried_over(tmp_path: Path) -> None:
    records = {55: [b"20210601"], 80: [b"Ann", "Bö".encode()], 116: [b"me"], 120: [b"A tree"]}
    data = make.jpeg_with(PICTURE, make.iptc_segment(records))
    (tmp_path / "in.jpg").write_bytes(data)
    source = describe_source(tmp_path / "in.jpg")
    assert (source.date, source.author) == ("2021-06-01", "Ann; Bö")
    assert (source.copyright, source.description) == ("me", "A tree")


@pytest.mark.parametrize("behind_the_pixels", [False, True])
def test_png_text_is_carried_over(tmp_path: Path, behind_the_pixels: bool) -> None:
    words = ("Author", "Copyright", "Description", "Creation Time", "Secret")
    text = b"".join(make.png_chunk(b"iTXt", f"{word}\0\0\0\0\0{word} ж".encode()) for word in words)
    data = make.encoded(PICTURE, "PNG")
    place = len(data) - 12 if behind_the_pixels else len(make.png_header(48, 32))
    (tmp_path / "in.png").write_bytes(data[:place] + text + data[place:])
    source = describe_source(tmp_path / "in.png")
    assert (source.author, source.copyright) == ("Author ж", "Copyright ж")
    assert (source.description, source.date) == ("Description ж", "Creation Time ж")


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("2021:06:01 12:30:00", "2021-06-01T12:30:00"),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2021-06-01", "2021-06-01"),
    ],
)
def test_dates(tmp_path: Path, stored: str, wanted: str | None) -> None:
    exif = PIL.Image.Exif()
    exif[ExifTags.Base.DateTime] = stored
    (tmp_path / "in.jpg").write_bytes(make.encoded(PICTURE, "JPEG", exif=exif))
    assert describe_source(tmp_path / "in.jpg").date == wanted


BOMB = b'<!DOCTYPE x [<!ENTITY a "bbbb">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&a;</x:xmpmeta>'


@pytest.mark.parametrize(
    "options",
    [{"exif": b"Exif\0\0MM\0*\xff\xff\xff\xff"}, {"xmp": b"<not xml"}, {"xmp": BOMB}],
    ids=["exif", "xmp", "entities"],
)
def test_broken_metadata_does_no_harm(tmp_path: Path, options: dict) -> None:
    (tmp_path / "in.jpg").write_bytes(make.encoded(PICTURE, "JPEG", **options))
    assert describe_source(tmp_path / "in.jpg").to_json().keys() == {"name", "sha256"}


def test_any_file_can_be_described(tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_bytes(b"no picture")
    plain = describe_source(str(tmp_path / "in.mp4"))
    assert plain.to_json() == {
        "name": "in.mp4",
        "sha256": hashlib.sha256(b"no picture").hexdigest(),
    }
    tags = {"author": " Ann\n", "location": "+52.5+013.4/", "date": "2021-06-01", "copyright": ""}
    source = describe_source(tmp_path / "in.mp4", tags=tags)
    assert source == dataclasses.replace(plain, author="Ann", date="2021-06-01")


def test_only_what_is_there_can_be_described(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"^missing\.png: there is no such file"):
        describe_source(tmp_path / "missing.png")
