"""Losses of pytorch-metric-learning, with a miner that chooses pairs or triplets."""

import torch
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.metric_losses.metric_loss import MetricLoss, warn_of_no_pair
from embedding_transfer.metric_losses.signatures import positional_parameters
from embedding_transfer.metric_losses.third_party import is_third_party, keep_state, refuse_miner


class MinedLoss(MetricLoss):
    """Any loss of pytorch-metric-learning or of your own, if wanted on pairs or triplets that a miner chooses.

    What a miner does is up to the loss. Losses on pairs and triplets are computed on the chosen ones alone. Losses of
    pytorch-metric-learning with a classifier or proxies (ArcFace, SoftTriple, ...) weigh each row by how often it was
    chosen, divided by the largest such number; where nothing was chosen, all rows count.

    Args:
        loss: Called ``loss(embeddings, labels)``, or ``loss(embeddings, labels, mined)`` with a miner.
        miner: Called ``miner(embeddings, labels)``. Default: none, all pairs count.

    Raises:
        UsageError: There is a miner, but the loss takes no mined pairs.
        InputError: When called: the loss cannot take such a batch, in the words of pytorch-metric-learning.

    Example::

        >>> from pytorch_metric_learning import losses, miners
        >>> loss = MinedLoss(losses.CircleLoss(), miners.BatchHardMiner())
        >>> loss(torch.eye(4), torch.tensor([0, 0, 1, 1])).isfinite()
        tensor(True)
    """

    def __init__(self, loss: nn.Module, miner: nn.Module | None = None) -> None:
        super().__init__()
        keep_state(loss)
        self.loss = loss
        self.miner: nn.Module | None = None
        if miner is not None:
            self.with_miner(miner)

    @property
    def name(self) -> str:
        return type(self.loss if type(self) is MinedLoss else self).__name__

    def with_miner(self, miner: nn.Module) -> "MinedLoss":
        if type(self) is MinedLoss and self.miner is not None:
            raise UsageError(f"{self.name} has a miner already, {type(self.miner).__name__}: give one miner")
        refuse_miner(self.loss)
        if len(positional_parameters(self.loss)) < 3:
            raise UsageError(f"{self.name} takes no miner: its forward has no third parameter for mined pairs")
        self.miner = miner
        return self

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        if not is_third_party(self.loss):
            return self._value(embeddings, labels)
        try:
            value = self._value(embeddings, labels).reshape(())
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
            shapes = f"embeddings {tuple(embeddings.shape)} and labels {tuple(labels.shape)}"
            raise InputError(f"{self.name} cannot take {shapes}: {reason(error)}") from error
        for buffer in self.loss.buffers():
            buffer.detach_()  # what it remembers must not keep the graph of this step
        if value == 0:
            warn_of_no_pair(self, labels)
        if value.isnan() and embeddings.isfinite().all() and len(labels.unique()) == len(labels):
            raise InputError(f"{self.name} needs two rows of a class; got {len(labels)} rows of as many classes")
        return value

    def _value(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        mined = () if self.miner is None else (self.miner(embeddings, labels),)
        value: Tensor = self.loss(embeddings, labels, *mined)
        return value
