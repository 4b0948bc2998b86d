"""The studio for jupyter-server-proxy, and the recipe for JupyterHub, without either of them."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets.config import Config

from stylekit.app.cli import _COMMANDS
from stylekit.app.options import parse_options
from stylekit.app.server_proxy import NAME, studio_process

ROOT = Path(__file__).resolve().parents[2]


def test_the_entry_point_leads_to_the_studio() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    group = "jupyter_serverproxy_servers"
    entries = project["entry-points"][group]
    assert list(entries) == [NAME]
    assert EntryPoint(NAME, entries[NAME], group).load() is studio_process


def test_its_command_is_one_and_its_token_is_in_no_command_line() -> None:
    process, other = studio_process(), studio_process()
    token = process["environment"]["STYLEKIT_TOKEN"]
    assert len(token) >= 32 and token != other["environment"]["STYLEKIT_TOKEN"]
    assert process["request_headers_override"] == {"Authorization": f"token {token}"}
    assert token not in " ".join(process["command"])
    # As the proxy fills it in.
    filled = [word.format(port=8123, base_url="/class/user/ann/") for word in process["command"]]
    assert filled[:3] == [sys.executable, "-m", "stylekit.app.cli"]
    options = parse_options(_COMMANDS, filled[3:])
    assert (options.port, options.base_url) == (8123, "/class/user/ann/stylekit-studio/")
    assert options.no_browser and options.visitors == 2


@pytest.fixture
def recipe() -> dict[str, Any]:
    """The names of the recipe once JupyterHub has read it."""
    names: dict[str, Any] = {"get_config": Config}
    source = (ROOT / "docs" / "jupyterhub_config.py").read_text(encoding="utf-8")
    exec(compile(source, "jupyterhub_config.py", "exec"), names)
    return names


def test_the_recipe_limits_memory_and_copies_the_lessons(
    recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawner = recipe["c"].Spawner
    assert spawner.cmd[:2] == ["prlimit", "--data=3000000000"]
    assert spawner.cmd[2] == str(Path(sys.executable).with_name("jupyterhub-singleuser"))
    user = pwd.getpwuid(os.getuid())
    home = SimpleNamespace(pw_uid=user.pw_uid, pw_gid=user.pw_gid, pw_dir=str(tmp_path))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: home)
    if os.getuid():
        pytest.skip("only root may start a program as another user")
    # The tests' stylekit may be that of a checkout.
    run = subprocess.run
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda *args, env, **more: run(*args, env={**env, "PYTHONPATH": str(ROOT)}, **more),
    )
    spawner.pre_spawn_hook(SimpleNamespace(user=SimpleNamespace(name="ann")))
    assert (tmp_path / "stylekit-notebooks" / "00_first_steps.ipynb").is_file()
