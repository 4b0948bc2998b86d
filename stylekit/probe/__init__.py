"""Why a pixel of a painted clip looks as it does: where its colour came from, and what pulls at it.

>>> run = open_run("drift.run-0123abcd")
>>> report = probe_pixel(run, 7, x=40, y=22)
>>> explain(report)
'This pixel has been carried for 3 frames, since frame 4. …'
"""

from .pixel import PixelReport, Readings, TrueVerdict, Verdict, probe_pixel
from .pull import PullMaps, Shares, pull_maps
from .stored_run import FrameMotion, StoredRun, open_run
from .trail import CARRIED, age_map, path_of
from .words import explain

__all__ = [
    "CARRIED",
    "FrameMotion",
    "PixelReport",
    "PullMaps",
    "Readings",
    "Shares",
    "StoredRun",
    "TrueVerdict",
    "Verdict",
    "age_map",
    "explain",
    "open_run",
    "path_of",
    "probe_pixel",
    "pull_maps",
]
