"""DarkRank (Chen, Wang, Zhang, AAAI 2018)."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.build.ranges import NotNegative, Positive, Range
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import InputError
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import (
    full_precision,
    matching_embeddings,
    no_relations,
    pairwise_distances,
)
from embedding_transfer.relations.distance_rows import SMALLEST_DISTANCE


class DarkRankLoss(TransferLoss):
    r"""The likelihood, in the target's space, of the order in which the source ranks each query's nearest rows.

    .. math::
        L = -\frac{1}{n} \sum_i \sum_{k=1}^{m} \log \frac{e^{v_{ik}}}{\sum_{l=k}^{m} e^{v_{il}}} + w T,
        \qquad v_{ik} = -\alpha |u_i - u_{\pi_i(k)}|^\beta

    with :math:`u` the normalized target, :math:`\pi_i` the source's ranking of the other rows and m = ``permute_len``
    (fewer in a smaller batch). T is the triplet loss, weighted by w = ``triplet_weight``: the mean of
    :math:`|u_a - u_p| - |u_a - u_n| + \text{margin}` over all triplets where it is positive. Chen, Wang, Zhang,
    "DarkRank: Accelerating Deep Metric Learning via Cross Sample Similarities Transfer", AAAI 2018, in the
    hard variant.

    Args:
        alpha: Factor of the scores. Default: 3.
        beta: Power of the distances in the scores. Default: 3.
        permute_len: How many of the source's nearest rows are ranked. Default: 4.
        triplet_weight: Weight of the triplet term; 0 leaves it out. Default: 1.
        margin: Margin of the triplet term. Default: 0.2.

    Raises:
        UsageError: An option is out of range.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> DarkRankLoss()(target, source, labels=torch.arange(180) % 36).backward()
    """

    @in_range
    def __init__(
        self,
        alpha: Positive = 3.0,
        beta: Positive = 3.0,
        permute_len: Annotated[int, Range(1, 64)] = 4,
        triplet_weight: NotNegative = 1.0,
        margin: Positive = 0.2,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.permute_len = permute_len
        self.triplet_weight = triplet_weight
        self.margin = margin

    def forward(self, target: Tensor, source: Tensor, labels: Tensor) -> Tensor:
        """The loss, a scalar in float32 (float64 for float64 targets).

        Args:
            target: (n, d_t) embeddings that learn.
            source: (n, d_s) embeddings of the same n views; receives no gradient.
            labels: (n,) class of each row.

        Raises:
            InputError: The embeddings are not 2-D, not floating point, empty, or of different length, or there is not
                one label for each.
        """
        target, source = matching_embeddings(self, target, source)
        if labels.shape != target.shape[:1]:
            raise InputError(
                f"DarkRankLoss needs one label per embedding; got {tuple(labels.shape)} for {tuple(target.shape)}"
            )
        if len(target) == 1:
            return no_relations(target, source)
        with full_precision(target.device):
            unit = F.normalize(target, dim=1)
            nearest = self.nearest(F.normalize(source, dim=1))  # (n, m)
            scores = -self.alpha * pairwise_distances(unit).gather(1, nearest) ** self.beta  # (n, m)
            loss = -plackett_luce(scores).mean() + 0 * source.sum()  # a rank hides NaN, a sum does not
            if self.triplet_weight:
                loss = loss + self.triplet_weight * triplet_margin(unit, labels, self.margin)
            return loss

    def nearest(self, source: Tensor) -> Tensor:
        """The rows that the source finds nearest to each row, nearest first, itself left out by index: (n, m)."""
        distances = pairwise_distances(source).fill_diagonal_(torch.inf)  # (n, n)
        m = min(self.permute_len, len(source) - 1)
        return distances.topk(m, dim=1, largest=False).indices

    def extra_repr(self) -> str:
        return (
            f"alpha={self.alpha}, beta={self.beta}, permute_len={self.permute_len}, "
            f"triplet_weight={self.triplet_weight}, margin={self.margin}"
        )


def plackett_luce(scores: Tensor) -> Tensor:
    """Log-likelihood of drawing the columns of ``scores`` in order, each from those left: (n, m) -> (n,)."""
    draws = [scores[:, k] - scores[:, k:].logsumexp(dim=1) for k in range(scores.shape[1])]
    return torch.stack(draws).sum(dim=0)


def triplet_margin(embeddings: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean of |u_a - u_p| - |u_a - u_n| + margin over all triplets where it is positive, 0 if it nowhere is.

    Once it is known which triplets those are, the mean is linear in the distances. So they are only counted, by
    sorting: how many negatives of an anchor are nearer than a positive plus the margin, and the other way around.

    Args:
        embeddings: (n, d), normalized here.
        labels: (n,) class of each row.
        margin: The margin.
    """
    distances = pairwise_distances(F.normalize(embeddings, dim=1))  # (n, n)
    distances = distances.masked_fill(distances <= SMALLEST_DISTANCE, 0)
    same = labels[:, None] == labels  # (n, n)
    with torch.no_grad():
        to_negatives = distances.masked_fill(same, torch.inf).sort(dim=1).values
        too_near = torch.searchsorted(to_negatives, distances + margin)  # (n, n), negatives that violate a positive
        too_near.masked_fill_(~same, 0).fill_diagonal_(0)
        to_positives = distances.masked_fill(~same, -torch.inf).fill_diagonal_(-torch.inf).sort(dim=1).values
        too_far = len(same) - torch.searchsorted(to_positives, distances - margin, right=True)
        too_far.masked_fill_(same, 0)  # (n, n), positives that a negative violates
        triplets = too_near.sum().to(distances.dtype)
    total = ((too_near - too_far) * distances).sum() + margin * triplets
    return total / triplets.clamp(min=1)
