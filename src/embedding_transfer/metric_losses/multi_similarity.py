"""Multi-similarity loss (Wang et al., CVPR 2019)."""

from pytorch_metric_learning import losses, miners

from embedding_transfer.metric_losses.mined_loss import MinedLoss


class MultiSimilarityLoss(MinedLoss):
    """Multi-similarity loss on mined pairs (Wang et al., "Multi-Similarity Loss with ...", CVPR 2019).

    Per anchor, with cosines c and the pairs kept by the paper's miner:
    1/alpha log(1 + sum_positive e^(-alpha (c - base))) + 1/beta log(1 + sum_negative e^(beta (c - base))).

    Args:
        alpha: Weight of the exponent of positive pairs; 2 in the paper.
        beta: Weight of the exponent of negative pairs; 50 in the paper.
        base: Cosine at which a pair starts to count; 0.5 in the authors' code.
        epsilon: Slack of the miner; 0.1 in the paper.
    """

    def __init__(self, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1) -> None:
        super().__init__(losses.MultiSimilarityLoss(alpha, beta, base), miners.MultiSimilarityMiner(epsilon))
