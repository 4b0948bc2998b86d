"""How much memory a picture needs to be painted, and how much is free, before work is spent.

The largest memory of the process is estimated as

    base + features · (pixels of a tile, or of all) + bytes · pixels + 12 · (pixels of all files)

The constants were measured with VGG16 on Linux, see docs/performance.md.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import SettingsError
from ..media.images import fitted_size
from ..settings import ImageSettings, OptimizerMethod, function_of, tunables
from ..vgg.statistics import STYLE_LOSSES, from_means
from . import tiles
from .optimizer import pairs_kept
from .scales import plan_scales
from .xla import worth_fusing

# Python, TensorFlow, the network's weights and what is compiled.
_BASE = 0.95e9
# What TensorFlow maps without filling it, in bytes.
_MAPPED = 1.5e9
# The bytes of the features of a pixel and their gradients, of a whole picture and of a tile. XLA
# keeps two thirds as much more; the features of the style are computed without gradients.
_FEATURES, _FEATURES_OF_TILE = 3600, 2800
_FUSED, _FORWARD = 1.65, 0.5
# The bytes of a float32 colour, and how many pictures of full size there are at a time besides the
# pairs of L-BFGS: the picture, the point that is tried, their gradients, the direction, the move,
# the content, a copy for who watches, and what TensorFlow needs for the terms of the picture alone.
_COLOR = 3 * 4
_PICTURES = 10

# The bytes of a mask: of a position of a file, and of a pixel of the picture, with what each layer
# has of it.
_MASK, _MASK_OF_PICTURE = 4, 16

_CHANNELS = (64, 128, 256, 512, 512)
_SIZE_STEP = 50

_LIMITS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""The files of the limit and the use of a control group, and what of the use is cache."""


def needed_memory(
    settings: ImageSettings,
    content: tuple[int, ...],
    *styles: tuple[int, ...],
    masks: int = 0,
    later_steps: int = 0,
) -> float:
    """The estimated bytes that a process takes to paint a picture, all that it holds included.

    Parameters
    ----------
    settings : Those of the picture.
    content, styles : The shapes `(H, W, …)` of the files.
    masks : The number of masks, in the size of the content.
    later_steps : For a frame of a clip, the most steps of all later frames together.
    """
    network = 0.0
    pixels = style_pixels = 0
    for scale in plan_scales(settings):
        size = fitted_size((content[1], content[0]), scale.size)
        pixels = size[0] * size[1]
        steps = max(scale.steps, later_steps)
        fused = scale.size == settings.size and worth_fusing(steps, size)
        network = max(network, _feature_bytes(pixels, settings.size) * (_FUSED if fused else 1))
        of_styles = _style_pixels(settings, scale.size, styles)
        style_pixels = sum(of_styles)
        network = max(network, _feature_bytes(max(of_styles), settings.size) * _FORWARD)
    pairs = 0
    if settings.optimizer is OptimizerMethod.LBFGS:
        count, kind = pairs_kept(3 * pixels)
        pairs = min(count, settings.steps) * 2 * 3 * kind().itemsize
    arrays = _PICTURES * _COLOR + _content_bytes(settings.content_layers) + pairs
    files = sum(shape[0] * shape[1] for shape in (content, *styles))
    of_masks = masks * (_MASK * content[0] * content[1] + _MASK_OF_PICTURE * pixels)
    return _BASE + network + arrays * pixels + _COLOR * (files + style_pixels) + of_masks


