"""Distances and inner products of all pairs of rows, differentiable, in full precision."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.relations.distance_rows import distance_rows, laplacian, pull_rows
from embedding_transfer.relations.precision import full_precision


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


def inner_products(embeddings: Tensor, others: Tensor | None = None) -> Tensor:
    """x_i.y_j for all pairs of rows, differentiable once with respect to x, in full precision both ways.

    Args:
        embeddings: x (..., n, d).
        others: y (..., m, d), which gets no gradient. Default: x itself, with gradient from both sides.

    Returns:
        (..., n, m).

    Example::

        >>> inner_products(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0]]))
        tensor([[11., 17.]])
    """
    products: Tensor = _InnerProducts.apply(embeddings, others)
    return products


class _InnerProducts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, others: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, others)
        with full_precision(x.device):
            return x @ (x if others is None else others).mT

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_product: Tensor) -> tuple[Tensor, None]:
        x, others = ctx.saved_tensors
        with full_precision(x.device):
            if others is None:
                return (grad_product + grad_product.mT) @ x, None
            return grad_product @ others, None


class _PairwiseDistances(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, embeddings: Tensor) -> Tensor:
        with full_precision(embeddings.device):
            distances, ctx.is_float64 = distance_rows(embeddings, slice(0, len(embeddings)))
        ctx.save_for_backward(embeddings, distances)
        return distances

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_distance: Tensor) -> Tensor:
        x, distances = ctx.saved_tensors
        with full_precision(x.device):
            pulls = laplacian(pull_rows(slice(0, len(x)), distances, ctx.is_float64, -grad_distance))  # (n, n)
            return (pulls @ x.to(pulls.dtype)).to(x.dtype)
