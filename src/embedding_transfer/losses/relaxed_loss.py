"""What the two losses of the paper share: relative distances of the target against relaxed labels of the source."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.build.ranges import Positive
from embedding_transfer.errors import UsageError
from embedding_transfer.losses.relation_loss import RelationLoss
from embedding_transfer.relations import full_precision
from embedding_transfer.relations.distance_rows import (
    SMALLEST_DISTANCE,
    SMALLEST_SQUARE,
    distance_rows,
    gradient_of_rows,
    laplacian,
    log_label_rows,
    pull_rows,
    row_tiles,
)

Sigma = Positive | Literal["auto"]
"""A width of the kernel, or that a training shall choose it."""


LogLabels = Callable[[slice], Tensor]
"""Logarithms of the labels (b, n) of a block of b rows with all n rows."""


class RelaxedLoss(RelationLoss):
    """Base of losses (1/n) sum_i l_i(r_i, w_i) on rows of relative distances r and of relaxed labels w.

    A subclass gives l_i and its slope in :meth:`of_rows`; the rest, down to the gradient with respect to the
    embeddings, is done here.

    Attributes:
        sigma: Width of the kernel of the relaxed labels.
        identical_at_zero: Whether identical rows of the target are 0 apart, not 1e-6.
    """

    sigma: float
    identical_at_zero: bool = False

    def known(self, sigma: Sigma) -> float:
        """The width; raises UsageError if a training shall choose it and has not done so."""
        if sigma == "auto":
            raise UsageError(f"{type(self).__name__} needs a number for sigma: only a training chooses one for auto")
        return float(sigma)

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        return self.of_labels(target, self.relaxed(source))

    def relaxed(self, source: Tensor) -> LogLabels:
        """The relaxed labels of the source (n, d_s)."""
        return partial(log_label_rows, source, sigma=self.sigma)

    def of_labels(self, target: Tensor, log_labels: LogLabels) -> Tensor:
        """The loss of target (n, d_t) with labels, in full precision."""
        learns = torch.is_grad_enabled() and target.requires_grad
        loss: Tensor = _BlockByBlock.apply(target, log_labels, self, learns)
        return loss

    def of_rows(self, r: Tensor, log_w: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor]:
        """The sum of l_i over ``rows`` of the batch, -dl_i/dr_ij, and the sums over j of its products with r_ij.

        Args:
            r: (b, n) relative distances; 0 from a row to itself. It and ``log_w`` may be overwritten.
            log_w: (b, n) logarithms of the relaxed labels; 0 for a row with itself.
            rows: Which b of the n rows these are.

        Returns:
            A scalar, (b, n) and (b, 1).
        """
        raise NotImplementedError


class _BlockByBlock(torch.autograd.Function):
    """Loss and gradient together, a block of rows at a time, so that a large batch never stores an (n, n) matrix.

    A row of r_ij = d_ij / mu_i needs only its own row of distances, hence so does its part l_i of the loss. With
    dr_ik/dd_ij = (1[j = k] - r_ik / n) / mu_i and s_ij = -dl_i/dr_ij:

        -dl_i/dd_ij = (s_ij - mean_k s_ik r_ik) / mu_i
    """

    @staticmethod
    def forward(ctx: Any, target: Tensor, log_labels: LogLabels, loss: RelaxedLoss, learns: bool) -> Tensor:
        n = len(target)
        total = target.new_zeros(())
        left, right = None, None  # the gradient with respect to the target is left @ right, or left alone
        for rows in row_tiles(n, target.device):
            d, is_float64 = distance_rows(target, rows)  # (b, n)
            if loss.identical_at_zero:
                d.masked_fill_(d <= SMALLEST_DISTANCE, 0)
            inverse_mu = d.sum(dim=1, keepdim=True).clamp_(min=SMALLEST_SQUARE).reciprocal_().mul_(n)  # (b, 1)
            part, s, sr = loss.of_rows(d * inverse_mu, log_labels(rows), rows)
            total.add_(part, alpha=1 / n)
            if not learns:
                continue
            minus_grad_distance = s.sub_(sr, alpha=1 / n).mul_(inverse_mu.mul_(1 / n))
            c = pull_rows(rows, d, is_float64, minus_grad_distance)
            if len(c) == n:
                left, right = laplacian(c), target
            else:
                gradient = gradient_of_rows(target, rows, c)
                left = gradient if left is None else left.add_(gradient)
        ctx.save_for_backward(left, right)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        left, right = ctx.saved_tensors
        gradient = grad_loss * left
        if right is not None:
            with full_precision(right.device):
                gradient = (gradient @ right.to(left.dtype)).to(right.dtype)
        return gradient, None, None, None
