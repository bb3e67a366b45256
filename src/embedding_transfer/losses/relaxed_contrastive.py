"""Relaxed contrastive loss (Kim, Kim, Cho, Kwak, CVPR 2021)."""

import torch
from torch import Tensor

from embedding_transfer.build.ranges import Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.losses.relaxed_loss import RelaxedLoss, Sigma


class RelaxedContrastiveLoss(RelaxedLoss):
    r"""Contrastive loss whose pair labels are the source's similarities instead of 0 and 1.

    .. math:: L = \frac{1}{n} \sum_i \sum_{j \ne i} w_{ij} r_{ij}^2 + (1 - w_{ij}) [\delta - r_{ij}]_+^2

    with relaxed labels :math:`w_{ij} = \exp(-|s_i - s_j|^2 / \sigma)` of the normalized source and relative
    distances :math:`r_{ij} = d_{ij} / \frac{1}{n} \sum_k d_{ik}` of the target, which is not normalized. Kim, Kim,
    Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021.

    Args:
        sigma: Width of the kernel of the relaxed labels. Default: 1. ``"auto"`` is for ``transfer``, which asks the
            source (see :func:`~embedding_transfer.sources.audit.audit`) and puts a number in its place.
        delta: Margin, in units of the mean distance. Default: 1.

    Raises:
        UsageError: ``sigma`` or ``delta`` is not positive.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> RelaxedContrastiveLoss()(target, source).backward()
    """

    @in_range
    def __init__(self, sigma: Sigma = 1.0, delta: Positive = 1.0) -> None:
        super().__init__()
        self.sigma = self.known(sigma)
        self.delta = delta

    def of_rows(self, r: Tensor, log_w: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor]:
        """l_i = sum_j w r^2 + (1 - w) [delta - r]_+^2, which is sum_j (delta push - s r) / 2 with the two below."""
        w = log_w.exp_()
        push = torch.rsub(r, 2 * self.delta, alpha=2).clamp_(min=0)
        push.addcmul_(push, w, value=-1)  # 2 (1 - w) [delta - r]_+
        half_delta_push = push.sum().mul_(self.delta / 2)
        s = push.addcmul_(w, r, value=-2)  # -dl_i/dr_ij = push - 2 w r
        sr = r.mul_(s).sum(dim=1, keepdim=True)  # (b, 1)
        return half_delta_push.sub_(sr.sum(), alpha=0.5), s, sr

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, delta={self.delta}"
