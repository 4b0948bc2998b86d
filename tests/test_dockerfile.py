"""The Dockerfile, read without Docker: what it copies, installs and starts exists."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from stylekit.app.cli import _COMMANDS
from stylekit.app.options import parse_options

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# The Python of Debian's releases.
PYTHON_OF = {"bookworm": (3, 11), "trixie": (3, 13)}


def read(path: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments, without comments and line ends."""
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.M)
    lines = text.replace("\\\n", " ").splitlines()
    pairs = (line.split(" ", 1) for line in lines if line.strip())
    return [(name, rest.strip()) for name, rest in pairs]


STEPS = read(ROOT / "Dockerfile")


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in STEPS if instruction == name]


def commands() -> list[list[str]]:
    """The words of each command that is run, in order."""
    return [shlex.split(one) for rest in arguments("RUN") for one in rest.split("&&")]


def test_only_known_instructions_are_used() -> None:
    known = {"FROM", "RUN", "COPY", "USER", "WORKDIR", "VOLUME", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in STEPS} <= known
    assert STEPS[0][0] == "FROM"


def test_it_comes_from_debian_and_pypi_alone() -> None:
    (image,) = arguments("FROM")
    release = re.fullmatch(r"debian:(\w+)-slim", image)
    assert release
    low, high = re.findall(r"3\.(\d+)", PROJECT["project"]["requires-python"])
    assert int(low) <= PYTHON_OF[release[1]][1] < int(high)
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert not re.search(r"https?://|curl|wget|git clone|--index-url", text)
    known = {"apt-get", "rm", "useradd", "mkdir", "chown", "python3", "/opt/stylekit/bin/pip"}
    assert {words[0] for words in commands()} <= known


def test_all_that_the_package_is_built_of_is_copied() -> None:
    copied: dict[str, Path] = {}
    for rest in arguments("COPY"):
        *sources, target = rest.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            place = target + source if target.endswith("/") else target
            copied[place] = ROOT / source
    assert all(place.startswith("/src/") for place in copied)
    names = {place.removeprefix("/src/") for place in copied}
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed |= {*wheel["packages"], *(path.split("/")[0] for path in wheel["force-include"])}
    assert names == needed


def test_what_is_installed_and_started_exists() -> None:
    (venv,) = [words for words in commands() if words[1:3] == ["-m", "venv"]]
    assert venv[0] == "python3"
    (install,) = [words for words in commands() if words[0] == f"{venv[3]}/bin/pip"]
    extra = re.fullmatch(r"/src\[(\w+)\]", install[-1])
    assert extra and extra[1] in PROJECT["project"]["optional-dependencies"]
    (entry,), (command,) = map(arguments, ("ENTRYPOINT", "CMD"))
    tini, _, program = json.loads(entry)
    assert tini == "/usr/bin/tini" and "tini" in installed()
    assert program == f"{venv[3]}/bin/{PROJECT['project']['name']}"
    assert PROJECT["project"]["name"] in PROJECT["project"]["scripts"]
    options = parse_options(_COMMANDS, json.loads(command))
    # No browser is in the image, and results are in the volume.
    assert options.no_browser and options.folder is None
    (user,), (home,), (volume,) = map(arguments, ("USER", "WORKDIR", "VOLUME"))
    assert home == f"/home/{user}" and volume == f"{home}/stylekit"
    assert any(words[0] == "useradd" and words[-1] == user for words in commands())
    assert ["mkdir", volume] in commands()


def installed() -> list[str]:
    """The packages of Debian that are installed."""
    (words,) = [words for words in commands() if words[:2] == ["apt-get", "install"]]
    return [word for word in words[2:] if not word.startswith("-")]


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="not on Debian")
@pytest.mark.parametrize("package", installed())
def test_packages_of_debian_exist(package: str) -> None:
    known = subprocess.run(["apt-cache", "show", "python3"], capture_output=True)
    if known.returncode:
        pytest.skip("this system has no list of Debian's packages")
    shown = subprocess.run(["apt-cache", "show", package], capture_output=True, text=True)
    assert shown.stdout.startswith("Package: ") or shown.returncode == 0
