"""Contrastive loss (Hadsell, Chopra, LeCun, CVPR 2006)."""

from pytorch_metric_learning import losses

from embedding_transfer.build.ranges import NotNegative
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.metric_losses.mined_loss import MinedLoss


class ContrastiveLoss(MinedLoss):
    r"""Draws all pairs of one class together and pushes pairs of two classes apart, up to a margin.

    .. math:: L = \frac{1}{|P|} \sum_{P} d_{ij} + \frac{1}{|N|} \sum_{N} \text{margin} - d_{ij}

    with d the Euclidean distance of normalized embeddings, P the pairs of one class with d > 0, and N the pairs of two
    classes with d < margin. Hadsell, Chopra, LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", CVPR
    2006 (there squared), in the form of pytorch-metric-learning. A miner chooses the pairs.

    Args:
        margin: Distance beyond which a pair of two classes no longer counts. Default: 0.5, as in the released code of
            Proxy-Anchor.

    Example::

        >>> import torch
        >>> ContrastiveLoss()(torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([5, 5]))
        tensor(0.8944)
    """

    @in_range
    def __init__(self, margin: NotNegative = 0.5) -> None:
        super().__init__(losses.ContrastiveLoss(pos_margin=0.0, neg_margin=margin))
