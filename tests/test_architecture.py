"""The structure of the package, read from its sources: who imports whom, and where things live."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import stylekit

PACKAGE = Path(stylekit.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# A module or package imports only from those above it.
ORDER = (
    "errors",
    "arrays",
    "settings",
    "samples",
    "media",
    "vgg",
    "losses",
    "motion",
    "image",
    "video",
    "scenes",
    "explain",
    "translate",
    "plots",
    "exercises",
    "widgets",
    "app",
)

# Where each dependency but NumPy may be imported.
HOMES = {
    "PIL": ("media",),
    "pillow_heif": ("media",),
    "av": ("media", "app/doctor"),  # the doctor checks that it works
    "moviepy": ("media",),
    "imageio_ffmpeg": ("media", "app/doctor"),
    "c2pa": ("media",),
    "cryptography": ("media",),
    "cv2": ("media/opencv",),
    "h5py": ("vgg/weights",),
    "tensorflow": ("vgg/runtime",),
    "matplotlib": ("plots", "media/compare"),  # titles in matplotlib's font
    "tqdm": ("app/progress",),
    "filelock": (
        "app/outputs",
        "media/owned_folders",
        "vgg/download",
        "video/folder",
        "widgets/studio/shelf",
    ),
    "numba": ("video/compiled",),
    "scipy": ("video/key_blend",),
    "distributed": ("app/cluster",),
    "dask": ("app/cluster",),
    "ipywidgets": ("widgets",),
    "anywidget": ("widgets",),
    "traitlets": ("widgets", "app"),
    "IPython": ("widgets",),
    "skimage": ("scenes/stereo",),
    "jupyterlab": ("app/jupyter_servers",),
    "jupyter_server": ("app/jupyter_servers",),
    "voila": ("app/jupyter_servers",),
    "tornado": ("app/jupyter_servers",),
    "lazy_loader": ("", "explain", "image", "media", "motion", "translate", "vgg", "video"),
}

# Packages whose names are loaded when they are first used; their stubs list the names.
LAZY = HOMES["lazy_loader"]

# Which modules may use TensorFlow and OpenCV, through the modules that import them.
USERS = {
    "vgg/runtime": (
        "vgg",
        "losses",
        "image/objective",
        "image/tiles",
        "image/tile_style",
        "image/batch",
        "image/xla",
        "exercises/answers",
        "exercises/temporal",
        "app/interrupts",  # a signal ends its import at once
        "app/doctor",  # says what TensorFlow computes on
        "video/few_shot_network",
    ),
    "media/opencv": (
        "motion",
        "media",
        "image/smoothing",
        "video/carried_key",
        "video/guides",
        "app/doctor",
    ),
}

# What a user starts or looks at may print; the library never does.
PRINTING = ("app", "widgets")

MAX_LINES, MIN_LINES = 450, 25
MAX_LOOSE_MODULES = 6


def module_of(path: Path) -> str:
    """`media/images` of stylekit/media/images.py, `media` of its __init__.py, `` of stylekit's."""
    inner = path.parent if path.stem == "__init__" else path.with_suffix("")
    return "" if inner == PACKAGE else inner.relative_to(PACKAGE).as_posix()


def top_of(module: str) -> str:
    """`media` of media/images."""
    return module.split("/")[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports_of(path: Path) -> frozenset[tuple[str, str]]:
    """(kind, name) of every import, also inside functions: ("own", "media/images") or
    ("other", "PIL")."""
    return frozenset(_imports_of(path))


def _imports_of(path: Path) -> Iterator[tuple[str, str]]:
    here = path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names = alias.name.split(".")
                yield (
                    ("own", own_module(names[1:]))
                    if names[0] == "stylekit"
                    else (
                        "other",
                        names[0],
                    )
                )
        elif isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level]) if node.level else []
            names = (node.module or "").split(".") if node.module else []
            if not node.level and names[0] != "stylekit":
                yield "other", names[0]
                continue
            base += names if node.level else names[1:]
            for alias in node.names:
                yield "own", own_module([*base, alias.name])


def own_module(parts: list[str]) -> str:
    """The module that `parts` name; the last part may be a name inside that module."""
    for length in (len(parts), len(parts) - 1):
        name = "/".join(parts[:length])
        if (PACKAGE / f"{name}.py").is_file() or (PACKAGE / name / "__init__.py").is_file():
            return name
    raise AssertionError(f"no module {parts}")


def belongs(module: str, homes: tuple[str, ...]) -> bool:
    return any(module == home or module.startswith(f"{home}/") for home in homes)


def public_definitions(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Public functions and classes, and the public methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    member
                    for member in node.body
                    if isinstance(member, ast.FunctionDef) and not member.name.startswith("_")
                )


def test_imports_are_read_as_they_are() -> None:
    """Otherwise the rules below would hold for anything."""
    found = imports_of(PACKAGE / "media" / "images.py")
    assert {("own", "arrays"), ("own", "media/files"), ("other", "PIL")} <= found
    assert ("own", "app/batch") in imports_of(PACKAGE / "app" / "cli.py")
    assert ("own", "") in imports_of(PACKAGE / "media" / "provenance.py")  # __version__


