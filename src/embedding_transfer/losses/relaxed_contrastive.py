"""Relaxed contrastive loss (Kim, Kim, Cho, Kwak, CVPR 2021)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import (
    DistanceRows,
    full_precision,
    label_rows,
    matching_embeddings,
    require_positive,
    row_means,
    row_tiles,
)


class RelaxedContrastiveLoss(TransferLoss):
    r"""Contrastive loss whose pair labels are the source's similarities instead of 0 and 1.

    .. math:: L = \frac{1}{n} \sum_i \sum_{j \ne i} w_{ij} r_{ij}^2 + (1 - w_{ij}) [\delta - r_{ij}]_+^2

    with relaxed labels :math:`w_{ij} = \exp(-|s_i - s_j|^2 / \sigma)` of the normalised source and relative
    distances :math:`r_{ij} = d_{ij} / \frac{1}{n} \sum_k d_{ik}` of the target, which is not normalised. Kim, Kim,
    Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021, section 3.

    Args:
        sigma: width of the kernel of the relaxed labels. Default: 1.
        delta: margin, in units of the mean distance. Default: 1.

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
            InputError: the tensors are not 2-D, not floating point, empty, or of different length.
        """
        target, source = matching_embeddings(self, target, source)
        learns = torch.is_grad_enabled() and target.requires_grad
        loss: Tensor = _RelaxedContrastive.apply(target, source, self.sigma, self.delta, learns)  # type: ignore[no-untyped-call]
        return loss

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, delta={self.delta}"


class _RelaxedContrastive(torch.autograd.Function):
    """Loss and gradient together, a block of rows at a time, so that no (n, n) matrix is ever stored.

    A row of r needs only its own row of distances, hence so does its part of the loss. Per row, with
    h_ij = dl_i/dr_ij = 2 w_ij r_ij - 2 (1 - w_ij) [delta - r_ij]_+ and dr_ik/dd_ij = (1[j = k] - r_ik / n) / mu_i,

        dl_i/dd_ij = (h_ij - mean_k h_ik r_ik) / mu_i.
    """

    @staticmethod
    def forward(ctx: Any, target: Tensor, source: Tensor, sigma: float, delta: float, learns: bool) -> Tensor:
        n = len(target)
        loss = target.new_zeros(())
        gradient = torch.zeros_like(target) if learns else None
        with full_precision(target.device):
            pairs, unit_source = DistanceRows(target), F.normalize(source, dim=1)
            for rows in row_tiles(n, target.device):
                d, close = pairs.distances(rows)  # (b, n)
                w = label_rows(unit_source, rows, sigma)  # (b, n)
                mu = row_means(d)  # (b, 1)
                r = d / mu
                short = (delta - r).clamp_(min=0)
                pull, push = w * r, torch.addcmul(short, short, w, value=-1)  # w r, (1 - w) [delta - r]_+
                loss += ((pull * r).sum() + (push * short).sum()) / n
                if gradient is not None:
                    half_h = pull.sub_(push)
                    mean_hr = (half_h * r).mean(dim=1, keepdim=True)  # (b, 1), halved
                    by_distance = half_h.sub_(mean_hr).mul_(2 / (n * mu))
                    pairs.add_gradient(gradient, rows, d, close, by_distance)
        ctx.save_for_backward(gradient)
        return loss

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, by_loss: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return by_loss * gradient, None, None, None, None
