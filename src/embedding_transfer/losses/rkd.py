"""Relational knowledge distillation (Park, Kim, Lu, Cho, CVPR 2019)."""

import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.build.ranges import NotNegative
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.losses.relation_loss import RelationLoss
from embedding_transfer.relations import no_relations, pairwise_distances
from embedding_transfer.relations.angles import angle_difference


class RKDLoss(RelationLoss):
    r"""Matches the distances of all pairs and the angles of all triplets of a batch.

    .. math::
        L = \frac{w_d}{n^2} \sum_{ij} h\Big(\frac{d^t_{ij}}{\mu^t} - \frac{d^s_{ij}}{\mu^s}\Big)
          + \frac{w_a}{n^3} \sum_{ijk} h(\cos^t_{ijk} - \cos^s_{ijk})

    with the smooth L1 function :math:`h`, the mean distance :math:`\mu` of all pairs of different rows and the cosine
    :math:`\cos_{ijk}` at row i of the directions to j and k. Park, Kim, Lu, Cho, "Relational Knowledge Distillation",
    CVPR 2019.

    Args:
        distance_weight: Weight of the distances, :math:`w_d`. Default: 1.
        angle_weight: Weight of the angles, :math:`w_a`. Default: 2.

    Raises:
        UsageError: A weight is negative.

    Example::

        >>> import torch
        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> RKDLoss()(target, source).backward()
    """

    @in_range
    def __init__(self, distance_weight: NotNegative = 1.0, angle_weight: NotNegative = 2.0) -> None:
        super().__init__()
        self.distance_weight = distance_weight
        self.angle_weight = angle_weight

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        loss = no_relations(target, source)
        d_target, d_source = pairwise_distances(target), pairwise_distances(source)  # (n, n)
        if self.distance_weight:
            difference = F.smooth_l1_loss(in_mean_distances(d_target), in_mean_distances(d_source))
            loss = loss + self.distance_weight * difference
        if self.angle_weight:
            loss = loss + self.angle_weight * angle_difference(target, source, d_target, d_source)
        return loss

    def extra_repr(self) -> str:
        return f"distance_weight={self.distance_weight}, angle_weight={self.angle_weight}"


def in_mean_distances(distances: Tensor) -> Tensor:
    """Distances (n, n) in units of the mean distance between different rows."""
    n = len(distances)
    return distances * (n * (n - 1) / distances.sum())
