"""The house rules, read from the sources: who may import whom, and where each dependency lives."""

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

# A module, or a package as a whole, imports only from floors below its own.
FLOORS = (
    ("errors", "arrays"),
    ("choices",),
    ("settings",),
    ("samples",),
    ("media",),
    ("vgg",),
    ("losses",),
    ("motion",),
    ("image",),
    ("video",),
    ("scenes",),
    ("explain",),
    ("translate",),
    ("plots",),
    ("widgets",),
    ("app",),
)

# Where each package that is not Python's own, or NumPy, may be imported.
HOMES = {
    "PIL": ("media",),
    "pillow_heif": ("media",),
    "av": ("media", "app/doctor"),  # the doctor looks whether it works
    "moviepy": ("media",),
    "imageio_ffmpeg": ("media", "app/doctor"),
    "c2pa": ("media",),
    "cryptography": ("media",),
    "cv2": ("media/opencv",),
    "h5py": ("vgg/weights",),
    "keras": ("vgg/weights",),
    "tensorflow": ("vgg/runtime",),
    "matplotlib": ("plots", "media/compare"),  # which sets titles in matplotlib's font
    "tqdm": ("app/progress",),
    "ipywidgets": ("widgets",),
    "skimage": ("scenes/stereo",),
    "anywidget": ("widgets",),
    "traitlets": ("widgets", "app"),
    "IPython": ("widgets",),
    "jupyterlab": ("app/lab",),
    "jupyter_server": ("app/visitors",),
    "voila": ("app/studio_server",),
    "tornado": ("app/studio_server", "app/server_log"),
}

# Packages whose names are loaded when they are first used; their stubs list the names.
LAZY = (".", "explain", "image", "media", "motion", "translate", "vgg", "video")

# Who may speak to TensorFlow and OpenCV through their doors.
GUESTS = {
    "vgg/runtime": (
        "vgg/convolution",
        "vgg/features",
        "losses",
        "image/objective",
        "image/xla",
        "image/batch",
        "app/progress",
    ),
    "media/opencv": ("motion", "media", "app/doctor"),
}

SPEAKERS = ("app/cli", "app/progress", "app/run", "app/demo", "app/doctor", "widgets")


def module_of(path: Path) -> str:
    """`media/images` of stylekit/media/images.py, `media` of its __init__.py."""
    inner = path.parent if path.stem == "__init__" else path.with_suffix("")
    return inner.relative_to(PACKAGE).as_posix()


