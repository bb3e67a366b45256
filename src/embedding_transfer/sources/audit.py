"""What a source's vectors are like: is there something in them to hand on, and how wide must the kernel be?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError

SIGMAS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""The widths of the kernel that are looked at, beside the suggested one."""

SAMPLE = 2000
"""Pairs are looked at among so many rows at most."""


@dataclass(frozen=True)
class LabelsAt:
    """Relaxed labels of pairs of different pictures at one sigma.

    Attributes:
        sigma: Width of the kernel.
        mean: Their mean.
        low, high: Shares of them below 0.05 and above 0.95.
        positives: Their sum over the others of a batch: how many pictures a picture is drawn to.
    """

    sigma: float
    mean: float
    low: float
    high: float
    positives: float


@dataclass(frozen=True)
class Audit:
    """What vectors (n, d) are like.

    Attributes:
        n, d: How many there are, and how long.
        norms: Smallest, mean and largest Euclidean norm.
        effective_dim: (sum of variances)^2 / sum of squared variances over the principal directions of the unit rows:
            d for an even cloud, 1 for a line.
        squares: The 1st, 25th, 50th, 75th and 99th percentile of the squared distances between unit rows.
        suggested_sigma: Half of the median of these squares.
        labels: Relaxed labels at several sigma, the suggested one last.
        warnings: What is wrong, in sentences.
    """

    n: int
    d: int
    norms: tuple[float, float, float]
    effective_dim: float
    squares: tuple[float, ...]
    suggested_sigma: float
    labels: tuple[LabelsAt, ...]
    warnings: tuple[str, ...]


def audit(vectors: Tensor, batch: int = 90) -> Audit:
    r"""Look at a source's vectors.

    Two unrelated pictures have a relaxed label of :math:`e^{-2}` at the paper's sigma of 1 if their unit vectors are
    orthogonal, :math:`|u_i - u_j|^2 = 2`. Many sources crowd all pictures into a narrow cone, where the same sigma
    would call all of them alike. The suggested sigma, half of the median squared distance, gives the median pair that
    label.

    Args:
        vectors: (n, d), n at least 3.
        batch: Pictures in a batch, for the number of positives.

    Raises:
        InputError: If there are too few, or one is not finite.

    Example::

        >>> found = audit(torch.eye(8))
        >>> found.suggested_sigma, round(found.effective_dim, 3)
        (1.0, 7.0)
    """
    if vectors.ndim != 2 or len(vectors) < 3:
        raise InputError(f"an audit needs at least 3 vectors (n, d); got {tuple(vectors.shape)}")
    if not vectors.isfinite().all():
        first = int((~vectors.isfinite().all(dim=1)).nonzero()[0])
        raise InputError(f"vector {first} of the source is not finite")
    rows = vectors.double().cpu()
    norms = rows.norm(dim=1)
    units = F.normalize(rows)
    variances = torch.linalg.svdvals(units - units.mean(dim=0)).square()  # (min(n, d),), times n
    effective_dim = float(variances.sum().square() / variances.square().sum().clamp(min=1e-300))
    squares = _squares_of_pairs(units)
    shares = torch.tensor([0.01, 0.25, 0.5, 0.75, 0.99], dtype=torch.float64)
    percentiles = torch.quantile(squares, shares).tolist()
    suggested = float(f"{max(percentiles[2] / 2, 1e-6):.2g}")
    labels = tuple(_labels_at(squares, sigma, batch) for sigma in (*SIGMAS, suggested))
    return Audit(
        len(rows),
        rows.shape[1],
        (float(norms.min()), float(norms.mean()), float(norms.max())),
        effective_dim,
        tuple(percentiles),
        suggested,
        labels,
        tuple(_warnings(norms, percentiles, effective_dim, labels)),
    )


def _squares_of_pairs(units: Tensor) -> Tensor:
    """Squared distances (p,) of all pairs among at most ``SAMPLE`` rows, evenly spread."""
    some = units[torch.linspace(0, len(units) - 1, min(len(units), SAMPLE)).long()]
    squares = (2 - 2 * some @ some.T).clamp(min=0)  # (s, s)
    return squares[tuple(torch.triu_indices(len(some), len(some), offset=1))][: 2**24]  # quantile takes no more


def _labels_at(squares: Tensor, sigma: float, batch: int) -> LabelsAt:
    labels = (-squares / sigma).exp()
    mean = float(labels.mean())
    return LabelsAt(
        sigma, mean, float((labels < 0.05).double().mean()), float((labels > 0.95).double().mean()), mean * (batch - 1)
    )


def _warnings(norms: Tensor, squares: list[float], effective_dim: float, labels: tuple[LabelsAt, ...]) -> list[str]:
    found = []
    if float(norms.max()) == 0 or squares[4] < 1e-10:
        return ["all vectors are the same direction: the source is constant and has nothing to hand on"]
    if squares[2] < 1e-3:
        found.append("most pictures have nearly the same vector: the source has collapsed, or looks at the wrong thing")
    if effective_dim < 2:
        found.append(f"the vectors lie along a line (effective dimension {effective_dim:.1f})")
    if float(norms.min()) == 0:
        found.append(f"{int((norms == 0).sum())} vectors are zero: they have no direction")
    at_one = next(entry for entry in labels if entry.sigma == 1.0)
    if at_one.high > 0.9:
        found.append(
            "at the default sigma of 1 nearly all relaxed labels are near 1: everything would be drawn together"
        )
    if at_one.low > 0.99:
        found.append("at the default sigma of 1 nearly all relaxed labels are near 0: everything would be pushed apart")
    return found
