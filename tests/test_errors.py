"""Errors say first what they are about, on one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from stylekit.errors import MediaError, ResumeError, SettingsError, StylekitError, WeightsError


@pytest.mark.parametrize("kind", [MediaError, SettingsError, WeightsError, ResumeError])
def test_every_error_is_a_stylekit_error_that_starts_with_its_name(
    kind: type[StylekitError],
) -> None:
    with pytest.raises(StylekitError) as caught:
        raise kind("cat.png", "is a dog")
    assert str(caught.value) == "cat.png: is a dog"
    assert (caught.value.name, caught.value.message) == ("cat.png", "is a dog")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (Path("folder/sub/cat.png"), "cat.png"),
        (Path("/folder/sub/"), "sub"),
        (Path("/"), "/"),
        (Path(), "."),
    ],
)
def test_a_path_is_named_by_its_last_part(path: Path, name: str) -> None:
    assert str(MediaError(path, "is a dog")) == f"{name}: is a dog"


def test_kinds_can_be_told_apart() -> None:
    kinds = [MediaError, SettingsError, WeightsError, ResumeError]
    assert not any(issubclass(a, b) for a in kinds for b in kinds if a is not b)
