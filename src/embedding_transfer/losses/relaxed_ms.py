"""Relaxed multi-similarity loss (Kim, Kim, Cho, Kwak, CVPR 2021)."""

import torch
from torch import Tensor

from embedding_transfer.exceptions import UsageError
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import (
    full_precision,
    matching_embeddings,
    no_relations,
    relative_distances,
    relaxed_labels,
    require_positive,
)


class RelaxedMSLoss(TransferLoss):
    r"""Multi-similarity loss whose pair labels are the source's similarities instead of 0 and 1.

    .. math::
        L = \frac{1}{n} \sum_i \frac{1}{\alpha} \log \Big(1 + \sum_{j \ne i} w_{ij} e^{\alpha r_{ij}}\Big)
            + \frac{1}{\beta} \log \Big(1 + \sum_{j \ne i} (1 - w_{ij}) e^{\beta (\delta - r_{ij})}\Big)

    with relaxed labels :math:`w` of the source and relative distances :math:`r` of the target as in
    :class:`~embedding_transfer.losses.RelaxedContrastiveLoss`; two views of one image have :math:`w = 1`. Kim, Kim,
    Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021, supplement.

    Args:
        sigma: Width of the kernel of the relaxed labels. Default: 1.
        delta: Margin, in units of the mean distance. Default: 1.
        alpha: Sharpness of the attraction. Default: 1.
        beta: Sharpness of the repulsion. Default: 2.
        views: Views of each image in a batch, its rows being [all view 1, all view 2, ...]; they are made positives
            of one another. 1 leaves every label to the source. Default: 2.

    Raises:
        UsageError: An option is not positive.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> RelaxedMSLoss()(target, source).backward()
    """

    def __init__(
        self, sigma: float = 1.0, delta: float = 1.0, alpha: float = 1.0, beta: float = 2.0, views: int = 2
    ) -> None:
        super().__init__()
        require_positive(self, sigma=sigma, delta=delta, alpha=alpha, beta=beta)
        if views < 1 or views != int(views):
            raise UsageError(f"RelaxedMSLoss needs a whole number of views, at least 1; got {views}")
        self.sigma = sigma
        self.delta = delta
        self.alpha = alpha
        self.beta = beta
        self.views = views

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        """The loss, a scalar in float32 (float64 for float64 targets).

        Args:
            target: (n, d_t) embeddings that learn.
            source: (n, d_s) embeddings of the same n views; receives no gradient.

        Raises:
            InputError: The tensors are not 2-D, not floating point, empty, or of different length.
        """
        target, source = matching_embeddings(self, target, source)
        n = len(target)
        if n == 1:
            return no_relations(target, source)
        with full_precision(target.device):
            w = relaxed_labels(source, self.sigma)  # (n, n)
            w[views_of_one_image(n, self.views, w.device)] = 1
            similar, dissimilar = w.log(), torch.log1p(-w)
            dissimilar.fill_diagonal_(-self.beta * self.delta)  # both diagonals end up as e^0, the 1 of log(1 + ...)
            r = relative_distances(target)  # (n, n), 0 on the diagonal
            attraction = torch.logsumexp(similar + self.alpha * r, dim=1) / self.alpha  # (n,)
            repulsion = torch.logsumexp(dissimilar + self.beta * (self.delta - r), dim=1) / self.beta  # (n,)
            return (attraction + repulsion).mean()

    def extra_repr(self) -> str:
        return f"sigma={self.sigma}, delta={self.delta}, alpha={self.alpha}, beta={self.beta}, views={self.views}"


def views_of_one_image(n: int, views: int, device: torch.device) -> Tensor:
    """Which rows of [all view 1, all view 2, ...] show the same image, (n, n) bool; rows too many are on their own."""
    images = n // views
    row = torch.arange(n, device=device)  # (n,)
    image = torch.where(row < images * views, row % max(images, 1), row)  # (n,)
    return image[:, None] == image
