"""What reaches people who install the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

from stylekit.samples import MaterialKind, data_folder, materials

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_holds_all_material_and_its_licences():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    shipped = build["targets"]["wheel"]["force-include"]
    # `data_folder` looks for them there.
    assert all(target == f"stylekit/{source}" for source, target in shipped.items())
    assert {"data/README.md", *(f"data/{kind.value}" for kind in MaterialKind)} <= set(shipped)
    assert all((ROOT / source).exists() for source in shipped)


def test_material_is_small_and_each_file_has_its_origin_told():
    files = [path for kind in MaterialKind for path in materials(kind).values()]
    assert sum(path.stat().st_size for path in files) < 6_000_000
    told = "".join(
        path.read_text(encoding="utf-8") for path in sorted(data_folder().rglob("README.md"))
    )
    assert [path.name for path in files if path.stem not in told] == []


def test_the_licence_is_there_and_named():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    licence = (ROOT / "LICENSE").read_text()
    assert project["license"].split()[0] in licence