def room_of(module: str) -> str:
    """`media` of media/images: packages stand on one floor as a whole."""
    return module.split("/")[0]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """(kind, name) of every import, also inside functions: ("own", "media/images") or
    ("other", "PIL")."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from classify(alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level]) if node.level else []
            names = (node.module or "").split(".") if node.module else []
            if not node.level and names[0] != "stylekit":
                yield "other", names[0]
                continue
            base += names if node.level else names[1:]
            for alias in node.names:
                yield "own", own_module([*base, alias.name])


def classify(names: list[str]) -> Iterator[tuple[str, str]]:
    yield ("own", own_module(names[1:])) if names[0] == "stylekit" else ("other", names[0])


def own_module(parts: list[str]) -> str:
    """The module that `parts` name, whose last may be something inside of it."""
    for length in (len(parts), len(parts) - 1):
        name = "/".join(parts[:length])
        if (PACKAGE / f"{name}.py").is_file() or (PACKAGE / name / "__init__.py").is_file():
            return name
    raise AssertionError(f"no module {parts}")


def belongs(module: str, homes: tuple[str, ...]) -> bool:
    return any(module == home or module.startswith(f"{home}/") for home in homes)


def floor_of(room: str) -> int:
    for number, floor in enumerate(FLOORS):
        if room in floor:
            return number
    raise AssertionError(f"give {room} a floor")


every_file = pytest.mark.parametrize("path", FILES, ids=module_of)


def test_imports_are_read_as_they_are() -> None:
    """Or the rules below would hold for anything."""
    found = set(imports_of(PACKAGE / "media" / "images.py"))
    assert {("own", "arrays"), ("own", "media/files"), ("other", "PIL")} <= found
    assert ("own", "app/run") in set(imports_of(PACKAGE / "app" / "cli.py"))  # inside a function
    assert ("own", "") in set(imports_of(PACKAGE / "media" / "provenance.py"))  # __version__


@every_file
def test_every_module_stands_on_a_floor_and_imports_from_below(path: Path) -> None:
    room = room_of(module_of(path))
    if room == ".":
        assert list(imports_of(path)) == [("other", "lazy_loader")]
        return
    own = floor_of(room)
    for kind, name in imports_of(path):
        if kind == "own" and name and room_of(name) != room:
            assert floor_of(room_of(name)) < own, f"{room} imports {name}"


@every_file
def test_modules_import_from_each_other_and_not_through_the_lazy_packages(path: Path) -> None:
    """Or a name of `stylekit` would lead back up without anybody seeing it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            assert "stylekit" not in [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is None:
            package = path.parents[node.level - 1].relative_to(PACKAGE).as_posix()
            for alias in node.names:
                is_module = own_module([*package.split("/"), alias.name]) != package
                assert package not in LAZY or is_module or alias.name == "__version__"


def test_no_module_imports_itself_by_a_detour() -> None:
    """Within a package too, where floors say nothing."""
    graph = {
        module_of(path): {name for kind, name in imports_of(path) if kind == "own"}
        for path in FILES
    }
    # A package's __init__ gathers names from its modules, which name it when they import those.
    gates = {module for module in graph if (PACKAGE / module / "__init__.py").is_file()}
    graph = {module: names - gates for module, names in graph.items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(FILES) - len(gates)


@every_file
def test_every_dependency_has_one_home(path: Path) -> None:
    module = module_of(path)
    for kind, name in imports_of(path):
        if kind == "own":
            if name in GUESTS:
                assert belongs(module, GUESTS[name]), f"{module} imports {name}"
        elif name == "lazy_loader":
            assert path.stem == "__init__" and module in LAZY
        elif name not in sys.stdlib_module_names and name != "numpy":
            assert name in HOMES, f"give {name} a home"
            assert belongs(module, HOMES[name]), f"{module} imports {name}"


@every_file
def test_every_module_and_public_name_says_what_it_is_for(path: Path) -> None:
    tree = tree_of(path)
    assert ast.get_docstring(tree)
    definitions = list(public_definitions(tree))
    # What a base class of the same file explains is not explained again.
    said = {node.name for node in definitions if ast.get_docstring(node)}
    assert [f"{node.name}:{node.lineno}" for node in definitions if node.name not in said] == []


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


@every_file
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


@every_file
def test_no_public_function_takes_arguments_without_a_name(path: Path) -> None:
    for definition in public_definitions(tree_of(path)):
        if isinstance(definition, ast.FunctionDef):
            assert definition.args.kwarg is None, definition.name


@every_file
def test_only_what_a_user_starts_prints(path: Path) -> None:
    if belongs(module_of(path), SPEAKERS):
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"print in line {node.lineno}"


def test_nothing_is_called_utils() -> None:
    assert not [path for path in FILES if "util" in path.stem or path.stem in ("common", "misc")]


def test_importing_stylekit_is_light() -> None:
    code = "import sys, stylekit; print([n for n in sys.argv[1:] if n in sys.modules])"
    heavy = [*HOMES, "numpy"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "module", ["settings", "samples", "app.cli", "plots", "vgg.weights", "explain.pixel"]
)
def test_what_needs_no_tensorflow_does_not_load_it(module: str) -> None:
    assert "tensorflow" not in loaded_with(module)


@pytest.mark.parametrize(
    "module", ["motion.flow", "motion.masks", "vgg.features", "app.options", "app.doctor"]
)
def test_modules_that_need_opencv_or_tensorflow_load_them_when_they_are_used(module: str) -> None:
    """So the names in a table cost nothing, and the doctor works where either is broken."""
    assert not {"cv2", "tensorflow", "keras"} & loaded_with(module)


def loaded_with(module: str) -> set[str]:
    """The dependencies that are in memory once a process has imported `stylekit.<module>`."""
    code = f"import sys, stylekit.{module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return HOMES.keys() & set(done.stdout.split())
