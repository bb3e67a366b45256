"""Triplet loss (Schroff, Kalenichenko, Philbin, CVPR 2015)."""

from pytorch_metric_learning import losses, miners

from embedding_transfer.build.ranges import NotNegative
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.metric_losses.mined_loss import MinedLoss


class TripletLoss(MinedLoss):
    r"""Wants each image nearer to its class than to others, by a margin, on semi-hard triplets.

    .. math:: L = \frac{1}{|T|} \sum_{T} d_{ap} - d_{an} + \text{margin}

    with d the Euclidean distance of normalized embeddings, and T the triplets (a and p of one class, n of another) with
    :math:`d_{ap} < d_{an} < d_{ap} + \text{margin}`. Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015 (there with
    squared distances), in the form of pytorch-metric-learning. Another miner takes the place of the semi-hard one.

    Args:
        margin: By how much a negative must be farther than a positive. Default: 0.2, as published.

    Example::

        >>> import torch
        >>> loss = TripletLoss()(torch.randn(6, 8, requires_grad=True), torch.tensor([0, 0, 1, 1, 2, 2]))
        >>> loss.backward()
    """

    @in_range
    def __init__(self, margin: NotNegative = 0.2) -> None:
        super().__init__(losses.TripletMarginLoss(margin), miners.TripletMarginMiner(margin, "semihard"))
