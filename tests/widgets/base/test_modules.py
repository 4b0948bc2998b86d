"""The JavaScript of the widgets: how modules are joined, and what each imports and exports."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import stylekit
from stylekit.widgets.base.modules import bundle, stylesheet

WIDGETS = Path(stylekit.__file__).parent / "widgets"
FILES = sorted(WIDGETS.rglob("*.js"))
# A browser gets the text of each of these; the others are only imported.
ENTRIES = [path for path in FILES if "export default" in path.read_text(encoding="utf-8")]
NODE = shutil.which("node")

IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"([^"]*)"', re.M)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) ([\w$]+)", re.M)

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
every_entry = pytest.mark.parametrize("path", ENTRIES, ids=lambda path: path.name)
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def imports_of(path: Path) -> list[tuple[Path, list[str]]]:
    return [
        (
            (path.parent / target).resolve(),
            [name.strip() for name in names.split(",") if name.strip()],
        )
        for names, target in IMPORT.findall(path.read_text(encoding="utf-8"))
    ]


def exports_of(path: Path) -> list[str]:
    return EXPORT.findall(path.read_text(encoding="utf-8"))


def write(folder: Path, **files: str) -> Path:
    """Files of JavaScript by their stems; gives the last one's path."""
    path = folder
    for stem, text in files.items():
        path = folder / f"{stem}.js"
        path.write_text(text, encoding="utf-8")
    return path


def run(text: str, expression: str, folder: Path) -> str:
    """What Node prints for `expression`, in which `main` is the module with this text."""
    assert NODE
    (folder / "bundle.mjs").write_text(text, encoding="utf-8")
    script = f'import * as main from "./bundle.mjs"; console.log({expression});'
    (folder / "script.mjs").write_text(script, encoding="utf-8")
    command = [NODE, str(folder / "script.mjs")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@needs_node
def test_modules_with_the_same_private_name_do_not_disturb_each_other(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        one='const word = "one";\nexport function one() {\n  return word;\n}\n',
        two='const word = "two";\nexport const two = () => word;\n',
        main='import { one } from "./one.js";\nimport { two } from "./two.js";\n\n'
        'const word = "main";\nfunction render() {\n  return [one(), two(), word].join();\n}\n\n'
        "export default { render };\n",
    )
    assert run(bundle(entry), "main.default.render()", tmp_path) == "one,two,main"


@needs_node
def test_a_module_is_run_once_and_after_those_that_it_imports(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write(tmp_path / "base", log="export const log = [];\n")
    entry = write(
        tmp_path,
        low='import { log } from "./base/log.js";\nlog.push("low");\nexport class Low {}\n',
        high='import { Low } from "./low.js";\nimport { log } from "./base/log.js";\n'
        "log.push(`high after ${Low.name}`);\nexport async function high() {}\n",
        main='import {\n  log,\n} from "./base/log.js";\nimport { high } from "./high.js";\n'
        'import { Low } from "./low.js";\nlog.push(`main after ${high.name} ${Low.name}`);\n'
        "export const entries = log;\n",
    )
    printed = run(bundle(entry), "main.entries.join()", tmp_path)
    assert printed == "low,high after Low,main after high Low"


@pytest.mark.parametrize(
    "form",
    [
        'import dom from "./other.js";',
        'import * as dom from "./other.js";',
        'import { a as b } from "./other.js";',
        'import "./other.js";',
        'import { a } from "other";',
        'import { a } from "https://example.org/other.js";',
        '  import { a } from "./other.js";',
        'const dom = await import("./other.js");',
        "const here = import.meta.url;",
        "export { a };",
        'export { a } from "./other.js";',
        'export * from "./other.js";',
        "export let a = 1;",
        "export const { a } = b;",
        "export default render;",
        "export default function render() {}",
    ],
)
def test_other_forms_are_refused_with_their_place(tmp_path: Path, form: str) -> None:
    write(tmp_path, other="export const a = 1;\n")
    entry = write(tmp_path, main=f"// A comment.\n\n{form}\n")
    message = f"main.js, line 3: this form is not supported: {form.strip()}"
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        bundle(entry)


def test_a_name_that_is_not_exported_is_refused(tmp_path: Path) -> None:
    write(tmp_path, other="export const a = 1;\nconst b = 2;\n")
    entry = write(tmp_path, main='import { a, b } from "./other.js";\n')
    with pytest.raises(ValueError, match=r"main\.js, line 1: \./other\.js does not export b$"):
        bundle(entry)


def test_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    entry = write(tmp_path, main='\nimport { a } from "./gone.js";\n')
    with pytest.raises(ValueError, match=r"main\.js, line 2: there is no file .*gone\.js"):
        bundle(entry)


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        one='import { two } from "./two.js";\nexport const one = 1;\n',
        two='import { one } from "./one.js";\nexport const two = 2;\n',
    )
    with pytest.raises(ValueError, match=r"one\.js, line 1: \./two\.js imports this module"):
        bundle(entry)


def test_a_stylesheet_is_its_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "one.css").write_text("a {}\n")
    (tmp_path / "two.css").write_text("b {}\n")
    assert stylesheet(tmp_path / "one.css", tmp_path / "two.css") == "a {}\n\nb {}\n"


@every_file
def test_every_import_names_something_that_exists_and_is_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target, names in imports_of(path):
        assert set(names) <= set(exports_of(target))
        for name in names:
            assert len(re.findall(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", text)) > 1, name


def test_everything_exported_is_imported_by_another_file() -> None:
    imported = {
        (target, name) for path in FILES for target, names in imports_of(path) for name in names
    }
    exported = {(path, name) for path in FILES for name in exports_of(path)}
    assert exported == imported
    targets = {target for target, _ in imported}
    assert set(ENTRIES).isdisjoint(targets)
    assert set(FILES) == {*ENTRIES, *targets}


@needs_node
@every_entry
def test_what_the_browser_gets_is_a_module(path: Path, tmp_path: Path) -> None:
    assert NODE
    module = tmp_path / "bundle.mjs"
    module.write_text(bundle(path), encoding="utf-8")
    subprocess.run([NODE, "--check", str(module)], check=True)
    # Nothing runs before the page asks for it, so that even Node, which has no page, can import it.
    assert run(bundle(path), "typeof main.default.render", tmp_path) == "function"


@every_entry
def test_the_browser_is_told_to_load_nothing_else(path: Path) -> None:
    assert not re.search(r"^\s*import\b|\bimport\s*\(", bundle(path), re.M)


@every_file
def test_no_file_is_too_short_or_too_long(path: Path) -> None:
    assert 25 <= len(path.read_text(encoding="utf-8").splitlines()) <= 450
