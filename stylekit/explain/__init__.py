"""Why a result looks as it does: what pulls at a pixel, and what other settings would give.

::

    run = open_run("drift.run-0123abcd")
    report = probe_pixel(run, 7, x=40, y=22)
    print(explain(report))  # This pixel has been carried for 3 frames, since frame 4. …
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
