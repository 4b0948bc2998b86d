"""Hints for every exercise, in three levels: where to look, how to go about it, nearly the line."""

from __future__ import annotations

from ..errors import SettingsError

HINTS: dict[str, tuple[str, str, str]] = {
    "content": (
        "The content loss compares two arrays of one shape number by number. Which differences "
        "must not cancel each other, and what is done so that they do not?",
        "Take the difference of the two arrays, make every number of it positive by squaring it, "
        "and take the mean over all of them: positions and filters.",
        "In NumPy the mean over everything is np.mean(...), in TensorFlow tf.reduce_mean(...); "
        "inside stands the square of the difference. One number comes out.",
    ),
    "gram": (
        "The entry G[i, j] says how strongly filter i and filter j respond together, over all "
        "positions. Which axes must be gone in the end, and which must be there twice?",
        "First turn (h, w, N) into a table of M = h·w rows, one for each position, and N columns, "
        "one for each filter. Then each entry of G is the product of two columns, summed.",
        "With the table called F, a matrix product of F turned on its side with F itself gives "
        "(N, N). What is left is to divide by the number of positions, which is the number of rows "
        "of F.",
    ),
    "shuffled": (
        "A position is a row and a column of the picture, with all of its N filters. They must "
        "stay together.",
        "Make a table of the features with one row for each position. Put its rows into the new "
        "order, and make an array of the old shape of it again.",
        "features.reshape(-1, N) is such a table. An array can be indexed with an array of "
        "numbers: table[order] has row order[k] of the table as its row k.",
    ),
    "temporal": (
        "The mask says for each pixel how much it counts. It must act before anything is summed "
        "over pixels.",
        "Square the difference of the two pictures; multiply each pixel by its mask, which needs a "
        "third axis for the three colours; then take the mean over all values.",
        "mask[..., None] has the shape (H, W, 1) and is repeated over the colours. In TensorFlow, "
        "use tf functions on the image itself: .numpy(), np functions, tf.constant and "
        "tf.stop_gradient cut the way back to it.",
    ),
    "warp": (
        "Each pixel of the result asks: where do I fetch my colour? It never asks where a pixel "
        "of the old picture goes.",
        "For each place (x, y) of the result, go to (x + flow[y, x, 0], y + flow[y, x, 1]) in the "
        "picture. That is between four pixels: weigh them by how near they are. Keep the place "
        "inside the picture first.",
        "np.clip keeps x within 0 and W−1, and y within 0 and H−1. With x0 the whole part and a "
        "the rest of x, and y0 and b the same of y: mix the pixels (x0, y0) and (x0+1, y0), the "
        "second by the share a; do the same in the row below, y0+1; then mix the two rows, the "
        "lower one by the share b.",
    ),
    "disocclusion": (
        "Go there, and come back: a pixel that was visible in both frames ends where it began.",
        "You stand at p and go along `backward` to p + backward(p). Which flow do you find there? "
        "That one is read from `forward` by warping it, because it lies on the grid of the other "
        "frame.",
        "back = sk.warp(forward, backward) is w̃ on the grid of this frame. Now |back + backward|² "
        "is a sum of squares over the last axis; compare it with the right-hand side.",
    ),
    "warm_start": (
        "Where is something known about the past of a pixel, and where is nothing?",
        "Carry the previous painting along the flow. Where the mask is 1 take that, where it is 0 "
        "take the fresh picture, and in between mix the two.",
        "A mix of two pictures is c · one + (1 − c) · other, with c = mask[..., None]. "
        "sk.warp carries a picture along.",
    ),
    "chain": (
        "Walk with one pixel p. Where is it after the first way, and which flow leads on from "
        "there?",
        "The second flow lies on the grid of the frame in the middle. For each pixel p it is to be "
        "read at p + first(p), which mostly lies between four pixels. Then both ways are added.",
        "sk.warp(second, first) reads the second flow at p + first(p): it carries along any array "
        "(H, W, …), not only pictures. One sum is left to be written.",
    ),
    "patches": (
        "What is the distance of two patches? And which of the m distances of one wanted patch do "
        "you ask for: the number itself, or where it stands?",
        "For one wanted patch, take the difference to every known patch, square it and sum over "
        "the D numbers. np.argmin says where the smallest of these m sums stands. Do that for each "
        "wanted patch.",
        "In a loop over the rows of `wanted`, ((known - row) ** 2).sum(axis=1) are the m "
        "distances of a row; collect their argmin in a list and make an array of it. Without a "
        "loop, wanted[:, None] - known has the shape (n, m, D).",
    ),
    "broken": (
        "Look at one thing at a time: flow, mask, forces, strip, numbers. Which of them differs "
        "from the column of the correct code?",
        "Start with the arrows: do they lead to where the paint should be fetched from? Then the "
        "mask: are both kinds of untrusted places black? Then the forces: does every term pull?",
        "If flow, mask and forces look right, the mistake is in the losses themselves or in the "
        "optimiser: compare the loss in the program with that of the file, and the content that "
        "is left.",
    ),
}


class Hint(str):
    """A hint, which shows itself without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def hint(exercise: str, level: int = 1) -> Hint:
    """What helps with an exercise, without its answer.

    Parameters
    ----------
    exercise : a name in `HINTS`: "content", "gram", "shuffled", "temporal", "warp",
        "disocclusion", "warm_start", "chain", "patches" or "broken".
    level : 1 says where to look, 2 how to go about it, 3 nearly all.

    Raises
    ------
    SettingsError : for another name or level.

    Examples
    --------
    >>> hint("warm_start")
    Where is something known about the past of a pixel, and where is nothing?
    """
    if exercise not in HINTS:
        raise SettingsError("exercise", f"must be one of {', '.join(HINTS)}, is {exercise!r}")
    if level not in (1, 2, 3):
        raise SettingsError("level", f"must be 1, 2 or 3, is {level!r}")
    return Hint(HINTS[exercise][level - 1])
