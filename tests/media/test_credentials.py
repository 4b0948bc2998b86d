"""Content credentials: signed offline, read again, and invalid after any change."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import picture_files as make
import PIL.Image
import pytest

from stylekit.arrays import from_bytes
from stylekit.errors import MediaError, SettingsError
from stylekit.media.credentials import sign_credentials
from stylekit.media.images import load_image, save_image
from stylekit.media.provenance import Provenance, describe_source
from stylekit.settings import Weights

c2pa = pytest.importorskip("c2pa")
pytest.importorskip("cryptography")

from cryptography import x509  # noqa: E402  (only where it is installed)
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
PIXELS = make.smooth_picture(64, 48)
NAME = 'Zoë "Z" & ж.jpg'

KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Authority:
    """A new root authority that issues certificates for signing."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.issue(self.key, name="root", is_root=True)

    def issue(
        self, key: Any, *, name: str = "signer", is_root: bool = False, days: int = 0
    ) -> x509.Certificate:
        """A certificate for `key` from a day before to a month after now, moved by `days`."""
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"),
            ]
        )
        allowed = {"key_cert_sign", "crl_sign"} if is_root else {"digital_signature"}
        usages = {usage: usage in allowed for usage in KEY_USAGES}
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if is_root else self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usages), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if not is_root:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purpose, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def key_pem(key: Any, form: str = "PKCS8", password: bytes | None = None) -> bytes:
    lock = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), lock
    )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def sign(tmp_path: Path, authority: Authority) -> Callable[..., None]:
    """Signs a file with stylekit, with a valid certificate by default."""
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "chain.pem").write_bytes(pem(authority.issue(key), authority.certificate))
    (tmp_path / "key.pem").write_bytes(key_pem(key))
    picture = PIL.Image.fromarray(PIXELS)
    picture.save(tmp_path / NAME)
    picture.transpose(PIL.Image.Transpose.ROTATE_180).save(tmp_path / "style.webp")

    def run(
        path: Path,
        content: Path = tmp_path / NAME,
        more_styles: Sequence[Path] = (),
        style_paths: Sequence[Path] | None = None,
    ) -> None:
        sign_credentials(
            path,
            provenance=Provenance(
                settings={},
                weights=Weights(),
                backbone="vgg16",
                content=describe_source(content),
                style=describe_source(tmp_path / "style.webp"),
                more_styles=tuple(describe_source(style) for style in more_styles),
            ),
            content_path=content,
            style_path=style_paths or [tmp_path / "style.webp", *more_styles],
            certificate=tmp_path / "chain.pem",
            private_key=tmp_path / "key.pem",
        )

    return run


def read_back(path: Path, authority: Authority) -> tuple[str, dict[str, Any]]:
    """Whether the signature is valid for users who trust the authority, and what it says."""
    trust = {"trust": {"trust_anchors": pem(authority.certificate).decode()}}
    with c2pa.Context.from_dict(trust) as context, c2pa.Reader(path, context=context) as reader:
        return reader.get_validation_state(), reader.get_active_manifest()


def write_clip(path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(PIXELS, format="rgb24")))
        container.mux(stream.encode(None))


def test_the_statement_says_what_was_done_to_what(
    tmp_path: Path, authority: Authority, sign: Callable[..., None]
) -> None:
    path = tmp_path / "out.png"
    save_image(from_bytes(PIXELS), path, provenance=None)
    before = set(tmp_path.iterdir())
    sign(path)
    assert set(tmp_path.iterdir()) == before
    state, manifest = read_back(path, authority)
    assert state == "Trusted"
    # A time stamp would need a server.
    assert "time" not in manifest["signature_info"]
    assert manifest["title"] == "out.png"
    made_by = manifest["claim_generator_info"][0]
    assert made_by["name"] == "stylekit"
    content, style = manifest["ingredients"]
    assert (content["title"], content["relationship"]) == (NAME, "parentOf")
    assert (style["title"], style["relationship"]) == ("style.webp", "inputTo")
    assert (content["format"], style["format"]) == ("image/jpeg", "image/webp")
    (actions,) = (
        one["data"]["actions"]
        for one in manifest["assertions"]
        if one["label"].startswith("c2pa.actions")
    )
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"] == SOURCE_TYPE
    assert describe_source(tmp_path / NAME).sha256 in actions[1]["description"]
    for action, ingredient in zip(actions, (content, style), strict=True):
        (link,) = action["parameters"]["ingredients"]
        assert link["url"].endswith("/" + ingredient["label"])


def test_every_style_is_an_ingredient(
    tmp_path: Path, authority: Authority, sign: Callable[..., None]
) -> None:
    path, second = tmp_path / "out.png", tmp_path / "second.png"
    for picture in (path, second):
        save_image(from_bytes(PIXELS), picture, provenance=None)
    with pytest.raises(SettingsError, match=r"^style_path: give a path for each style .* 2, not 1"):
        sign(path, more_styles=[second], style_paths=[second])
    sign(path, more_styles=[second])
    state, manifest = read_back(path, authority)
    assert state == "Trusted"
    told = [(one["title"], one["relationship"]) for one in manifest["ingredients"]]
    assert told == [(NAME, "parentOf"), ("style.webp", "inputTo"), ("second.png", "inputTo")]
    (actions,) = (
        one["data"]["actions"]
        for one in manifest["assertions"]
        if one["label"].startswith("c2pa.actions")
    )
    assert len(actions[1]["parameters"]["ingredients"]) == 2


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif", ".tif"])
def test_pictures_stay_as_they_are(
    tmp_path: Path, authority: Authority, sign: Callable[..., None], suffix: str
) -> None:
    path = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), path, provenance=None)
    before = load_image(path)
    sign(path)
    assert read_back(path, authority)[0] == "Trusted"
    np.testing.assert_array_equal(load_image(path), before)