def test_modules_import_only_from_those_above_them() -> None:
    upward = [
        f"{module_of(path)} imports {name}"
        for path in FILES
        if module_of(path)
        for kind, name in imports_of(path)
        if kind == "own" and name and top_of(name) != top_of(module_of(path))
        if ORDER.index(top_of(name)) > ORDER.index(top_of(module_of(path)))
    ]
    assert upward == []


def test_modules_import_from_each_other_and_not_through_lazy_packages() -> None:
    """Otherwise a name of `stylekit` could lead back up without being seen."""
    through = []
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                through += [path for alias in node.names if alias.name == "stylekit"]
            elif isinstance(node, ast.ImportFrom) and node.module is None:
                package = path.parents[node.level - 1].relative_to(PACKAGE).as_posix()
                package = "" if package == "." else package
                through += [
                    f"{module_of(path)} imports {alias.name}"
                    for alias in node.names
                    if package in LAZY and alias.name != "__version__"
                    if own_module([*filter(None, [package]), alias.name]) == package
                ]
    assert through == []


def test_the_package_has_the_layout_of_the_table() -> None:
    tops = {top_of(module_of(path)) for path in FILES} - {""}
    assert tops == set(ORDER)
    assert len(list(PACKAGE.glob("*.py"))) <= MAX_LOOSE_MODULES
    deep = [path for path in FILES if len(module_of(path).split("/")) > 2]
    assert {top_of(module_of(path)) for path in deep} <= {"widgets"}


def test_there_is_no_circle_of_imports() -> None:
    """Within a package too, where the order says nothing."""
    graph = {
        module_of(path): {name for kind, name in imports_of(path) if kind == "own"}
        for path in FILES
    }
    # A package's __init__ gathers names from its modules, which name it when they import those.
    packages = {module for module in graph if (PACKAGE / module / "__init__.py").is_file()}
    graph = {module: names - packages for module, names in graph.items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(FILES) - len(packages)


def test_every_dependency_has_one_home() -> None:
    known = sys.stdlib_module_names | {"numpy"}
    wrong = []
    for path in FILES:
        module = module_of(path)
        for kind, name in imports_of(path):
            if kind == "own" and name in USERS:
                allowed = belongs(module, USERS[name]) or name == module
            elif kind == "other" and name not in known:
                allowed = belongs(module, HOMES.get(name, ()))
            else:
                continue
            if not allowed:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_every_module_and_public_name_says_what_it_is_for() -> None:
    silent = []
    for path in FILES:
        tree = tree_of(path)
        if not ast.get_docstring(tree):
            silent.append(module_of(path))
        definitions = list(public_definitions(tree))
        # What a base class of the same file explains is not explained again.
        said = {node.name for node in definitions if ast.get_docstring(node)}
        silent += [
            f"{module_of(path)}: {node.name}" for node in definitions if node.name not in said
        ]
    assert silent == []


def test_files_are_neither_long_nor_tiny() -> None:
    lines = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for pattern in ("*.py", "*.js", "*.css")
        for path in PACKAGE.rglob(pattern)
    }
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}
    assert {
        name: count
        for name, count in lines.items()
        if count < MIN_LINES and not name.endswith("__init__.py")
    } == {}


def test_public_functions_name_all_their_arguments() -> None:
    unnamed = [
        f"{module_of(path)}: {node.name}"
        for path in FILES
        for node in public_definitions(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.args.kwarg is not None
    ]
    assert unnamed == []


def test_the_library_does_not_print() -> None:
    printing = [
        f"{module_of(path)}, line {node.lineno}"
        for path in FILES
        if not belongs(module_of(path), PRINTING)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_nothing_is_called_utils() -> None:
    assert not [path for path in FILES if "util" in path.stem or path.stem in ("common", "misc")]


def loaded_with(*modules: str) -> dict[str, set[str]]:
    """The dependencies that are in memory once a process has imported these modules, by module.

    One process imports them one after another, so each also has what those before it loaded.
    """
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "    print(*sys.modules)", *modules],
        capture_output=True,
        text=True,
        check=True,
    )
    dependencies = HOMES.keys() | {"numpy"}
    lines = done.stdout.splitlines()
    return {
        name: dependencies & set(line.split()) for name, line in zip(modules, lines, strict=True)
    }


def test_importing_stylekit_is_light() -> None:
    assert loaded_with("stylekit")["stylekit"] <= {"lazy_loader"}


@pytest.mark.slow
def test_modules_load_tensorflow_and_opencv_only_when_they_use_them() -> None:
    """So reading a table costs nothing, and the doctor works where either is broken."""
    names = ("explain.pixel", "app.doctor", "app.cli", "plots", "widgets")
    loaded = loaded_with(*(f"stylekit.{name}" for name in names))
    heavy = {"cv2", "tensorflow", "keras"}
    assert {name: heavy & found for name, found in loaded.items() if heavy & found} == {}
