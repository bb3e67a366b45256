"""Losses of pytorch-metric-learning, with a miner that chooses pairs or triplets."""

from torch import Tensor, nn

from embedding_transfer.metric_losses.metric_loss import MetricLoss


class MinedLoss(MetricLoss):
    """Any loss of pytorch-metric-learning, with one of its miners choosing the pairs or triplets that count.

    Args:
        loss: Called ``loss(embeddings, labels, mined)``.
        miner: Called ``miner(embeddings, labels)``; without one, all pairs count.

    Example::

        >>> import torch
        >>> from pytorch_metric_learning import losses, miners
        >>> loss = MinedLoss(losses.CircleLoss(), miners.BatchHardMiner())
        >>> loss(torch.eye(4), torch.tensor([0, 0, 1, 1])).isfinite()
        tensor(True)
    """

    def __init__(self, loss: nn.Module, miner: nn.Module | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.miner = miner

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        value: Tensor = self.loss(embeddings, labels, self.miner(embeddings, labels) if self.miner else None)
        return value
