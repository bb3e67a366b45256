"""Proxy-Anchor (Kim, Kim, Cho, Kwak, CVPR 2020)."""

import torch
from torch import Tensor

from embedding_transfer.build.ranges import NotNegative, Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.metric_losses.metric_loss import MetricLoss, check_labels
from embedding_transfer.metric_losses.proxies import new_proxies, unit


class ProxyAnchorLoss(MetricLoss):
    r"""Every proxy draws its class's images and pushes away all others, the hardest most.

    .. math::
        L = \frac{1}{|C^+|} \sum_{k \in C^+} \log \Big(1 + \sum_{y_i = k} e^{-\alpha (c_{ik} - margin)}\Big)
            + \frac{1}{C} \sum_{k=1}^{C} \log \Big(1 + \sum_{y_i \ne k} e^{\alpha (c_{ik} + margin)}\Big)

    with :math:`c_{ik}` the cosine of embedding i and proxy k, and :math:`C^+` the classes of the batch. Kim, Kim, Cho,
    Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020, eq. 4.

    Args:
        num_classes: C, classes of the training images.
        embedding_size: Length d of an embedding.
        margin: Default: 0.1, as published.
        alpha: Sharpness. Default: 32, as published.

    Attributes:
        proxies: (num_classes, d), one learned vector for each class.

    Example::

        >>> loss = ProxyAnchorLoss(num_classes=10, embedding_size=64)
        >>> value = loss(torch.randn(6, 64), torch.tensor([0, 0, 3, 3, 7, 7]))
        >>> value.backward()
        >>> loss.proxies.grad.shape
        torch.Size([10, 64])
    """

    why_no_miner = "it compares rows with one learned proxy for each class, not with other rows"

    @in_range
    def __init__(
        self, num_classes: int, embedding_size: int, margin: NotNegative = 0.1, alpha: Positive = 32.0
    ) -> None:
        super().__init__()
        self.proxies = new_proxies(num_classes, embedding_size)
        self.margin = margin
        self.alpha = alpha

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        check_labels(self, labels, len(self.proxies))
        cosines = unit(embeddings) @ unit(self.proxies.to(embeddings.dtype)).T  # (n, num_classes)

        own = cosines.gather(1, labels[:, None]).T  # (1, n), cosine of each row and its proxy
        same_class = labels[:, None] == labels[None, :]  # (n, n)
        pull = log_one_plus_sum_exp((-self.alpha * (own - self.margin)).where(same_class, -torch.inf), dim=1)  # (n,)
        one_per_class = 1 / same_class.sum(1)  # (n,), the rows of a class share its term
        pull = (pull * one_per_class).sum() / one_per_class.sum()

        others = (self.alpha * (cosines + self.margin)).scatter(1, labels[:, None], -torch.inf)
        return pull + log_one_plus_sum_exp(others, dim=0).mean()


def log_one_plus_sum_exp(logits: Tensor, dim: int) -> Tensor:
    """log(1 + sum exp(logits)) along a dimension; entries of -inf are left out."""
    zero = logits.new_zeros(())
    return torch.logaddexp(zero, logits.logsumexp(dim))
