"""Two layers of the network in place of five, for tests that are about something else.

Reading weights, calibrating, compiling and stepping take a tenth of the time with them. What
depends on depth is tested with the layers of the defaults: `whole_settings`.
"""

from __future__ import annotations

from typing import Any

import pytest

from stylekit.settings import ImageSettings

SHALLOW: dict[str, Any] = {
    "content_layers": ("block2_conv1",),
    "style_layers": ("block1_conv1", "block2_conv1"),
}

IN_PYTHON = f"""\
from stylekit.settings import ImageSettings
ImageSettings.__init__.__kwdefaults__.update({SHALLOW!r})
"""
"""The same as `make_shallow`, for programs that tests start."""


def make_shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let settings that name no layers have these, as those of the command line do."""
    for name, layers in SHALLOW.items():
        monkeypatch.setitem(ImageSettings.__init__.__kwdefaults__, name, layers)
