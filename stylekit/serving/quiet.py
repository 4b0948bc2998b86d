"""Servers that say only what somebody can act on."""

from __future__ import annotations

import logging


def quiet_jupyter() -> None:
    """Leave out of the console what Jupyter tells its own developers, for this process."""
    # How often connections are pinged; what in Jupyter is deprecated.
    logging.captureWarnings(True)
    for name in ("tornado", "py.warnings"):
        logging.getLogger(name).setLevel(logging.ERROR)
