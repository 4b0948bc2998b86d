"""Makes the figures of README and docs: all styles on one photograph, balance on two networks.

    python benchmarks/pictures.py [styles] [balance]

VGG19's ImageNet weights cannot be had everywhere, so the second network is VGG19 with random
weights (He et al. 2015): what is shown is that the calibration makes its terms balanced too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

from stylekit.image.stylization import Stylization
from stylekit.media.images import load_image
from stylekit.plots import plot_frames, save_figure
from stylekit.samples import MaterialKind, find_material, materials
from stylekit.settings import ImageSettings, Weights

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
CHANNELS, BLOCKS = (64, 128, 256, 512, 512), (2, 2, 4, 4, 4)


def styles() -> None:
    """Every built-in style on one photograph."""
    content = load_image(find_material("astronaut", MaterialKind.PHOTOGRAPH))
    names = list(materials(MaterialKind.STYLE))
    pictures = {}
    for name in names:
        painting = _paint(content, name, ImageSettings(size=192, steps=60))
        pictures[name] = painting.image
        label = painting.objective.backbone.label
    half = len(names) // 2
    rows = {"": [pictures[name] for name in names[:half]], " ": [pictures[n] for n in names[half:]]}
    figure = plot_frames(
        rows,
        column_labels=[f"{a} / {b}" for a, b in zip(names[:half], names[half:], strict=True)],
        title="One photograph in the eight built-in styles",
        caption=f"Upper / lower. 192 px, backbone {label}",
    )
    save_figure(figure, IMAGES / "styles.png", dpi=90)


def balance() -> None:
    """The report's weights on the embedded VGG16 and on VGG19's structure with random weights."""
    pairs = (("chelsea", "swirls"), ("coffee", "expression"))
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        random = Path(folder) / "random_vgg19.weights.h5"
        write_random_vgg19(random)
        for title, choice in (("VGG16, embedded", "vgg16"), ("VGG19, random", str(random))):
            cells, numbers = [], []
            for content, style in pairs:
                picture = load_image(find_material(content, MaterialKind.PHOTOGRAPH))
                painting = _paint(picture, style, ImageSettings(size=144, backbone=choice))
                losses, weights = painting.losses, Weights()
                cells.append(painting.image)
                numbers.append(
                    f"α·content {weights.alpha * losses.content:.4f}, "
                    f"β·style {weights.beta * losses.style:.4f}"
                )
            rows[title] = cells
            print(title, "|", " | ".join(numbers))
    figure = plot_frames(
        rows,
        column_labels=[f"{content} + {style}" for content, style in pairs],
        title="α = 1, β = 10⁴ on two networks",
        caption="Random weights know no objects, yet neither term drowns the other there.",
    )
    save_figure(figure, IMAGES / "balance.png", dpi=100)


def write_random_vgg19(path: Path) -> None:
    """VGG19's convolutions with random kernels of variance 2 / inputs, in Keras's layout."""
    generator = np.random.default_rng(0)
    inputs = 3
    with h5py.File(path, "w") as file:
        for block, (channels, count) in enumerate(zip(CHANNELS, BLOCKS, strict=True), 1):
            for number in range(1, count + 1):
                kernel = generator.normal(0, (2 / (9 * inputs)) ** 0.5, (3, 3, inputs, channels))
                group = file.create_group(f"layers/block{block}_conv{number}/vars")
                group["0"] = kernel.astype(np.float32)
                group["1"] = np.zeros(channels, np.float32)
                inputs = channels


def _paint(content: np.ndarray, style: str, settings: ImageSettings) -> Stylization:
    painting = Stylization(content, load_image(find_material(style, MaterialKind.STYLE)), settings)
    for _ in painting.steps():
        pass
    return painting


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or ("styles", "balance"):
        {"styles": styles, "balance": balance}[name]()
