"""Servers that say only what somebody can act on."""

from __future__ import annotations

import logging
import signal

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

# What ends a server in peace: Ctrl-C, and a polite kill. While it ends, a second changes nothing.
ENDS = (signal.SIGINT, signal.SIGTERM)


def quiet_jupyter() -> None:
    """Leave out of the console what Jupyter tells its own developers, for this process."""
    # How often connections are pinged; what in Jupyter is deprecated.
    logging.captureWarnings(True)
    for name in ("tornado", "py.warnings"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("asyncio").addFilter(is_no_closed_page)


def is_no_closed_page(record: logging.LogRecord) -> bool:
    """False for a message that was under way to a page when that was closed."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, WebSocketClosedError | StreamClosedError)
