"""Make `data/photographs` and `data/clips`. The same versions of the libraries give the same bytes.

    python -m data.make.clips

Needs stylekit and scikit-image, whose photographs are used.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import skimage.data
from PIL import Image

DATA = Path(__file__).resolve().parent.parent
PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "coffee", "rocket")
SIZE = 320
FRAMES = 24
FPS = Fraction(24)


def make_photographs() -> None:
    """Save scikit-image's photographs in their own size as JPEG with full colour resolution."""
    folder = DATA / "photographs"
    folder.mkdir(exist_ok=True)
    for name in PHOTOGRAPHS:
        picture = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        picture.save(folder / f"{name}.jpg", quality=88, subsampling=0, optimize=True)


def make_clips() -> None:
    """Render the scenes that are built-in clips, and encode them."""
    # Imported here, because the scenes use the photographs, which may not exist before.
    from stylekit.media.encode import write_clip
    from stylekit.scenes import CLIP_SCENES, make_scene

    folder = DATA / "clips"
    folder.mkdir(exist_ok=True)
    for name in CLIP_SCENES:
        scene = make_scene(name, frames=FRAMES, size=SIZE)
        write_clip(scene.frames, folder / f"{name}.mp4", fps=FPS)


if __name__ == "__main__":
    make_photographs()
    make_clips()
