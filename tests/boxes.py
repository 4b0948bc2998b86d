"""Where things lie on a page, for tests of layouts: picture, loss curve, and three sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# What somebody who tunes a painting looks at and moves.
TOGETHER = ("picture", "curve", "strength", "beta", "gamma")
LEAST_PICTURE_PX = 220

# [left, top, right, bottom] of each, and of the part of the window in which the page is seen.
_BOXES = """(scope) => {
    const box = (found) => {
        const { left, top, right, bottom } = found.getBoundingClientRect();
        return [left, top, right, bottom];
    };
    const all = [...document.querySelectorAll(scope)].find((each) => each.offsetParent !== null);
    const sliders = [...all.querySelectorAll(".stylekit-hands .stylekit-weights .rows .slider")];
    const scroller = all.closest(".jp-WindowedPanel-outer");
    const window = [0, 0, innerWidth, innerHeight];
    return {
        picture: box(all.querySelector(".stylekit-live .stylekit-frame")),
        curve: box(all.querySelector(".stylekit-curve canvas")),
        strength: box(sliders[0]),
        beta: box(sliders[2]),
        gamma: box(sliders[3]),
        seen: scroller ? box(scroller) : window,
    };
}"""


def check_together(page: Page, scope: str = ".stylekit-player-grid") -> None:
    """Fail unless picture, curve and sliders are wholly in sight, and the picture worth a look."""
    boxes = page.evaluate(_BOXES, scope)
    left, top, right, bottom = boxes["seen"]
    hidden = {
        name: boxes[name]
        for name in TOGETHER
        if not (
            left <= boxes[name][0] < boxes[name][2] <= right
            # Half a pixel is rounding.
            and top - 0.5 <= boxes[name][1] < boxes[name][3] <= bottom + 0.5
        )
    }
    assert not hidden, (hidden, boxes["seen"])
    picture = boxes["picture"]
    assert picture[3] - picture[1] >= LEAST_PICTURE_PX, picture
