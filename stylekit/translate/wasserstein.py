"""A style term without Gram matrices: how far apart two Gaussians of features are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# What the published code adds to the variances.
RIDGE = 1e-4


def wasserstein_gradient(
    features: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """∂L/∂F of the style term of crowsonkb's style-transfer-pytorch, `(M, N)` like `features`.

    L = 1/N (|μ − ν|² + tr(Σ + S − 2 (S^½ Σ S^½)^½)): the squared Wasserstein-2 distance of two
    Gaussians over the N filters (Dowson & Landau 1982, eq. 4), μ and Σ the mean and covariance of
    `features` over M positions, ν and S those of `target` `(M', N)`, both covariances with `RIDGE`
    added. ∂L/∂Σ = 1/N (1 − S^½ (S^½ Σ S^½)^−½ S^½).
    """
    positions, filters = features.shape
    mean, covariance = _moments(features)
    target_mean, target_covariance = _moments(target)
    root = _power(target_covariance, 0.5)
    transport = root @ _power(root @ covariance @ root, -0.5) @ root
    by_mean = 2 * (mean - target_mean)
    by_covariance = 2 * (features - mean) @ (np.eye(filters) - transport)
    return (by_mean + by_covariance) / (positions * filters)


def _moments(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = features.mean(axis=0)
    centred = features - mean
    return mean, centred.T @ centred / len(features) + RIDGE * np.eye(features.shape[1])


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    # Rounding may leave the smallest a hair below what the ridge guarantees.
    return (vectors * np.maximum(values, RIDGE**2) ** exponent) @ vectors.T