def available_memory() -> float | None:
    """The bytes that this process may hold, those that it holds already included.

    Linux alone tells it, with the limits of control groups (containers); None elsewhere.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")
        )
        own = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, StopIteration):
        return None
    resident = own * os.sysconf("SC_PAGE_SIZE")
    return min(min([free, *_free_of_groups()]) + resident, _address_space())


def _address_space() -> float:
    """What `ulimit -v` leaves for what is held: libraries map more than they ever fill."""
    import resource  # here, because Windows has none, nor the files that are read before

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        return math.inf
    size, held = Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
    mapped = (int(size) - int(held)) * os.sysconf("SC_PAGE_SIZE")
    return max(0.0, most - max(mapped, _MAPPED))


def check_memory(
    settings: ImageSettings,
    content: tuple[int, ...],
    *styles: tuple[int, ...],
    masks: int = 0,
    later_steps: int = 0,
    sizes: Sequence[int] = (),
    name: str = "--size",
) -> None:
    """Raise SettingsError if a picture needs more memory than there is.

    The message names the largest size that fits, among `sizes` if there are any, and calls the
    setting `name`. The other parameters are those of `needed_memory`.
    """
    free = available_memory()
    more = {"masks": masks, "later_steps": later_steps}
    needed = needed_memory(settings, content, *styles, **more)
    if free is None or needed <= free:
        return
    advice = "close other programs"
    for smaller in _smaller(settings, sizes):
        if needed_memory(smaller, content, *styles, **more) <= free:
            advice = f"use {name} {smaller.size}"
            break
    raise SettingsError(
        name,
        f"{settings.size} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
        f"free; {advice}",
    )


def check_style_loss(
    settings: ImageSettings, content: tuple[int, ...], *styles: tuple[int, ...]
) -> None:
    """Raise SettingsError if a picture, or a style, needs tiles and its style loss has none.

    The message names the largest size without tiles. Parameters are those of `needed_memory`.
    """
    statistic = function_of("style_loss", STYLE_LOSSES, settings.style_loss)
    if from_means(statistic) is not None or not _needs_tiles(settings, content, styles):
        return
    advice = "use"
    for smaller in _smaller(settings):
        if not _needs_tiles(smaller, content, styles):
            advice = f"use size {smaller.size}, or"
            break
    raise SettingsError(
        "size",
        f"{settings.size} is too large for this style loss, which needs all of a picture at once; "
        f"{advice} the style loss gram or moments",
    )


def _needs_tiles(
    settings: ImageSettings, content: tuple[int, ...], styles: Sequence[tuple[int, ...]]
) -> bool:
    width, height = fitted_size((content[1], content[0]), settings.size)
    most = max(width * height, *_style_pixels(settings, settings.size, styles))
    return most > tiles.most_whole(settings.size)


def _style_pixels(
    settings: ImageSettings, size: int, styles: Sequence[tuple[int, ...]]
) -> list[int]:
    """The pixels of each style at a scale of this size."""
    side = max(1, round(size * settings.style_scale))
    return [math.prod(fitted_size((style[1], style[0]), side)) for style in styles]


def _smaller(settings: ImageSettings, sizes: Sequence[int] = ()) -> Iterator[ImageSettings]:
    """The settings with smaller sizes: those of `sizes`, or round numbers down to the least."""
    low = round(tunables(ImageSettings)["size"].low)
    round_numbers = (*range(settings.size // _SIZE_STEP * _SIZE_STEP, low, -_SIZE_STEP), low)
    for size in sorted(sizes, reverse=True) or round_numbers:
        yield replace(settings, size=min(size, settings.size))


def _feature_bytes(pixels: int, size: int) -> float:
    if pixels <= tiles.most_whole(size):
        return _FEATURES * pixels
    return _FEATURES_OF_TILE * tiles.TILE_PIXELS


def _content_bytes(layers: tuple[str, ...]) -> float:
    """The content's features, in bytes for each pixel of the picture."""
    blocks = [int(layer[5]) for layer in layers]
    return sum(4 * _CHANNELS[block - 1] / 4 ** (block - 1) for block in blocks)


def _free_of_groups() -> list[int]:
    """What the control groups of this process, and those around them, have left."""
    found = []
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = Path("/sys/fs/cgroup", controllers)
        inner = Path(path.lstrip("/"))
        for folder in (inner, *inner.parents):
            found += [_left(root / folder, *names) for names in _LIMITS]
    return [left for left in found if left is not None]


def _left(folder: Path, limit: str, usage: str, cache: str) -> int | None:
    try:
        most = int((folder / limit).read_text(encoding="ascii"))
        used = int((folder / usage).read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii").split()
    # "max" stands for no limit.
    except (OSError, ValueError):
        return None
    cached = int(stat[stat.index(cache) + 1]) if cache in stat else 0
    return max(0, most - used + cached)