def test_a_clip_of_a_clip(tmp_path: Path, authority: Authority, sign: Callable[..., None]) -> None:
    av = pytest.importorskip("av")
    write_clip(tmp_path / "content.mov.mp4")
    write_clip(tmp_path / "out.mp4")
    sign(tmp_path / "out.mp4", tmp_path / "content.mov.mp4")
    state, manifest = read_back(tmp_path / "out.mp4", authority)
    assert state == "Trusted"
    assert manifest["ingredients"][0]["format"] == "video/mp4"
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert len(list(container.decode(video=0))) == 3


@pytest.mark.parametrize("name", ["content.bmp", "content.ppm", "png.jpg"])
def test_any_picture_may_be_the_content(
    tmp_path: Path, authority: Authority, sign: Callable[..., None], name: str
) -> None:
    kind = {"content.bmp": "BMP", "content.ppm": "PPM", "png.jpg": "PNG"}[name]
    (tmp_path / name).write_bytes(make.encoded(PIL.Image.fromarray(PIXELS), kind))
    save_image(from_bytes(PIXELS), tmp_path / "out.png", provenance=None)
    sign(tmp_path / "out.png", tmp_path / name)
    assert read_back(tmp_path / "out.png", authority)[0] == "Trusted"


def test_a_signed_content_brings_its_history(
    tmp_path: Path, authority: Authority, sign: Callable[..., None]
) -> None:
    for name in ("first.png", "second.png"):
        save_image(from_bytes(PIXELS), tmp_path / name, provenance=None)
    sign(tmp_path / "first.png")
    sign(tmp_path / "second.png", tmp_path / "first.png")
    with c2pa.Reader(tmp_path / "second.png") as reader:
        assert len(json.loads(reader.json())["manifests"]) == 2


def test_a_changed_picture_is_found_out(
    tmp_path: Path, authority: Authority, sign: Callable[..., None]
) -> None:
    path = tmp_path / "out.png"
    save_image(from_bytes(PIXELS), path, provenance=None)
    sign(path)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"IEND") - 30] ^= 1
    path.write_bytes(data)
    assert read_back(path, authority)[0] == "Invalid"


@pytest.mark.parametrize("kind", ["SEC1 form", "P-384", "Ed25519", "RSA"])
def test_other_keys(
    tmp_path: Path, authority: Authority, sign: Callable[..., None], kind: str
) -> None:
    key = {
        "SEC1 form": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    form = "TraditionalOpenSSL" if kind == "SEC1 form" else "PKCS8"
    (tmp_path / "chain.pem").write_bytes(pem(authority.issue(key), authority.certificate))
    (tmp_path / "key.pem").write_bytes(key_pem(key, form))
    save_image(from_bytes(PIXELS), tmp_path / "out.png", provenance=None)
    sign(tmp_path / "out.png")
    assert read_back(tmp_path / "out.png", authority)[0] == "Trusted"


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no certificate", r"^chain\.pem: holds no certificate; give a PEM file"),
        ("missing certificate", r"^chain\.pem: there is no such file"),
        ("no key", r"^key\.pem: holds no private key"),
        ("locked key", r"^key\.pem: is locked with a password"),
        ("other key", r"^key\.pem: is not the key of the first certificate in chain\.pem"),
        ("expired", r"^chain\.pem: is valid from .* only; get one that is valid now"),
        ("root", r"^chain\.pem: cannot sign content credentials"),
        ("strange curve", r"^key\.pem: is a kind of key that .* use one on P-256"),
        ("no picture", r"^out\.png: cannot take content credentials"),
    ],
)
def test_what_cannot_sign_is_named_and_the_output_stays(
    tmp_path: Path, authority: Authority, sign: Callable[..., None], case: str, words: str
) -> None:
    out, chain, key_file = (tmp_path / name for name in ("out.png", "chain.pem", "key.pem"))
    save_image(from_bytes(PIXELS), out, provenance=None)
    key = ec.generate_private_key(ec.SECP256R1())
    if case == "no certificate":
        chain.write_text("hello")
    elif case == "missing certificate":
        chain.unlink()
    elif case == "no key":
        key_file.write_text("hello")
    elif case == "locked key":
        key_file.write_bytes(key_pem(key, password=b"secret"))
    elif case == "other key":
        key_file.write_bytes(key_pem(key))
    elif case == "expired":
        chain.write_bytes(pem(authority.issue(key, days=-100)))
        key_file.write_bytes(key_pem(key))
    elif case == "root":
        chain.write_bytes(pem(authority.certificate))
        key_file.write_bytes(key_pem(authority.key))
    elif case == "strange curve":
        key = ec.generate_private_key(ec.SECP256K1())
        chain.write_bytes(pem(authority.issue(key)))
        key_file.write_bytes(key_pem(key))
    else:
        out.write_bytes(b"no picture")
    before = out.read_bytes()
    with pytest.raises(MediaError, match=words):
        sign(out)
    assert out.read_bytes() == before
    assert not list(tmp_path.glob(".stylekit-*"))


@pytest.mark.parametrize("package", ["c2pa", "cryptography"])
def test_without_the_extra(
    tmp_path: Path,
    sign: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    package: str,
) -> None:
    save_image(from_bytes(PIXELS), tmp_path / "out.png", provenance=None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError, match=r"^credentials: .*stylekit\[credentials\]"):
        sign(tmp_path / "out.png")
