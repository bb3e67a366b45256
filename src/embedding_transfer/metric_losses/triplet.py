"""Triplet loss (Schroff, Kalenichenko, Philbin, CVPR 2015)."""

from pytorch_metric_learning import losses, miners

from embedding_transfer.metric_losses.mined_loss import MinedLoss


class TripletLoss(MinedLoss):
    """Triplet loss on semi-hard triplets (Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015).

    The mean of max(d_ap - d_an + margin, 0) over the triplets with d_ap < d_an < d_ap + margin, d the Euclidean
    distance between normalized embeddings.

    Args:
        margin: By how much a negative must be farther than a positive; 0.2 in the paper.
    """

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__(losses.TripletMarginLoss(margin), miners.TripletMarginMiner(margin, "semihard"))
