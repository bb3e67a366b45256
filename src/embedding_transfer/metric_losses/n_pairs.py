"""N-pair loss (Sohn, NIPS 2016)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.build.ranges import NotNegative
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.metric_losses.metric_loss import MetricLoss, warn_of_no_pair


class NPairsLoss(MetricLoss):
    r"""Each image must find its partner of one class among the partners of all other classes.

    .. math::
        L = -\frac{1}{p} \sum_i \log \frac{e^{x_i \cdot p_i}}{e^{x_i \cdot p_i} + \sum_j e^{x_i \cdot p_j}}
            + \frac{w}{n} \sum_k |x_k|^2

    with the p pairs :math:`(x_i, p_i)`, j over the pairs of other classes, and dot products of the embeddings as they
    are. The rows of each class are paired in their order (1st with 2nd, 3rd with 4th, ...; an odd one is left out), so
    any batch with several images per class will do; with one pair per class this is the paper's loss. Sohn, "Improved
    Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS 2016.

    Args:
        l2_weight: w, weight of the mean squared length, which the paper adds to keep unnormalized embeddings short.
            Default: 0, which suits networks that normalize their embeddings.

    Example::

        >>> loss = NPairsLoss()(torch.randn(6, 8, requires_grad=True), torch.tensor([0, 0, 1, 1, 2, 2]))
        >>> loss.backward()
    """

    why_no_miner = "it pairs the rows of each class by itself, in their order"

    @in_range
    def __init__(self, l2_weight: NotNegative = 0.0) -> None:
        super().__init__()
        self.l2_weight = l2_weight

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        anchors, positives = pairs_of_classes(labels)  # (p,), (p,)
        norms = self.l2_weight * embeddings.square().sum(1).mean()
        if len(anchors) == 0:
            warn_of_no_pair(self, labels)
            return norms
        similarities = embeddings[anchors] @ embeddings[positives].T  # (p, p)
        other_pairs_of_class = (labels[anchors, None] == labels[anchors]).fill_diagonal_(False)
        similarities = similarities.masked_fill(other_pairs_of_class, -torch.inf)
        return F.cross_entropy(similarities, torch.arange(len(anchors), device=labels.device)) + norms


def pairs_of_classes(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Disjoint pairs of rows of one class, in the order of the rows: two index tensors (p,)."""
    same_class = labels[:, None] == labels[None, :]  # (n, n)
    rank = same_class.tril(-1).sum(1)  # (n,), how many rows of its class come before
    by_class = labels.argsort(stable=True)
    first, second = by_class[:-1], by_class[1:]
    paired = (labels[first] == labels[second]) & (rank[first] % 2 == 0)
    return first[paired], second[paired]
