"""Linear maps to fewer dimensions that cost no training: where a learned map starts, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor

SEED = 0
"""Of the random projection."""


class Moments(NamedTuple):
    """What the linear maps need to know of rows u of length 1: their mean (d,) and the mean (d, d) of u u'."""

    mean: Tensor
    second: Tensor


class LinearMap(NamedTuple):
    """u -> u W + b, with W (d, k) and b (k,) in float64."""

    weight: Tensor
    bias: Tensor

    def __call__(self, units: Tensor) -> Tensor:
        """(n, d) -> (n, k), in float64."""
        return torch.addmm(self.bias, units.double(), self.weight)


def moments_of(chunks: Iterable[Tensor]) -> Moments:
    """Moments of rows that come some at a time, (c, d) each, already of length 1; summed in float64.

    Example::

        >>> moments_of([torch.eye(2), -torch.eye(2)]).mean
        tensor([0., 0.], dtype=torch.float64)
    """
    count, total, products = 0, torch.zeros(()), torch.zeros(())
    for chunk in chunks:
        rows = chunk.double()  # (c, d)
        count, total, products = count + len(rows), total + rows.sum(dim=0), products + rows.T @ rows
    return Moments(total / count, products / count)


def uncentered(of: Moments, k: int) -> LinearMap:
    """Projection on the directions that keep most of the rows themselves, not moved to their mean.

    It keeps inner products, and so cosines, as well as a projection can: the strongest simple map for them.
    """
    return _without_bias(_directions(of.second)[:, :k])


def pca(of: Moments, k: int) -> LinearMap:
    """Principal components: differences from the mean, along the directions of largest variance."""
    return _centered(_directions(_covariance(of))[:, :k], of)


def whitened(of: Moments, k: int) -> LinearMap:
    """Principal components, each divided by its standard deviation; one without variance stays as it is."""
    covariance = _covariance(of)
    directions = _directions(covariance)[:, :k]
    variances = (covariance @ directions * directions).sum(dim=0)  # (k,)
    noise = covariance.diagonal().sum() * 1e-10
    return _centered(directions / torch.where(variances > noise, variances, 1).sqrt(), of)


def random_projection(of: Moments, k: int) -> LinearMap:
    """Independent normal numbers of variance 1/k, always the same ones (Johnson and Lindenstrauss, 1984)."""
    generator = torch.Generator().manual_seed(SEED)
    return _without_bias(torch.randn(len(of.mean), k, generator=generator, dtype=torch.float64) / k**0.5)


def truncation(of: Moments, k: int) -> LinearMap:
    """The first k numbers as they are."""
    return _without_bias(torch.eye(len(of.mean), k, dtype=torch.float64))


LINEAR_MAPS: dict[str, Callable[[Moments, int], LinearMap]] = {
    "uncentered": uncentered,
    "pca": pca,
    "whitened": whitened,
    "random": random_projection,
    "truncation": truncation,
}
"""Name to what makes the map of moments and a number of dimensions."""


def _covariance(of: Moments) -> Tensor:
    return of.second - torch.outer(of.mean, of.mean)


def _directions(symmetric: Tensor) -> Tensor:
    """Eigenvectors (d, d) as columns, of the largest eigenvalue first; of two signs that with a positive sum."""
    _, vectors = torch.linalg.eigh(symmetric)
    return (vectors * torch.where(vectors.sum(dim=0) < 0, -1, 1)).flip(1)


def _without_bias(weight: Tensor) -> LinearMap:
    return LinearMap(weight, torch.zeros(weight.shape[1], dtype=weight.dtype, device=weight.device))


def _centered(weight: Tensor, of: Moments) -> LinearMap:
    return LinearMap(weight, -(of.mean @ weight))
