"""The options of the commands that serve pages: `stylekit lab` and `stylekit studio`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_lab(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylekit lab`."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        default=Path("stylekit-notebooks"),
        help="folder for the notebooks; those that you have changed are kept "
        "(default: %(default)s)",
    )
    _add_serving(parser)


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        metavar="N",
        type=int,
        help="port of the server, which only this machine can reach "
        "(default: the usual port, or a free one)",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, but open no browser"
    )
    parser.add_argument(
        "--base-url",
        metavar="PATH",
        default="/",
        help="the path below which all pages are, such as /studio/, for a proxy that hands on only "
        "that path (default: %(default)s)",
    )


def add_studio(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylekit studio`."""
    parser.add_argument(
        "--folder",
        metavar="FOLDER",
        type=Path,
        help="where results are kept, with what they were made from, until you delete them "
        "(default: the folder stylekit of your home folder)",
    )
    parser.add_argument(
        "--visitors",
        metavar="N",
        type=int,
        help="how many browsers may have a page at once; each takes up to 1 GB of memory while it "
        "paints (default: 8)",
    )
    parser.add_argument(
        "--upload-gb",
        metavar="X",
        type=float,
        help="how many GB of files are taken from each visitor in all (default: 4)",
    )
    _add_serving(parser)
