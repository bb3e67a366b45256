"""Relations between the embeddings of a batch: distances, relaxed labels, and what every loss on them must check first.

Everything here is formed in float32 or better, outside autocast and without TF32: a squared distance is a small
difference of large products, and 10 bits of mantissa would leave nothing of it (seen: 0.67 instead of 2.07).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.exceptions import InputError, UsageError

SMALLEST_SQUARE = 1e-12
"""Squared distances are at least this (distances at least 1e-6), and have no gradient there."""

CLOSE = 1e-3
"""A squared distance below this share of the two squared norms loses too many digits in the product form."""


def matching_embeddings(loss: object, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """The two sets of embeddings in the target's type, at least float32, the source without its graph.

    Args:
        loss: who asks; its class is named in errors.
        target: (n, d_t) floating point.
        source: (n, d_s) floating point, on the same device.

    Raises:
        InputError: the tensors are not 2-D, not floating point, empty, of unequal length or on different devices.
    """
    name = type(loss).__name__
    got = f"got target {tuple(target.shape)}, source {tuple(source.shape)}"
    if target.ndim != 2 or source.ndim != 2:
        raise InputError(f"{name} takes embeddings of shape (n, d); {got}")
    if len(target) != len(source):
        raise InputError(f"{name} compares n target with n source embeddings; {got}: one view missing?")
    if target.numel() == 0 or source.numel() == 0:
        raise InputError(f"{name} needs at least one embedding; {got}")
    if not (target.is_floating_point() and source.is_floating_point()):
        raise InputError(f"{name} takes floating point embeddings; got target {target.dtype}, source {source.dtype}")
    if target.device != source.device:
        raise InputError(f"{name} needs both on one device; got target on {target.device}, source on {source.device}")
    dtype = torch.promote_types(target.dtype, torch.float32)
    return target.to(dtype), source.detach().to(dtype)


def require_positive(loss: object, **options: float) -> None:
    """Refuses an option of LOSS that is not a finite number above zero.

    Raises:
        UsageError: the first such option, by name.
    """
    for option, value in options.items():
        if not (math.isfinite(value) and value > 0):
            raise UsageError(f"{type(loss).__name__} needs {option} > 0; got {value}")


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Products in the precision of their inputs: leaves autocast and turns TF32 off, then puts both back."""
    settings: Any = torch.backends.cuda.matmul
    option, exact = ("fp32_precision", "ieee") if hasattr(settings, "fp32_precision") else ("allow_tf32", False)
    with torch.autocast(device.type, enabled=False):
        if device.type != "cuda":
            yield
            return
        before = getattr(settings, option)
        setattr(settings, option, exact)
        try:
            yield
        finally:
            setattr(settings, option, before)


