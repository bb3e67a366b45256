"""Relaxed multi-similarity loss (Kim, Kim, Cho, Kwak, CVPR 2021)."""

import warnings

import torch
from torch import Tensor

from embedding_transfer.build.ranges import Positive, Views
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.losses.relaxed_loss import RelaxedLoss, Sigma


class RelaxedMSLoss(RelaxedLoss):
    r"""Multi-similarity loss whose pair labels are the source's similarities instead of 0 and 1.

    .. math::
        L = \frac{1}{n} \sum_i \frac{1}{\alpha} \log \Big(1 + \sum_{j \ne i} w_{ij} e^{\alpha r_{ij}}\Big)
            + \frac{1}{\beta} \log \Big(1 + \sum_{j \ne i} (1 - w_{ij}) e^{\beta (\delta - r_{ij})}\Big)

    with relaxed labels :math:`w` of the source and relative distances :math:`r` of the target as in
    :class:`~embedding_transfer.losses.RelaxedContrastiveLoss`; two views of one image have :math:`w = 1`. Kim, Kim,
    Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021, in
    the form of their code.

    Args:
        sigma: Width of the kernel of the relaxed labels. Default: 1. ``"auto"`` is for ``transfer``, which asks the
            source (see :func:`~embedding_transfer.sources.audit.audit`) and puts a number in its place.
        delta: Margin, in units of the mean distance. Default: 1.
        alpha: Sharpness of the attraction. Default: 1.
        beta: Sharpness of the repulsion. Default: 2.
        views: Views of each image in a batch, its rows being [all view 1, all view 2, ...]; they are made positives
            of one another. 1 leaves every label to the source. Default: 2. A number of rows that is no multiple of it
            is computed as released, the last rows on their own, with a warning: some rows are missing, or too many.

    Raises:
        UsageError: An option is not positive.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> RelaxedMSLoss()(target, source).backward()
    """

    @in_range
    def __init__(
        self, sigma: Sigma = 1.0, delta: Positive = 1.0, alpha: Positive = 1.0, beta: Positive = 2.0, views: Views = 2
    ) -> None:
        super().__init__()
        self.sigma = self.known(sigma)
        self.delta = delta
        self.alpha = alpha
        self.beta = beta
        self.views = views

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        if len(target) % self.views:
            warnings.warn(
                f"RelaxedMSLoss got {len(target)} rows, no multiple of its {self.views} views: rows are "
                "[all view 1, all view 2, ...], so the wrong rows may count as views of one image; views=1 ties none",
                stacklevel=2,
            )
        return super().compare(target, source)

    def of_rows(self, r: Tensor, log_w: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor]:
        """The logarithms of sums of exponentials, and as slopes the shares of each pair in its sum.

        On the diagonal both exponents are 0: that is the 1 of log(1 + ...).
        """
        log_w.clamp_(max=0)[self.other_views(rows, len(r.T), r.device)] = 0
        log_not_w = torch.log_(torch.expm1(log_w).neg_())  # log(1 - w)
        attraction, attracted = log_sum_exp(log_w.add_(r, alpha=self.alpha))
        log_not_w.add_(torch.rsub(r, self.delta), alpha=self.beta).diagonal(rows.start).fill_(0)
        repulsion, repelled = log_sum_exp(log_not_w)
        s = repelled.sub_(attracted)  # -dl_i/dr_ij
        sr = r.mul_(s).sum(dim=1, keepdim=True)  # (b, 1)
        return attraction.sum() / self.alpha + repulsion.sum() / self.beta, s, sr

    def other_views(self, rows: slice, n: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Which pairs of ``rows`` and all n rows show one image, as indices; rows are [all view 1, all view 2, ...].

        Where n is not a multiple of the number of views, the last rows are on their own.
        """
        images = n // self.views
        shown = images * self.views
        row = torch.arange(rows.start, min(rows.stop, shown), device=device)[:, None]  # (b, 1)
        steps = torch.arange(1, self.views, device=device) * images  # (views - 1,)
        return row - rows.start, (row + steps) % max(shown, 1)

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, delta={self.delta}, alpha={self.alpha}, beta={self.beta}, views={self.views}"


def log_sum_exp(exponents: Tensor) -> tuple[Tensor, Tensor]:
    """Over each row, (b, 1), and the share of each entry in its row's sum, (b, n); overwrites the exponents."""
    largest = exponents.amax(dim=1, keepdim=True)  # (b, 1)
    shares = exponents.sub_(largest).exp_()
    sums = shares.sum(dim=1, keepdim=True)  # (b, 1)
    return sums.log() + largest, shares.div_(sums)
