"""Relaxed contrastive loss (Kim, Kim, Cho, Kwak, CVPR 2021)."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.distance_rows import (
    distance_rows,
    gradient_of_rows,
    label_rows,
    laplacian,
    pull_rows,
    row_tiles,
)
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import full_precision, matching_embeddings, no_relations, require_positive


class RelaxedContrastiveLoss(TransferLoss):
    r"""Contrastive loss whose pair labels are the source's similarities instead of 0 and 1.

    .. math:: L = \frac{1}{n} \sum_i \sum_{j \ne i} w_{ij} r_{ij}^2 + (1 - w_{ij}) [\delta - r_{ij}]_+^2

    with relaxed labels :math:`w_{ij} = \exp(-|s_i - s_j|^2 / \sigma)` of the normalised source and relative
    distances :math:`r_{ij} = d_{ij} / \frac{1}{n} \sum_k d_{ik}` of the target, which is not normalised. Kim, Kim,
    Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021, section 3.

    Args:
        sigma: Width of the kernel of the relaxed labels. Default: 1.
        delta: Margin, in units of the mean distance. Default: 1.

    Raises:
        UsageError: ``sigma`` or ``delta`` is not positive.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> RelaxedContrastiveLoss()(target, source).backward()
    """

    def __init__(self, sigma: float = 1.0, delta: float = 1.0) -> None:
        super().__init__()
        require_positive(self, sigma=sigma, delta=delta)
        self.sigma = sigma
        self.delta = delta

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        """The loss, a scalar in float32 (float64 for float64 targets).

        Args:
            target: (n, d_t) embeddings that learn.
            source: (n, d_s) embeddings of the same n views; receives no gradient.

        Raises:
            InputError: The tensors are not 2-D, not floating point, empty, or of different length.
        """
        target, source = matching_embeddings(self, target, source)
        if len(target) == 1:
            return no_relations(target, source)
        learns = torch.is_grad_enabled() and target.requires_grad
        with full_precision(target.device):
            loss: Tensor = _RelaxedContrastive.apply(target, source, self.sigma, self.delta, learns)
        return loss

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, delta={self.delta}"


class _RelaxedContrastive(torch.autograd.Function):
    """Loss and gradient together, a block of rows at a time, so that a large batch never stores an (n, n) matrix.

    A row of r needs only its own row of distances, hence so does its part l_i of the loss. With
    g_ij = (1 - w_ij) [delta - r_ij]_+ - w_ij r_ij = -dl_i/dr_ij / 2 and dr_ik/dd_ij = (1[j = k] - r_ik / n) / mu_i:

        l_i = sum_j (delta (1 - w_ij) [delta - r_ij]_+ - g_ij r_ij)
        dl_i/dd_ij = -2 / mu_i (g_ij - mean_k g_ik r_ik)
    """

    @staticmethod
    def forward(ctx: Any, target: Tensor, source: Tensor, sigma: float, delta: float, learns: bool) -> Tensor:
        n = len(target)
        loss = target.new_zeros(())
        left, right = None, None  # the gradient with respect to the target is left @ right, or left alone
        for rows in row_tiles(n, target.device):
            d, wide = distance_rows(target, rows)  # (b, n)
            w = label_rows(source, rows, sigma)  # (b, n)
            one_by_mu = d.sum(dim=1, keepdim=True).reciprocal_().mul_(n)  # (b, 1)
            r = d * one_by_mu
            push = torch.rsub(r, delta).clamp_(min=0)
            push.addcmul_(push, w, value=-1)  # (1 - w) [delta - r]_+
            loss.add_(push.sum(), alpha=delta / n)
            g = push.addcmul_(w, r, value=-1)
            gr = r.mul_(g).sum(dim=1, keepdim=True)  # (b, 1)
            loss.sub_(gr.sum(), alpha=1 / n)
            if not learns:
                continue
            minus_by_distance = g.sub_(gr, alpha=1 / n).mul_(one_by_mu.mul_(2 / n))
            c = pull_rows(rows, d, wide, minus_by_distance)
            if len(c) == n:
                left, right = laplacian(c), target
            else:
                part = gradient_of_rows(target, rows, c)
                left = part if left is None else left.add_(part)
        ctx.save_for_backward(left, right)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_loss: Tensor) -> tuple[Tensor | None, ...]:
        left, right = ctx.saved_tensors
        gradient = by_loss * left
        if right is not None:
            with full_precision(right.device):
                gradient = (gradient @ right.to(left.dtype)).to(right.dtype)
        return gradient, None, None, None, None
