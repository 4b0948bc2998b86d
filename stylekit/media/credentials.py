"""Content credentials (C2PA 2): a signed statement, inside the file, of how it was made.

They need the extra `stylekit[credentials]`. Sign last: any later change of the file, even of its
metadata, invalidates the signature.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MediaError, SettingsError
from .file_kinds import read_head
from .files import atomic_path, check_input
from .provenance import Provenance, comment

if TYPE_CHECKING:
    import c2pa
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_CONTENT, _STYLE = "content", "style"

# No network is used, and no preview is stored, which would show the content.
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}

_MIME_STARTS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}
_MIME_BRANDS = {b"avif": "image/avif", b"heic": "image/heic", b"mif1": "image/heif"}


def sign_credentials(
    path: Path | str,
    *,
    provenance: Provenance,
    content_path: Path | str,
    style_path: Path | str | Sequence[Path | str],
    certificate: Path,
    private_key: Path,
) -> None:
    """Add content credentials to a finished picture or MP4, in place.

    They say that the content (`parentOf`) was opened and edited by a trained network, with each
    style as `inputTo`. No network is used, so the signature carries no time stamp.

    Parameters
    ----------
    path : the output; it is replaced completely or not at all
    provenance : how it was made
    content_path, style_path : the inputs; a list if there are several styles
    certificate : a PEM file with the signer's certificate, followed by those of its issuers
    private_key : the key of the first certificate, PEM without a password

    Raises
    ------
    SettingsError : if the extra is not installed, or not each style has a path
    MediaError : if the certificate or the key is not valid, or the output has a format that
        cannot hold credentials
    """
    try:
        import c2pa
    except ImportError:
        raise _missing_extra() from None
    path = check_input(path)
    styles = provenance.sources
    style_paths = [style_path] if isinstance(style_path, Path | str) else list(style_path)
    if len(style_paths) != len(styles):
        raise SettingsError(
            "style_path",
            f"give a path for each style of the provenance: {len(styles)}, not {len(style_paths)}",
        )
    ingredients = [
        (_CONTENT, "parentOf", provenance.content.name, check_input(content_path)),
        *(
            (label, "inputTo", style.name, check_input(source))
            for label, style, source in zip(
                _style_labels(provenance), styles, style_paths, strict=True
            )
        ),
    ]
    signer_info = _read_signer(certificate, private_key)
    manifest = json.dumps(_manifest(path.name, provenance))
    try:
        with (
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Builder(manifest, context) as builder,
            c2pa.Signer.from_info(signer_info) as signer,
        ):
            for label, relationship, name, source in ingredients:
                facts = {"title": name, "relationship": relationship, "label": label}
                with source.open("rb") as stream:
                    builder.add_ingredient(facts, _mime_type(source), stream)
            with atomic_path(path) as temporary:
                builder.sign_file(path, temporary, signer)
    except c2pa.C2paError as error:
        raise _explain(error, path, Path(certificate)) from error


def _manifest(title: str, provenance: Provenance) -> dict[str, Any]:
    """The statement, with the actions of C2PA 2.1, section 18.15."""
    agent = {"name": "stylekit", "version": provenance.version}
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_CONTENT]}}
    edited = {
        "action": "c2pa.edited",
        "digitalSourceType": provenance.digital_source_type,
        "softwareAgent": agent,
        "description": comment(provenance),
        "parameters": {"ingredientIds": _style_labels(provenance)},
    }
    return {
        "title": title,
        "claim_generator_info": [agent],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [opened, edited]}}],
    }


def _style_labels(provenance: Provenance) -> list[str]:
    """The labels of the styles inside the statement."""
    return [_STYLE, *(f"{_STYLE}-{index + 2}" for index in range(len(provenance.sources) - 1))]


def _mime_type(path: Path) -> str:
    """The type of a file by its first bytes, because its name may be wrong."""
    head = read_head(path)
    for start, mime_type in _MIME_STARTS.items():
        if head.startswith(start):
            return mime_type
    if head[4:8] == b"ftyp":
        return _MIME_BRANDS.get(head[8:12], "video/mp4")
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return "image/webp" if is_webp else "application/octet-stream"


def _read_signer(certificate: Path, private_key: Path) -> c2pa.C2paSignerInfo:
    """The certificates and the key; errors name the file that is wrong."""
    try:
        import c2pa
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise _missing_extra() from None
    certificate, private_key = check_input(certificate), check_input(private_key)
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except ValueError:
        raise MediaError(
            certificate, "holds no certificate; give a PEM file, the signer's own first"
        ) from None
    try:
        key = serialization.load_pem_private_key(private_key.read_bytes(), password=None)
    except TypeError:
        raise MediaError(
            private_key, "is locked with a password; give the key without one"
        ) from None
    except ValueError:
        raise MediaError(private_key, "holds no private key; give a PEM file") from None
    _check_signer(certificate, private_key, chain[0], key)
    return c2pa.C2paSignerInfo(
        alg=_algorithm(private_key, key),
        sign_cert=b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain),
        # The signing library reads only PKCS #8; `openssl ecparam` writes another format.
        private_key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        ta_url=None,
    )


def _check_signer(
    certificate: Path, private_key: Path, leaf: x509.Certificate, key: PrivateKeyTypes
) -> None:
    if leaf.public_key() != key.public_key():
        raise MediaError(
            private_key, f"is not the key of the first certificate in {certificate.name}"
        )
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if not first <= datetime.now(UTC) <= last:
        raise MediaError(
            certificate,
            f"is valid from {first.date()} to {last.date()} only; get one that is valid now",
        )


def _algorithm(private_key: Path, key: PrivateKeyTypes) -> bytes:
    """The signature algorithm for a key, of those that C2PA 2.1, section 13.2.1 allows."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    curves = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in curves:
        return curves[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return b"ps256"
    raise MediaError(
        private_key, "is a kind of key that content credentials do not know; use one on P-256"
    )


def _missing_extra() -> SettingsError:
    return SettingsError(
        "credentials",
        "signing needs more packages; install them with pip install 'stylekit[credentials]'",
    )


def _explain(error: Exception, path: Path, certificate: Path) -> MediaError:
    reason = " ".join(str(error).split())
    if reason.startswith("Signature"):
        return MediaError(
            certificate,
            f"cannot sign content credentials ({reason}); use a certificate for digital "
            "signatures that an authority has issued, with the key usages that C2PA asks for",
        )
    return MediaError(
        path, f"cannot take content credentials ({reason}); write PNG, JPEG, WebP or MP4"
    )
