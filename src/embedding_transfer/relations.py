"""Relations between the embeddings of a batch: distances, relaxed labels, and what every loss on them must check first.

Everything here is formed in float32 or better, outside autocast and without TF32: a squared distance is a small
difference of large products, and 10 bits of mantissa would leave nothing of it (seen: 0.67 instead of 2.07).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.distance_rows import SMALLEST_SQUARE, distance_rows, laplacian, log_label_rows, pull_rows
from embedding_transfer.exceptions import InputError, UsageError


def matching_embeddings(loss: object, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """The two sets of embeddings in the target's type, at least float32, the source without its graph.

    Args:
        loss: Who asks; its class is named in errors.
        target: (n, d_t) floating point.
        source: (n, d_s) floating point, on the same device.

    Raises:
        InputError: The tensors are not 2-D, not floating point, empty, of unequal length or on different devices.
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
    dtype = torch.float64 if target.dtype == torch.float64 else torch.float32
    return target.to(dtype), source.detach().to(dtype)


def no_relations(target: Tensor, source: Tensor) -> Tensor:
    """The loss of a single embedding, which relates to nothing: 0 without gradient, but NaN where one is not finite."""
    return 0 * target.sum() + 0 * source.sum()


def require_positive(loss: object, **options: float) -> None:
    """Refuses an option of LOSS that is not a finite number above zero.

    Raises:
        UsageError: The first such option, by name.
    """
    for option, value in options.items():
        if not (math.isfinite(value) and value > 0):
            raise UsageError(f"{type(loss).__name__} needs {option} > 0; got {value}")


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Products in the precision of their inputs: leaves autocast and turns TF32 off, then puts both back."""
    if device.type != "cuda" and not torch.is_autocast_enabled(device.type):
        yield
        return
    settings: Any = torch.backends.cuda.matmul
    option, exact = ("fp32_precision", "ieee") if hasattr(settings, "fp32_precision") else ("allow_tf32", False)
    before = getattr(settings, option)
    setattr(settings, option, exact)
    try:
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        setattr(settings, option, before)


def pairwise_distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances between all rows, right for near-duplicates too, differentiable once.

    Close pairs are at least 1e-6 apart, without gradient there: identical rows do not pull on each other.

    Args:
        embeddings: (n, d), float32 or float64.

    Returns:
        (n, n) symmetric; not finite in the row and column of an embedding that is not.

    Example::

        >>> pairwise_distances(torch.tensor([[0.0, 0.0], [3.0, 4.0]]))
        tensor([[0., 5.],
                [5., 0.]])
    """
    distances: Tensor = _PairwiseDistances.apply(embeddings)
    return distances


def relative_distances(target: Tensor) -> Tensor:
    """Distances in units of their row's mean, r_ij = d_ij / mu_i with mu_i = (1/n) sum_j d_ij, Kim et al. 2021.

    The mean is over all n columns, the zero self-distance included, and carries gradient.

    Args:
        target: (n, d), float32 or float64.

    Returns:
        (n, n); all zero for a single row.
    """
    distances = pairwise_distances(target)  # (n, n)
    return distances / distances.mean(dim=1, keepdim=True).clamp(min=SMALLEST_SQUARE)  # the bound is for n = 1


def relaxed_labels(source: Tensor, sigma: float = 1.0) -> Tensor:
    """How alike the source finds two rows: w_ij = exp(-|u_i - u_j|^2 / sigma) in (0, 1], u = s / |s|, Kim et al. 2021.

    Args:
        source: (n, d) embeddings, float32 or float64; normalised here, a row of zeros stays zero.
        sigma: Width of the kernel. Default: 1.

    Returns:
        (n, n) symmetric, exactly 1 on the diagonal, without gradient.

    Example::

        >>> relaxed_labels(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([[1.0000, 0.1353],
                [0.1353, 1.0000]])
    """
    with torch.no_grad(), full_precision(source.device):
        return log_label_rows(source, slice(0, len(source)), sigma).clamp_(max=0).exp_()


def inner_products(embeddings: Tensor) -> Tensor:
    """x_i.x_j for all pairs of rows, (n, d) -> (n, n), differentiable once, in full precision both ways."""
    products: Tensor = _InnerProducts.apply(embeddings)
    return products


class _InnerProducts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        with full_precision(x.device):
            return x @ x.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_product: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        with full_precision(x.device):
            return (by_product + by_product.T) @ x


class _PairwiseDistances(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, embeddings: Tensor) -> Tensor:
        with full_precision(embeddings.device):
            distances, ctx.wide = distance_rows(embeddings, slice(0, len(embeddings)))
        ctx.save_for_backward(embeddings, distances)
        return distances

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_distance: Tensor) -> Tensor:
        x, distances = ctx.saved_tensors
        with full_precision(x.device):
            pulls = laplacian(pull_rows(slice(0, len(x)), distances, ctx.wide, -by_distance))  # (n, n)
            return (pulls @ x.to(pulls.dtype)).to(x.dtype)
