"""Angles in a batch: for all triplets of rows the cosine at i of the directions to j and to k.

cos_ijk = e_ij.e_ik with e_ij = (x_j - x_i) / |x_j - x_i| follows from distances alone, by the law of cosines:
cos_ijk = (d_ij^2 + d_ik^2 - d_jk^2) / (2 d_ij d_ik). So no tensor of n^2 d differences is needed, and none of n^3
angles either, as they are compared a block at a time. Only rows with a neighbor that is close beside the other
distances, where the law loses its digits, look at the directions themselves.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.relations.distance_rows import SMALLEST_DISTANCE
from embedding_transfer.relations.precision import full_precision

CLOSE_NEIGHBOR = 0.01
"""A row with a neighbor closer than this share of the largest distance has its angles taken from directions."""


def angle_difference(target: Tensor, source: Tensor, target_distances: Tensor, source_distances: Tensor) -> Tensor:
    """Mean over all n^3 triplets of the smooth L1 difference between the target's and the source's cosines.

    Triplets that name a row twice, or identical rows, have cosines too: 1 for e_ij.e_ij, 0 for a direction of zeros.

    Args:
        target: (n, d_t), float32 or float64.
        source: (n, d_s) in the same type.
        target_distances: (n, n) of the target, as from ``pairwise_distances``.
        source_distances: (n, n) of the source.
    """
    near = (has_close_neighbor(target_distances) | has_close_neighbor(source_distances)).nonzero()[:, 0]
    total: Tensor = _ByDistances.apply(target_distances, source_distances, near)
    if len(near):
        total = total + _ByDirections.apply(target, source, near)
    return total / len(target) ** 3


def has_close_neighbor(distances: Tensor) -> Tensor:
    """(n, n) -> (n,) bool."""
    nearest = distances.detach().clone().fill_diagonal_(torch.inf).amin(dim=1)
    return nearest <= (CLOSE_NEIGHBOR * distances.detach().amax()).clamp(min=SMALLEST_DISTANCE)


class _ByDirections(torch.autograd.Function):
    """The sum over the triplets at the rows ``near``, by the definition, one row at a time, each with its gradient."""

    @staticmethod
    def forward(ctx: Any, target: Tensor, source: Tensor, near: Tensor) -> Tensor:
        with torch.enable_grad(), full_precision(target.device):
            x = target.detach().requires_grad_()
            total, gradient = target.new_zeros(()), torch.zeros_like(target)
            for i in near.unbind():
                difference = F.smooth_l1_loss(cosines_at(x, i), cosines_at(source, i), reduction="sum")
                total += difference.detach()
                gradient += torch.autograd.grad(difference, x)[0]
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_total: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return grad_total * gradient, None, None


def cosines_at(x: Tensor, i: Tensor) -> Tensor:
    """The cosines at row i, (n, n)."""
    directions = F.normalize(x - x[i], dim=1)  # (n, d)
    return directions @ directions.T


class _ByDistances(torch.autograd.Function):
    """The sum over all other triplets, with its gradient: with p = clamp(cos^t - cos^s, -1, 1) and T_ij = d_ij^2,

    dL/dcos_ijk = p_ijk,  dcos_ijk / dT_ij = dcos_ijk / dT_ik = -dcos_ijk / dT_jk = 1 / (2 d_ij d_ik)
    and, at fixed T,  dcos_ijk / dd_ij = -cos_ijk / d_ij.
    """

    @staticmethod
    def forward(ctx: Any, target: Tensor, source: Tensor, near: Tensor) -> Tensor:
        t, s = _Triangles(target, near), _Triangles(source, near)
        total = target.new_zeros(())
        grad_square, grad_inverse = torch.zeros_like(target), torch.zeros_like(target)  # (n, n), rows j, columns i
        for j, k, weight in block_pairs(len(target), target.device):
            cos, scale = t.cosines(j, k)  # (b, c, n)
            off = cos - s.cosines(j, k)[0]
            p = off.clamp(-1, 1)
            total += weight * (torch.sum(p * off) - 0.5 * torch.sum(p * p))  # smooth L1
            p_scale, p_cos = scale.mul_(p), cos.mul_(p)
            grad_square[j] += weight * p_scale.sum(dim=1)
            grad_square[k] += weight * p_scale.sum(dim=0)
            grad_square[j, k] -= weight * p_scale.sum(dim=2)
            grad_inverse[j] += weight * p_cos.sum(dim=1)
            grad_inverse[k] += weight * p_cos.sum(dim=0)
        ctx.save_for_backward(2 * target * grad_square - grad_inverse * t.inverses)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_total: Tensor) -> tuple[Tensor | None, ...]:
        (grad_distance,) = ctx.saved_tensors
        return grad_total * grad_distance, None, None


class _Triangles:
    """Squared and inverse distances (n, n), column i for the angles at i; none at the rows ``near``."""

    def __init__(self, distances: Tensor, near: Tensor) -> None:
        self.squares = distances.square()
        self.inverses = distances.reciprocal().fill_diagonal_(0).index_fill_(1, near, 0)
        self.halves = self.inverses * 0.5**0.5

    def cosines(self, j: slice, k: slice) -> tuple[Tensor, Tensor]:
        """cos_ijk and 1 / (2 d_ij d_ik), (b, c, n) with i last."""
        scale = self.halves[j, None] * self.halves[k]
        cosines = (self.squares[j, None] + self.squares[k]).sub_(self.squares[j, k, None]).mul_(scale)
        return cosines, scale


def block_pairs(n: int, device: torch.device) -> list[tuple[slice, slice, float]]:
    """Blocks of (j, k) of all pairs; those with j > k count twice, as the angle from j to k is that from k to j."""
    entries = 2**17 if device.type == "cpu" else 2**24
    size = max(1, min(n, int((entries / n) ** 0.5)))
    blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    return [(j, k, 1.0 if j == k else 2.0) for a, j in enumerate(blocks) for k in blocks[: a + 1]]
