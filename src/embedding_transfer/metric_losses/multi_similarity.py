"""Multi-similarity loss (Wang et al., CVPR 2019)."""

from typing import Annotated

from pytorch_metric_learning import losses, miners

from embedding_transfer.build.ranges import NotNegative, Positive, Range
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.metric_losses.mined_loss import MinedLoss


class MultiSimilarityLoss(MinedLoss):
    r"""Weighs each pair by its own similarity and those of the pairs beside it; only informative pairs count.

    .. math::
        L = \frac{1}{n} \sum_i \frac{1}{\alpha} \log \Big(1 + \sum_{P_i} e^{-\alpha (c_{ij} - base)}\Big)
            + \frac{1}{\beta} \log \Big(1 + \sum_{N_i} e^{\beta (c_{ij} - base)}\Big)

    with c the cosine, and P and N the pairs kept by the paper's miner: positives with :math:`c - \epsilon` below the
    largest negative, negatives with :math:`c + \epsilon` above the smallest positive. Wang, Han, Huang, Dong, Scott,
    "Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning", CVPR 2019. Another miner takes the
    place of the paper's.

    Args:
        alpha: Sharpness of positive pairs. Default: 2, as published.
        beta: Sharpness of negative pairs. Default: 50, as published.
        base: Cosine at which a pair starts to count. Default: 0.5, as in the authors' code.
        epsilon: Slack of the miner. Default: 0.1, as published.

    Example::

        >>> import torch
        >>> loss = MultiSimilarityLoss()(torch.randn(6, 8, requires_grad=True), torch.tensor([0, 0, 1, 1, 2, 2]))
        >>> loss.backward()
    """

    @in_range
    def __init__(
        self,
        alpha: Positive = 2.0,
        beta: Positive = 50.0,
        base: Annotated[float, Range(-1, 1)] = 0.5,
        epsilon: NotNegative = 0.1,
    ) -> None:
        super().__init__(losses.MultiSimilarityLoss(alpha, beta, base), miners.MultiSimilarityMiner(epsilon))
