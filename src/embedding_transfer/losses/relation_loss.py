"""What losses on relations within a batch have in common: checks, precision, and a batch of one."""

from typing import ClassVar

from torch import Tensor

from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import full_precision, matching_embeddings, no_relations


class RelationLoss(TransferLoss):
    """Base of losses that compare how the rows of a batch stand to each other; a subclass writes :meth:`compare`."""

    learns_from_one: ClassVar[bool] = False
    """Whether a batch of one goes to :meth:`compare`, too, in place of being 0."""

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        """The loss, a scalar in float32 (float64 for float64 targets).

        Args:
            target: (n, d_t) embeddings that learn.
            source: (n, d_s) embeddings of the same n views; receives no gradient.

        Raises:
            InputError: The tensors are not 2-D, not floating point, empty, or of different length.
        """
        target, source = matching_embeddings(self, target, source)
        if len(target) == 1 and not self.learns_from_one:
            return no_relations(target, source)
        with full_precision(target.device):
            return self.compare(target, source)

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        """The loss of target (n, d_t) and source (n, d_s), in full precision."""
        raise NotImplementedError
