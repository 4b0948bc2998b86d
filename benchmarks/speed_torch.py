"""The loss and gradient of `speed_evaluation.py` in PyTorch, for a process of its own.

    python speed_torch.py PROBLEM.npz

Needs torch and NumPy, nothing of stylekit's. It says which PyTorch it is in a line of JSON, then
answers each line on standard input, "contiguous" or "channels-last", with one evaluation in that
memory layout: {"seconds": …, "loss": …}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

LAYOUTS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


class Evaluation:
    """α content + β style of pictures, as the problem file tells, in one memory layout."""

    def __init__(self, problem: dict[str, np.ndarray], layout: str) -> None:
        self._facts = json.loads(str(problem["facts"]))
        self._layout = layout
        self._mean = torch.tensor(self._facts["mean_rgb"]).view(1, 3, 1, 1)
        # PyTorch's kernels are (out, in, y, x), TensorFlow's (y, x, in, out).
        self._kernels = {
            name: (
                torch.from_numpy(problem[f"kernel/{name}"].transpose(3, 2, 0, 1).copy()).to(
                    memory_format=LAYOUTS[layout]
                ),
                torch.from_numpy(problem[f"bias/{name}"]),
            )
            for name in self._facts["used"]
        }
        with torch.no_grad():
            content = self._features(self._tensor(problem["content"]))
            style = self._features(self._tensor(problem["style"]))
            self._content = {name: content[name] for name in self._facts["content_layers"]}
            self._grams = {name: self._gram(style[name]) for name in self._facts["style_layers"]}

    def __call__(self, image: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss and gradient `(H, W, 3)` of an image `(H, W, 3)` in [0, 1], from and to NumPy."""
        x = self._tensor(image).requires_grad_()
        loss = self._loss(self._features(x))
        (gradient,) = torch.autograd.grad(loss, x)
        return float(loss.detach()), gradient[0].permute(1, 2, 0).contiguous().numpy()

    def _tensor(self, image: np.ndarray) -> torch.Tensor:
        batch = torch.from_numpy(image).permute(2, 0, 1)[None]
        return batch.contiguous(memory_format=LAYOUTS[self._layout])

    def _features(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        x = image * 255.0 - self._mean
        features = {}
        pool = F.avg_pool2d if self._facts["average"] else F.max_pool2d
        block = self._facts["used"][0].partition("_")[0]
        for name, (kernel, bias) in self._kernels.items():
            if (here := name.partition("_")[0]) != block:
                x, block = pool(x, 2), here
            x = F.conv2d(x, kernel, bias, padding=1).relu_()
            if name in self._facts["scales"]:
                features[name] = x * self._facts["scales"][name]
        return features

    def _loss(self, features: dict[str, torch.Tensor]) -> torch.Tensor:
        content = sum(
            (features[name] - target).square().mean() for name, target in self._content.items()
        )
        style = sum(
            (self._gram(features[name]) - gram).square().mean()
            for name, gram in self._grams.items()
        )
        return self._facts["alpha"] * content + self._facts["beta"] * style

    def _gram(self, features: torch.Tensor) -> torch.Tensor:
        channels = features.shape[1]
        # In either layout a view, never a copy.
        if self._layout == "contiguous":
            flat = features.reshape(channels, -1).t()
        else:
            flat = features.permute(0, 2, 3, 1).reshape(-1, channels)
        return flat.t() @ flat / flat.shape[0]


def main() -> None:
    """Answer until the input ends."""
    torch.set_num_threads(os.cpu_count() or 1)
    with np.load(Path(sys.argv[1])) as file:
        problem = dict(file)
    evaluations = {layout: Evaluation(problem, layout) for layout in LAYOUTS}
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        loss, _ = evaluations[line.strip()](problem["image"])
        answer = {
            "wall": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
            "loss": loss,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
