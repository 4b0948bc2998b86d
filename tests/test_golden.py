"""Golden files: what users and their scripts rely on, and what moving code must not change.

Pinned are the options of every command, what `--json` prints, the sidecars, and the folder of a
run. Everything is reached through the command line and through files on disk, never through a
module by name. Values that depend on the machine are pinned by their type alone.

After a change that is intended, write the files again and read their difference:

    STYLEKIT_WRITE_GOLDEN=1 python -m pytest tests/test_golden.py
    git diff tests/golden
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from short_runs import END_SIGNALS

GOLDEN = Path(__file__).resolve().parent / "golden"
WRITE = "STYLEKIT_WRITE_GOLDEN"

SMALL = ["--size", "48", "--steps", "3", "--backbone", "vgg16", "--json"]
# The one picture has its colours kept; the clip shows the values without.
IMAGE = ["image", "chelsea", "swirls", "-o", "out.png", "--keep-colors", *SMALL]
VIDEO = ["video", "drift", "swirls", "-o", "out.mp4", "--frames", "3", "--frame-steps", "2", *SMALL]

# Paths of values that may differ between machines: times, results of float arithmetic, digests
# of decoded or painted pixels. Digests of built-in files and of the network stay exact.
LOOSE_RUN = (
    "*.seconds",
    "*.losses.*",
    "*.losses_of_nothing.*",
    "*.style_distance",
    "*.content_kept",
    "*.style_reached",
    "*.warping_error.*",
    "*.input_warping_error.*",
    *(
        f"{table}.*.{name}"
        for table in ("sidecar.frame_table", "manifest")
        for name in ("sha256", "reliable_share", "steps", "evaluations")
    ),
    "run.clip.sha256",
    "run.style.sha256",
)
# Paths of what the doctor says of the machine.
LOOSE_DOCTOR = (
    *("python", "machine", "packages.*", "opencv", "backbone", "computes on", "ffmpeg.*"),
    "healthy",
)

Call = Callable[..., str]


@pytest.fixture
def call(tmp_path, monkeypatch, capsys) -> Call:
    """Calls the command line in an empty folder: `call("doctor")` is its standard output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "1000")
    main = command_line()

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        logger = logging.getLogger("stylekit")
        handlers = [signal.getsignal(number) for number in END_SIGNALS]
        level = logger.level
        try:
            found = main(list(arguments))
        except SystemExit as end:  # how argparse ends `--help`
            found = end.code
        finally:
            for number, handler in zip(END_SIGNALS, handlers, strict=True):
                signal.signal(number, handler)
            logger.setLevel(level)
        out, err = capsys.readouterr()
        assert (found or 0) == code, err
        return out

    return run


def command_line() -> Callable[[list[str]], int]:
    """The function that this checkout's pyproject.toml installs as `stylekit`, up to its exit code.

    The metadata of an installation is not asked: it may be of before a move. The program itself
    would end this process.
    """
    files = (folder / "pyproject.toml" for folder in Path(__file__).resolve().parents)
    project = tomllib.loads(next(file for file in files if file.is_file()).read_text("utf-8"))
    script = project["project"]["scripts"]["stylekit"]
    program = EntryPoint("stylekit", script, "console_scripts").load()
    return sys.modules[program.__module__].main


# --- comparing ------------------------------------------------------------------------------------


def check(name: str, found: dict[str, Any]) -> None:
    """Compare with a golden file, or write it if the environment variable asks for it."""
    file = GOLDEN / f"{name}.json"
    if os.environ.get(WRITE):
        file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.skip(f"{file.name} was written")
    lines = differences(json.loads(file.read_text(encoding="utf-8")), found)
    if lines:
        pytest.fail(
            "\n".join(
                [
                    f"{len(lines)} differences from {file.name}:",
                    *lines,
                    f"If that is intended, run this test once with {WRITE}=1.",
                ]
            ),
            pytrace=False,
        )


def differences(golden: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """A line for each path that is missing, new, or has another value or type."""
    before, now = dict(leaves(golden)), dict(leaves(found))
    lines = []
    for path in {**before, **now}:
        if path not in now:
            lines.append(f"  {path}: is missing (was {before[path]})")
        elif path not in before:
            lines.append(f"  {path}: is new ({now[path]})")
        elif before[path] != now[path]:
            lines.append(f"  {path}: was {before[path]}, is {now[path]}")
    return lines


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and JSON texts, which tell 1 from 1.0 and from true; a plain list is one leaf."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        value = dict(enumerate(value))
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else str(name))
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def loosened(value: Any, patterns: tuple[str, ...], path: str = "") -> Any:
    """The same data, with a kind in place of each value whose path fits one of the patterns."""
    if isinstance(value, dict):
        return {
            name: loosened(item, patterns, f"{path}.{name}" if path else name)
            for name, item in value.items()
        }
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [loosened(item, patterns, f"{path}.{index}") for index, item in enumerate(value)]
    return kind(value) if any(fnmatchcase(path, pattern) for pattern in patterns) else value


def kind(value: Any) -> Any:
    """What holds of the value on every machine.

    An exact zero stays: there is no temporal loss where there is no frame before.
    """
    if isinstance(value, bool):
        return "<bool>"
    if isinstance(value, int):
        return "<int>"
    if isinstance(value, float):
        return "<float above 0>" if value > 0 else value
    if isinstance(value, str):
        return "<SHA-256>" if re.fullmatch("[0-9a-f]{64}", value) else "<str>"
    return value


