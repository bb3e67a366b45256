"""Rows of the distance and label matrices of a batch, exact for close pairs, with the gradient in closed form.

The losses on pairs are built on this; ``relations.py`` offers the whole matrices.
"""

import math
from collections.abc import Iterator
from typing import TypeAlias

import torch
from torch import Tensor

SMALLEST_SQUARE = 1e-12
"""Squared distances are at least this (distances at least 1e-6), and have no gradient there."""

CLOSE = 1e-3
"""A squared distance below this share of the two squared norms has lost too many digits in the product form."""


ClosePairs: TypeAlias = list[tuple[Tensor, Tensor]]
"""Row and column numbers (m,) of pairs of one block, in chunks."""


def row_tiles(n: int, device: torch.device) -> Iterator[slice]:
    """Blocks of rows of an (n, n) matrix that stay in the cache of a CPU, or keep a GPU busy."""
    entries = 2**19 if device.type == "cpu" else 2**24
    rows = max(1, entries // n)
    return (slice(start, min(start + rows, n)) for start in range(0, n, rows))


class DistanceRows:
    """Distances between some rows and all rows of a batch, and the way of a gradient back to the embeddings.

    |x_i|^2 + |x_j|^2 - 2 x_i.x_j on centred rows is one matrix product, and wrong only for close pairs, where the
    terms cancel. The few of those are found (on a GPU this waits once for the device) and formed from x_i - x_j.

    Args:
        embeddings: (n, d), float32 or float64.
    """

    def __init__(self, embeddings: Tensor) -> None:
        self.embeddings = embeddings  # (n, d)
        self.centred = embeddings - embeddings.mean(dim=0)  # (n, d)
        self.squares = torch.linalg.vector_norm(self.centred, dim=1).square_()  # (n,)

    def distances(self, rows: slice) -> tuple[Tensor, ClosePairs]:
        """The distances (b, n) from ROWS to all, and which pairs in that matrix were close."""
        own_squares = self.squares[rows, None]  # (b, 1)
        squared = torch.addmm(self.squares, self.centred[rows], self.centred.T, alpha=-2).add_(own_squares)  # (b, n)
        itself = squared.diagonal(rows.start)
        itself.fill_(math.inf)
        close = self._close_pairs(squared, 2 * CLOSE * own_squares + SMALLEST_SQUARE)
        for i, j in close:
            squared[i, j] = self._differences(rows, i, j).square().sum(dim=1)
        distances = squared.clamp_(min=SMALLEST_SQUARE).sqrt_()
        itself.zero_()
        return distances, close

    def gradient(self, rows: slice, distances: Tensor, close: ClosePairs, by_distance: Tensor) -> Tensor:
        """The gradient (n, d) of a loss whose gradient with respect to the distances of ROWS is BY_DISTANCE (b, n).

        d|x_i - x_j| / dx_i = (x_i - x_j) / d_ij, so with c_ij = -by_distance_ij / d_ij row i receives
        sum_j c_ij (x_j - x_i) and row j the opposite: a product with the matrix c - diag(sum_j c_ij).
        """
        x = self.centred
        c = by_distance.div_(distances).neg_()  # (b, n)
        itself = c.diagonal(rows.start)
        itself.zero_()
        pulls = []
        for i, j in close:
            difference = self._differences(rows, i, j)  # (m, d)
            at_bound = difference.square().sum(dim=1) <= SMALLEST_SQUARE  # (m,)
            pulls.append(difference * c[i, j].masked_fill_(at_bound, 0)[:, None])
            c[i, j] = 0
        if len(c) == len(x):  # all rows: both directions in one product
            c = c + c.T
            c.diagonal().sub_(c.sum(dim=1))
            gradient = c @ x
        else:
            gradient = torch.addmm(-c.sum(dim=0)[:, None] * x, c.T, x[rows])
            itself.sub_(c.sum(dim=1))
            gradient[rows].addmm_(c, x)
        for (i, j), pull in zip(close, pulls, strict=True):
            gradient.index_add_(0, i + rows.start, pull, alpha=-1).index_add_(0, j, pull)
        return gradient

    def _close_pairs(self, squared: Tensor, bound: Tensor) -> ClosePairs:
        """Where SQUARED (b, n) is within its row's BOUND (b, 1), in chunks whose differences fit in 16 MB."""
        if not (squared.amin(dim=1, keepdim=True) <= bound).any():
            return []
        i, j = (squared <= bound).nonzero(as_tuple=True)
        chunk = max(1, 2**22 // self.embeddings.shape[1])
        return list(zip(i.split(chunk), j.split(chunk), strict=True))

    def _differences(self, rows: slice, i: Tensor, j: Tensor) -> Tensor:
        """x_i - x_j (m, d), i counted within ROWS."""
        return self.embeddings[rows][i] - self.embeddings[j]


class LabelRows:
    """Relaxed labels of some rows with all rows of the source, exp(-|u_i - u_j|^2 / sigma) with u = s / |s|.

    Args:
        source: (n, d), float32 or float64; a row of zeros stays zero.
        sigma: width of the kernel.
    """

    def __init__(self, source: Tensor, sigma: float) -> None:
        lengths = torch.linalg.vector_norm(source, dim=1)  # (n,)
        scales = math.sqrt(2 / sigma) / lengths.clamp(min=1e-12)  # (n,)
        self.points = source * scales[:, None]  # (n, d): the exponent is -|p_i - p_j|^2 / 2
        self.half_squares = lengths.mul_(scales).square_().mul_(0.5)  # (n,): 1 / sigma, or 0 for a row of zeros

    def labels(self, rows: slice) -> Tensor:
        """(b, n) in (0, 1], exactly 1 for a row with itself."""
        labels = torch.addmm(self.half_squares, self.points[rows], self.points.T, beta=-1)  # (b, n)
        labels.sub_(self.half_squares[rows, None]).clamp_(max=0).exp_()
        labels.diagonal(rows.start).fill_(1)
        return labels
