"""One text of JavaScript, and one of CSS, for each widget, from the files that it is written in.

Each JavaScript file is a module that says with `import` and `export` what it shares with others.
A browser, however, receives the JavaScript of a widget as a single text without an address, and
such a text cannot import other files. `bundle` therefore joins a module and everything that it
imports into one text, in which every module becomes a function and so keeps its own scope:

    const $module1 = (() => {
    …the text of dom.js…
    return { element, button };
    })();
    const $module2 = (() => {
    const { element } = $module1;
    …the text of upload.js…
    return { default: $default };
    })();
    export default $module2.default;

Only the following forms are supported, each at the start of a line. Any other raises ValueError.

    import { first, second } from "./other.js";
    export function name(…)
    export async function name(…)
    export class Name
    export const name =
    export default { … };
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(
    rf'import \{{\s*({_NAME}(?:,\s*{_NAME})*),?\s*\}} from "(\.\.?/[^"\n]+\.js)";[ \t]*$', re.M
)
_EXPORT = re.compile(rf"export (?=(?:(?:async )?function|class|const) ({_NAME})\b)")
_DEFAULT = re.compile(r"export default (?=\{)")
# Also the two forms that may stand inside a line: `import(…)` and `import.meta`.
_STATEMENT = re.compile(r"^[ \t]*(?:import|export)\b|\bimport\s*(?:\(|\.\s*meta\b)", re.M)


class _Module(NamedTuple):
    variable: str
    exports: list[str]
    text: str


@cache
def bundle(entry: Path) -> str:
    """The module in the file `entry` and all modules that it imports, as the text of one module.

    The text exports what `entry` exports. A module comes after those that it imports, and only
    once. Raises ValueError, which names file and line, for a form of `import` or `export` that is
    not supported, a file that does not exist, a name that the other file does not export, and
    modules that import each other in a circle.
    """
    modules: dict[Path, _Module] = {}
    main = _add(entry.resolve(), modules, ())
    lines = [module.text for module in modules.values()]
    if names := [name for name in main.exports if name != "default"]:
        lines.append(f"export const {{ {', '.join(names)} }} = {main.variable};")
    if "default" in main.exports:
        lines.append(f"export default {main.variable}.default;")
    # The name that a browser's developer tools show.
    lines.append(f"//# sourceURL=stylekit/{entry.name}")
    return "\n".join(lines) + "\n"


def stylesheet(*files: Path) -> str:
    """The texts of these CSS files, one after the other."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _add(path: Path, modules: dict[Path, _Module], importers: tuple[Path, ...]) -> _Module:
    """Append the module of `path` to `modules`, after those that it imports, if it is not there."""
    if path in modules:
        return modules[path]
    source = path.read_text(encoding="utf-8")
    exports: list[str] = []
    parts, end = [], 0
    for statement in _STATEMENT.finditer(source):
        start = statement.start()
        number = source.count("\n", 0, start) + 1
        where = f"{path}, line {number}"
        if match := _IMPORT.match(source, start):
            names = [name.strip() for name in match[1].split(",")]
            target = (path.parent / match[2]).resolve()
            if target in (path, *importers):
                raise ValueError(f"{where}: {match[2]} imports this module in turn")
            if not target.is_file():
                raise ValueError(f"{where}: there is no file {target}")
            other = _add(target, modules, (path, *importers))
            if missing := [name for name in names if name not in other.exports]:
                raise ValueError(f"{where}: {match[2]} does not export {', '.join(missing)}")
            new = f"const {{ {', '.join(names)} }} = {other.variable};"
        elif match := _EXPORT.match(source, start):
            exports.append(match[1])
            new = ""
        elif match := _DEFAULT.match(source, start):
            exports.append("default")
            new = "const $default = "
        else:
            line = source.split("\n")[number - 1].strip()
            raise ValueError(f"{where}: this form is not supported: {line}")
        parts += [source[end:start], new]
        end = match.end()
    values = ["default: $default" if name == "default" else name for name in exports]
    variable = f"$module{len(modules) + 1}"
    body = "".join([*parts, source[end:]])
    text = f"const {variable} = (() => {{\n{body}\nreturn {{ {', '.join(values)} }};\n}})();"
    modules[path] = _Module(variable, exports, text)
    return modules[path]
