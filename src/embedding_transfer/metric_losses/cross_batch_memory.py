"""Cross-batch memory (Wang, Zhang, Huang, Scott, CVPR 2020)."""

import torch
from pytorch_metric_learning import losses
from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_pairs_indices
from torch import Tensor, nn

from embedding_transfer.build.ranges import Count
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.metric_losses.metric_loss import MetricLoss
from embedding_transfer.metric_losses.mined_loss import MinedLoss

REMEMBERED = sorted({*losses.CrossBatchMemory.supported_losses()} - {"NCALoss"})
"""Losses that can compare a batch with a memory. NCALoss would find each row itself there, as its nearest positive."""


class CrossBatchMemory(MetricLoss):
    r"""Compares a batch with the last rows of earlier batches, too, so that small batches have many pairs.

    .. math:: L = loss(\{(x_i, m_j) : m_j \text{ is not } x_i\})

    with x the rows of the batch, and m the last ``memory_size`` rows seen, those of the batch among them. The memory
    gets no gradient. Wang, Zhang, Huang, Scott, "Cross-Batch Memory for Embedding Learning", CVPR 2020; the form is
    that of pytorch-metric-learning, but all that is remembered is in the state dict, so that a resumed training is the
    same, and a miner chooses from the memory, too.

    Args:
        loss: One of pytorch-metric-learning on pairs or triplets, or ``ContrastiveLoss``, ``MultiSimilarityLoss`` or
            ``TripletLoss``, whose miner is then the one used.
        embedding_size: Length d of an embedding.
        memory_size: Rows remembered; at least the rows of a batch. Default: 1024.
        miner: Called ``miner(embeddings, labels, memory, memory_labels)``. Default: that of ``loss``, or all pairs.

    Attributes:
        embedding_memory: (memory_size, d) float32 buffer, a ring.
        label_memory: (memory_size,) int64 buffer.
        seen: int64 scalar buffer: rows seen so far.

    Raises:
        UsageError: The loss cannot compare with a memory, or the miner would choose each row itself.
        InputError: When called: a batch has more rows than the memory.

    Example::

        >>> loss = CrossBatchMemory(losses.ContrastiveLoss(), embedding_size=8, memory_size=512)
        >>> for _ in range(3):
        ...     value = loss(torch.randn(6, 8, requires_grad=True), torch.tensor([0, 0, 1, 1, 2, 2]))
        >>> int(loss.seen)
        18
    """

    embedding_memory: Tensor
    label_memory: Tensor
    seen: Tensor

    @in_range
    def __init__(
        self, loss: nn.Module, embedding_size: int, memory_size: Count = 1024, miner: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.miner: nn.Module | None = None
        self.miner_is_given = False
        if isinstance(loss, MinedLoss):
            self.miner, loss = loss.miner, loss.loss
        if type(loss).__name__ not in REMEMBERED or isinstance(loss, MetricLoss):
            raise UsageError(
                f"CrossBatchMemory cannot be used with {type(loss).__name__}, but with {', '.join(REMEMBERED)}"
            )
        self.loss = loss
        if miner is not None:
            self.with_miner(miner)
        self.miner_is_given = miner is not None
        self.register_buffer("embedding_memory", torch.zeros(memory_size, embedding_size))
        self.register_buffer("label_memory", torch.zeros(memory_size, dtype=torch.long))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def with_miner(self, miner: nn.Module) -> "CrossBatchMemory":
        if self.miner_is_given:
            raise UsageError(f"CrossBatchMemory has a miner already, {type(self.miner).__name__}: give one miner")
        if getattr(miner, "pos_strategy", None) == "easy":
            raise UsageError(
                f"CrossBatchMemory cannot use {type(miner).__name__} with the pos_strategy 'easy': the easiest "
                "positive in the memory is the row itself; give 'hard' or 'semihard'"
            )
        self.miner = miner
        return self

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        own = self._remember(embeddings.detach(), labels)  # (n,)
        filled = min(int(self.seen), len(self.label_memory))
        memory = self.embedding_memory[:filled].to(embeddings.dtype)  # (m, d)
        memory_labels = self.label_memory[:filled]  # (m,)
        if self.miner is None:
            mined = get_all_pairs_indices(labels, memory_labels)
        else:
            mined = self.miner(embeddings, labels, memory, memory_labels)
        value: Tensor = self.loss(embeddings, labels, without_self(mined, own), memory, memory_labels)
        return value.reshape(())

    def _remember(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Write the rows of a batch over the oldest ones; the place of each in the memory, (n,)."""
        n, size = len(embeddings), len(self.label_memory)
        if n > size or embeddings.shape[1] != self.embedding_memory.shape[1]:
            raise InputError(
                f"CrossBatchMemory remembers {size} embeddings of length {self.embedding_memory.shape[1]}; got a batch "
                f"of {tuple(embeddings.shape)}: give a memory_size of at least {n} and the right embedding_size"
            )
        places = (self.seen + torch.arange(n, device=labels.device)) % size
        self.embedding_memory[places] = embeddings.to(self.embedding_memory.dtype)
        self.label_memory[places] = labels
        self.seen += n
        return places


def without_self(mined: tuple[Tensor, ...], own: Tensor) -> tuple[Tensor, ...]:
    """Mined (anchor, positive, negative) or (anchor, positive, anchor, negative) without positives that are the anchor.

    Args:
        mined: 3 or 4 index tensors; anchors count rows of the batch, the others rows of the memory.
        own: (n,) where in the memory each row of the batch is.
    """
    keep = own[mined[0]] != mined[1]
    if len(mined) == 3:
        anchor, positive, negative = mined
        return anchor[keep], positive[keep], negative[keep]
    return mined[0][keep], mined[1][keep], *mined[2:]
