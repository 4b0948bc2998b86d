"""axe-core in an open page: what would keep people out of it.

The script comes from a Python package; neither npm nor a network is needed.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

GRAVE = ("serious", "critical")

_RUN = """async ([scope, rules]) => {
    const off = Object.fromEntries(rules.map((rule) => [rule, { enabled: false }]));
    const results = await axe.run(scope ?? document, { resultTypes: ["violations"], rules: off });
    return results.violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => [
        impact, `${id} (${node.impact ?? impact}) at ${node.target.join(" ")}: `
            + node.failureSummary.split("\\n").slice(1).map((line) => line.trim()).join("; "),
    ]));
}"""


def grave_faults(
    page: Page, *, scope: str | None = None, exceptions: Collection[str] = ()
) -> list[str]:
    """The serious and critical violations, one line each: rule, element, and what is wrong.

    `scope` is a selector of the part to look at. `exceptions` are names of rules that are not
    checked; say why where you give one.
    """
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate((files(package) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(_RUN, [scope, list(exceptions)])
    return [text for impact, text in found if impact in GRAVE]