def test_a_difference_is_named_by_its_path():
    golden = {"a": {"b": 1, "c": [{"d": True}]}, "e": [1, 2], "f": {}}
    found = {"a": {"b": 1.0, "c": [{}]}, "e": [2, 1], "f": {"g": None}}
    assert differences(golden, golden) == []
    assert differences(golden, found) == [
        "  a.b: was 1, is 1.0",
        "  a.c.0.d: is missing (was true)",
        "  e: was [1, 2], is [2, 1]",
        "  f: is missing (was {})",
        "  a.c.0: is new ({})",
        "  f.g: is new (null)",
    ]


# --- options --------------------------------------------------------------------------------------


class Captured(Exception):
    """Carries the parser out of the command line."""


def test_options_of_every_command(call, monkeypatch):
    def capture(parser, *_):
        raise Captured(parser)

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_known_args", capture)
        with pytest.raises(Captured) as captured:
            command_line()([])
    (parser,) = captured.value.args
    (commands,) = (
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    parsers = {"stylekit": parser}
    parsers |= {f"stylekit {name}": found for name, found in commands.choices.items()}
    for name, found in parsers.items():
        text = call(*name.split()[1:], "--help")
        assert flags_in(text) == [
            action.option_strings for action in shown(found) if action.option_strings
        ], f"what {name} --help shows is not what it takes"
    check("help", {name: describe(found) for name, found in parsers.items()})


def shown(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """All arguments, in the order in which the help shows them."""
    return [action for group in parser._action_groups for action in group._group_actions]


def flags_in(text: str) -> list[list[str]]:
    """The names of each option of a help text: `  -o OUT, --output OUT  the result`."""
    options = [line.strip().split("  ")[0] for line in text.splitlines() if line.startswith("  -")]
    return [re.findall(r"(?<!\S)--?[a-z][a-z-]*", option) for option in options]


def describe(parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The arguments of a command: order, names, metavars, choices, defaults."""
    actions = {
        action.option_strings[-1] if action.option_strings else str(action.metavar): action
        for action in shown(parser)
    }
    return {
        "order": list(actions),
        "arguments": {name: describe_argument(parser, found) for name, found in actions.items()},
    }


def describe_argument(parser: argparse.ArgumentParser, action: argparse.Action) -> dict[str, Any]:
    """All but the prose. A default is pinned as it is parsed and, if one word, as it is told."""
    takes_value = action.nargs != 0
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    told = re.search(r"\(default: ([^\s,)]+)[,)]", text)
    default = None if action.default == argparse.SUPPRESS else action.default
    return {
        "flags": list(action.option_strings),
        "metavar": (action.metavar or action.dest.upper()) if takes_value else None,
        "choices": None if action.choices is None else list(action.choices),
        "required": action.required,
        "nargs": action.nargs,
        "default": str(default) if isinstance(default, Path) else default,
        "told default": told[1] if told else None,
    }


# --- what commands print and write ----------------------------------------------------------------


@pytest.mark.slow
def test_report_and_sidecar_of_a_picture(call, tmp_path):
    report = one_line(call(*IMAGE))
    found = {
        "report": report,
        "sidecar": read_json(tmp_path / "out.png.json"),
        "files": files_in(tmp_path),
    }
    check("image", loosened(without_version(found, call, "sidecar.version"), LOOSE_RUN))


@pytest.mark.slow
def test_report_sidecar_and_run_folder_of_a_clip(call, tmp_path):
    report = one_line(call(*VIDEO))
    folder = tmp_path / report["run"]
    # The digits tell runs apart, and digest decoded pixels.
    report["run"] = re.sub(r"-[0-9a-f]{8}$", "-<8 digits>", report["run"])
    found = {
        "report": report,
        "sidecar": read_json(tmp_path / "out.mp4.json"),
        "run": read_json(folder / "run.json"),
        "inputs": read_json(folder / "inputs.json"),
        # Each line begins with a line feed, to end one that a kill cut off.
        "manifest": [
            json.loads(line)
            for line in (folder / "manifest.jsonl").read_text("utf-8").split("\n")[1:]
        ],
        "files": [name for name in files_in(tmp_path) if not name.startswith(folder.name)],
        # Some systems remove a lock with its last holder.
        "files of the run": [name for name in files_in(folder) if name != ".stylekit-lock"],
    }
    found = without_version(found, call, "sidecar.version", "run.stylekit")
    check("video", loosened(found, LOOSE_RUN))


def test_findings_of_the_doctor(call):
    found = one_line(call("doctor", "--json"))
    # Either wheel of OpenCV will do.
    found["packages"] = {
        name.removesuffix("-headless"): version for name, version in found["packages"].items()
    }
    found["extras"] = [re.sub(r"(not )?installed.*", "<state>", extra) for extra in found["extras"]]
    assert found["healthy"] is not bool(found["problems"])
    found["problems"] = ["<str>" for _ in found["problems"]]
    check("doctor", loosened(without_version(found, call, "stylekit"), LOOSE_DOCTOR))


def one_line(text: str) -> dict[str, Any]:
    """What `--json` prints: one line and nothing else."""
    (line,) = text.splitlines()
    return json.loads(line)


def read_json(path: Path) -> dict[str, Any]:
    """The data of a file for people and programs: sorted, indented, ended by a line feed."""
    text = path.read_text(encoding="utf-8")
    data = json.loads(text)
    assert text == json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n", path.name
    return data


def files_in(folder: Path) -> list[str]:
    """The names of all files below a folder."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def without_version(found: dict[str, Any], call: Call, *paths: str) -> dict[str, Any]:
    """The same data; where these paths hold the version of the package, its name instead."""
    version = call("--version").removeprefix("stylekit ").strip()
    for path in paths:
        *above, name = path.split(".")
        data = found
        for step in above:
            data = data[step]
        if data.get(name) == version:
            data[name] = "<version>"
    return found
