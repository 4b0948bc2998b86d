"""The options of the commands for a class: `stylekit course` and `stylekit gallery`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_course(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylekit course`."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        default=Path("stylekit-course"),
        help="folder for the two folders: release for students, source with solutions "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace notebooks that are there already"
    )


def add_gallery(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylekit gallery`."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        help="a folder with results and the .json files beside them, also in folders inside it",
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="OUT",
        type=Path,
        default=Path("gallery.html"),
        help="the page, one file that needs nothing else: .html (default: %(default)s)",
    )
    parser.add_argument(
        "--title",
        metavar="TEXT",
        default="Gallery",
        help="what stands above (default: %(default)s)",
    )
    parser.add_argument(
        "--names",
        action="store_true",
        help="show who made each result: the folder in FOLDER that it is in, and the author that "
        "the picture names; without this option no names are shown",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the page if it is there already"
    )
