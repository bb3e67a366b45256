"""Contrastive loss (Hadsell, Chopra, LeCun, CVPR 2006)."""

from pytorch_metric_learning import losses

from embedding_transfer.metric_losses.mined_loss import MinedLoss


class ContrastiveLoss(MinedLoss):
    """Contrastive loss of all pairs (Hadsell, Chopra, LeCun, "Dimensionality Reduction by ...", CVPR 2006).

    With Euclidean distances d between normalized embeddings: the mean of the non-zero d of positive pairs plus the
    mean of the non-zero max(margin - d, 0) of negative pairs.

    Args:
        margin: Distance beyond which a negative pair no longer counts; 0.5 as in the released code of Proxy-Anchor.
    """

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__(losses.ContrastiveLoss(pos_margin=0.0, neg_margin=margin))
