"""Proxy-Anchor (Kim, Kim, Cho, Kwak, CVPR 2020)."""

import torch
from torch import Tensor

from embedding_transfer.metric_losses.metric_loss import MetricLoss, check_labels
from embedding_transfer.metric_losses.proxies import new_proxies, unit


class ProxyAnchorLoss(MetricLoss):
    """Proxy-Anchor: every proxy draws its class's images and pushes away all others, the hardest most.

    With c_ik the cosine of embedding i and proxy k, and C+ the classes present in the batch:
    1/|C+| sum_(k in C+) log(1 + sum_(y_i = k) e^(-alpha (c_ik - margin)))
    + 1/num_classes sum_k log(1 + sum_(y_i != k) e^(alpha (c_ik + margin))).
    Kim, Kim, Cho, Kwak, "Proxy Anchor Loss for Deep Metric Learning" (CVPR 2020), eq. 4.

    Args:
        num_classes: Classes of the training images.
        embedding_size: Length d of an embedding.
        margin: 0.1 in the paper.
        alpha: 32 in the paper.

    Example::

        >>> loss = ProxyAnchorLoss(num_classes=10, embedding_size=64)
        >>> value = loss(torch.randn(6, 64), torch.tensor([0, 0, 3, 3, 7, 7]))
        >>> value.backward()
        >>> loss.proxies.grad.shape
        torch.Size([10, 64])
    """

    def __init__(self, num_classes: int, embedding_size: int, margin: float = 0.1, alpha: float = 32.0) -> None:
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