def row_tiles(n: int, device: torch.device) -> Iterator[slice]:
    """Blocks of rows of an (n, n) matrix that fit the cache of a CPU, or keep a GPU busy."""
    entries = 2**18 if device.type == "cpu" else 2**24
    rows = max(1, entries // n)
    return (slice(start, min(start + rows, n)) for start in range(0, n, rows))


def pairwise_distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances between all rows, right for near-duplicates too, differentiable once.

    d_ij = max(|x_i - x_j|, 1e-6) for i != j, without gradient at the bound, and d_ii = 0.

    Args:
        embeddings: (n, d), float32 or float64.

    Returns:
        (n, n) symmetric; NaN in the row and column of an embedding that is not finite.

    Example::

        >>> pairwise_distances(torch.tensor([[0.0, 0.0], [3.0, 4.0]]))
        tensor([[0., 5.],
                [5., 0.]])
    """
    distances: Tensor = _PairwiseDistances.apply(embeddings)  # type: ignore[no-untyped-call]
    return distances


def relative_distances(target: Tensor) -> Tensor:
    """Distances in units of their row's mean, r_ij = d_ij / mu_i with mu_i = (1/n) sum_j d_ij (Kim et al. 2021).

    The mean is over all n columns, the zero self-distance included, and carries gradient.

    Args:
        target: (n, d), float32 or float64.

    Returns:
        (n, n); all zero for a single row.
    """
    distances = pairwise_distances(target)  # (n, n)
    return distances / row_means(distances)


def row_means(distances: Tensor) -> Tensor:
    """Means of the rows, (b, n) -> (b, 1); the bound only matters for a batch of one, whose mean is 0."""
    return distances.mean(dim=1, keepdim=True).clamp(min=SMALLEST_SQUARE)


def relaxed_labels(source: Tensor, sigma: float = 1.0) -> Tensor:
    """How alike the source finds each pair: w_ij = exp(-|u_i - u_j|^2 / sigma) in (0, 1], u = s / |s| (Kim et al. 2021).

    Args:
        source: (n, d) embeddings, float32 or float64; normalised here, a row of zeros stays zero.
        sigma: width of the kernel. Default: 1.

    Returns:
        (n, n) symmetric, exactly 1 on the diagonal, without gradient.

    Example::

        >>> relaxed_labels(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([[1.0000, 0.1353],
                [0.1353, 1.0000]])
    """
    with torch.no_grad(), full_precision(source.device):
        return label_rows(F.normalize(source, dim=1), slice(0, len(source)), sigma)


def label_rows(unit_source: Tensor, rows: slice, sigma: float) -> Tensor:
    """The relaxed labels of ROWS with all rows of the normalised source, (b, n)."""
    squares = unit_source.square().sum(dim=1)  # (n,), 1 or 0
    labels = torch.addmm(squares, unit_source[rows], unit_source.T, beta=-1 / sigma, alpha=2 / sigma)  # (b, n)
    labels.sub_(squares[rows, None] / sigma).clamp_(max=0).exp_()
    labels.diagonal(rows.start).mul_(0).add_(1)  # 1, or NaN where the embedding is
    return labels


class DistanceRows:
    """Rows of the distance matrix of a batch, and the way back from a gradient of distances to one of embeddings.

    |x_i|^2 + |x_j|^2 - 2 x_i.x_j on centred rows is one matrix product, and wrong only for close pairs, where the
    terms cancel. The few of those are found (on a GPU this waits once for the device) and formed from x_i - x_j.
    """

    def __init__(self, embeddings: Tensor) -> None:
        self.embeddings = embeddings  # (n, d)
        self.centred = embeddings - embeddings.mean(dim=0)  # (n, d)
        self.squares = self.centred.square().sum(dim=1)  # (n,)

    def distances(self, rows: slice) -> tuple[Tensor, Tensor]:
        """The distances (b, n) from ROWS to all, and the pairs (2, m) that were close, numbered in that matrix."""
        squared = torch.addmm(self.squares, self.centred[rows], self.centred.T, alpha=-2)  # (b, n)
        squared += self.squares[rows, None]
        too_close = (2 * CLOSE * self.squares[rows, None]).clamp(min=SMALLEST_SQUARE)  # (b, 1)
        is_close = squared <= too_close
        is_close.diagonal(rows.start).fill_(False)
        close = is_close.nonzero().T  # (2, m)
        for i, j, difference in self._differences(rows, close):
            squared[i, j] = difference.square().sum(dim=1)
        distances = squared.clamp_(min=SMALLEST_SQUARE).sqrt_()
        distances.diagonal(rows.start).mul_(0)  # 0, or NaN where the embedding is
        return distances, close

    def add_gradient(self, to: Tensor, rows: slice, distances: Tensor, close: Tensor, by_distance: Tensor) -> None:
        """Adds to TO (n, d) what the gradient BY_DISTANCE (b, n) of the loss sends to the embeddings.

        d|x_i - x_j| / dx_i = (x_i - x_j) / d_ij, so with c_ij = by_distance_ij / d_ij row i receives
        sum_j c_ij (x_i - x_j) and row j the opposite: two matrix products, and direct differences for close pairs.
        """
        c = by_distance / distances  # (b, n)
        c.diagonal(rows.start).zero_()
        c_close = c[close[0], close[1]]  # (m,)
        c[close[0], close[1]] = 0
        x = self.centred
        if len(c) == len(x):  # all rows: both directions in one product
            c = c + c.T
            to.addcmul_(c.sum(dim=1, keepdim=True), x).addmm_(c, x, alpha=-1)
        else:
            to[rows].addcmul_(c.sum(dim=1, keepdim=True), x[rows]).addmm_(c, x, alpha=-1)
            to.addcmul_(c.sum(dim=0)[:, None], x).addmm_(c.T, x[rows], alpha=-1)
        for (i, j, difference), c_ij in zip(self._differences(rows, close), c_close.split(self._chunk), strict=True):
            at_bound = difference.square().sum(dim=1) <= SMALLEST_SQUARE  # (m,)
            pull = difference * c_ij.masked_fill(at_bound, 0)[:, None]  # (m, d)
            to.index_add_(0, i + rows.start, pull).index_add_(0, j, pull, alpha=-1)

    @property
    def _chunk(self) -> int:
        return max(1, 2**22 // self.embeddings.shape[1])

    def _differences(self, rows: slice, close: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The close pairs in chunks of bounded memory: i, j (m,) and x_i - x_j (m, d)."""
        x = self.embeddings
        for pairs in close.split(self._chunk, dim=1):
            yield pairs[0], pairs[1], x[rows][pairs[0]] - x[pairs[1]]


class _PairwiseDistances(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, embeddings: Tensor) -> Tensor:
        with full_precision(embeddings.device):
            distances, close = DistanceRows(embeddings).distances(slice(0, len(embeddings)))
        ctx.save_for_backward(embeddings, distances, close)
        return distances

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, by_distance: Tensor) -> Tensor:
        embeddings, distances, close = ctx.saved_tensors
        gradient = torch.zeros_like(embeddings)
        with full_precision(embeddings.device):
            everything = slice(0, len(embeddings))
            DistanceRows(embeddings).add_gradient(gradient, everything, distances, close, by_distance)
        return gradient
