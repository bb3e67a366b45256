"""Distances between some rows and all rows of a batch, exact for close pairs, and the way of a gradient back.

The losses on pairs are built on this, a block of rows at a time; ``pairwise.py`` offers the whole matrices.
"""

import math

import torch
from torch import Tensor

SMALLEST_SQUARE = 1e-12
"""Squared distances of close pairs are at least this (distances 1e-6), and have no gradient there."""

SMALLEST_DISTANCE = 1.001e-6
"""A distance up to this is the smallest there is, whatever its rounding: the rows count as identical."""

CLOSE = 2e-3
"""Below this share of the largest squared norm, a squared distance in float32 may have lost too many digits."""


def row_tiles(n: int, device: torch.device) -> list[slice]:
    """Blocks of rows of an (n, n) matrix that stay in the cache of a CPU, or keep a GPU busy."""
    entries = 2**19 if device.type == "cpu" else 2**24
    rows = max(1, entries // n)
    return [slice(start, min(start + rows, n)) for start in range(0, n, rows)]


def product_rows(x: Tensor, rows: slice) -> tuple[Tensor, Tensor]:
    """x_i.x_j (b, n) of the block ``rows`` with all rows of x (n, d), and |x_j|^2 (n,): the diagonal, if complete."""
    products = x[rows] @ x.T  # (b, n)
    squares = products.diagonal().clone() if len(products) == len(x) else x.square().sum(dim=1)  # (n,)
    return products, squares


def distance_rows(x: Tensor, rows: slice) -> tuple[Tensor, bool]:
    """Distances from the block ``rows`` to all rows of a batch, and whether they were formed in float64.

    |x_i|^2 + |x_j|^2 - 2 x_i.x_j is one matrix product instead of n^2 d differences, but its terms cancel for close
    pairs. A block that has any is done again in float64; a GPU does so always, rather than wait for the answer.

    Args:
        x: (n, d), float32 or float64.
        rows: A block of b rows.

    Returns:
        (b, n) in the type of x, 0 from a row to itself; those formed in float64 are at least 1e-6. And whether they
        were, which :func:`pull_rows` asks for.
    """
    is_float64 = x.device.type == "cuda"
    if not is_float64:
        squared, largest = _squared_distances(x, rows)
        is_float64 = squared.amin().item() <= CLOSE * largest.item()
    if is_float64:
        squared = _squared_distances(x.double(), rows)[0].to(x.dtype).clamp_(min=SMALLEST_SQUARE)
    distances = squared.sqrt_()
    distances.diagonal(rows.start).zero_()
    return distances, is_float64


def _squared_distances(x: Tensor, rows: slice) -> tuple[Tensor, Tensor]:
    """(b, n), infinite from a row to itself, and the largest squared norm."""
    products, squares = product_rows(x, rows)
    squared = products.mul_(-2).add_(squares).add_(squares[rows, None])  # (b, n)
    squared.diagonal(rows.start).fill_(math.inf)
    return squared, squares.amax()


def pull_rows(rows: slice, distances: Tensor, is_float64: bool, minus_grad_distance: Tensor) -> Tensor:
    """How strongly descending a loss pushes i and j apart, c_ij = -(dL/dd_ij) / d_ij.

    d|x_i - x_j| / dx_i = (x_i - x_j) / d_ij, so -c_ij (x_i - x_j) is row i's gradient, and row j's the opposite.

    Args:
        rows: A block of b rows.
        distances: (b, n) from the block to all rows, as :func:`distance_rows` gave them.
        is_float64: Whether they were formed in float64.
        minus_grad_distance: (b, n), -dL/dd_ij; overwritten.

    Returns:
        c (b, n), in float64 if the distances were formed so, as the differences of close pairs would cancel; 0 for
        pairs at the smallest distance.
    """
    c = minus_grad_distance.div_(distances)  # (b, n)
    if is_float64:
        c = c.masked_fill_(distances <= SMALLEST_DISTANCE, 0).double()
    c.diagonal(rows.start).zero_()
    return c


def laplacian(c: Tensor) -> Tensor:
    """The matrix L of all c (n, n), such that L x is the gradient with respect to the embeddings x."""
    both = c + c.T
    both.diagonal().sub_(both.sum(dim=1))
    return both


def gradient_of_rows(x: Tensor, rows: slice, c: Tensor) -> Tensor:
    """The part of the gradient with respect to the embeddings x (n, d) that comes from the c (b, n) of ``rows``."""
    x = x.to(c.dtype)
    gradient = torch.addmm(c.sum(dim=0)[:, None] * x, c.T, x[rows], beta=-1)  # (n, d)
    gradient[rows] += c @ x - c.sum(dim=1, keepdim=True) * x[rows]
    return gradient


def log_label_rows(source: Tensor, rows: slice, sigma: float) -> Tensor:
    """Logarithms of relaxed labels of a block with all rows of the source, -|u_i - u_j|^2 / sigma with u = s / |s|.

    Args:
        source: (n, d), float32 or float64; a row of zeros stays zero.
        rows: A block of b rows.
        sigma: Width of the kernel.

    Returns:
        (b, n), at most 0 but for rounding, exactly 0 for a row with itself.
    """
    products, squares = product_rows(source, rows)
    lengths = squares.sqrt_()  # (n,)
    scales = lengths.clamp(min=1e-12).reciprocal_().mul_(math.sqrt(2 / sigma))  # (n,), p_i = scales_i s_i
    halves = lengths.mul_(scales).square_().mul_(0.5)  # (n,), |p_i|^2 / 2
    products.mul_(scales).mul_(scales[rows, None])  # (b, n), p_i.p_j
    log_labels = products.sub_(halves).sub_(halves[rows, None])  # -|p_i - p_j|^2 / 2
    log_labels.diagonal(rows.start).fill_(0)
    return log_labels
