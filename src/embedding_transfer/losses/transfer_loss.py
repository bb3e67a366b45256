"""The one interface of all transfer losses: tensors in, a scalar out, asked for by name."""

import inspect
from typing import NamedTuple

from torch import Tensor, nn

from embedding_transfer.errors import UsageError, nearest


class Batch(NamedTuple):
    """What a training step hands to a transfer loss. Rows are n views: [all view 1, all view 2, ...]."""

    target: Tensor
    """(n, d_t) floating point: the embeddings that learn."""
    source: Tensor
    """(n, d_s) floating point: the source's embeddings of the same n views."""
    target_maps: list[Tensor]
    """Stage maps (n, c, h, w) of the network that learns, early stages first."""
    source_maps: list[Tensor]
    """Stage maps (n, c, h, w) of the source; empty if the source is a file of embeddings."""
    labels: Tensor
    """(n,) int64: the class of each row."""
    index: Tensor  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a batch
    """(n,) int64: which image of the image set each row shows."""


BATCH_FIELDS = Batch._fields
"""The names of the fields; a loss asks for a field by naming it in ``forward``."""


class TransferLoss(nn.Module):
    """Base of losses that learn from the source's space: ``loss(target, source, ...) -> scalar``.

    A subclass writes ``forward`` with the fields of :class:`Batch` that it needs as parameters, under their names. It
    can then be called with plain tensors in any script, and named in ``embedding-transfer transfer --loss``.
    Gradients flow to the target and the loss's own parameters, never to the source.

    Example::

        >>> import torch
        >>> class MeanDistance(TransferLoss):
        ...     def forward(self, target, source):
        ...         return (target - source.detach()).norm(dim=1).mean()
        >>> MeanDistance()(torch.zeros(4, 3), torch.ones(4, 3))
        tensor(1.7321)
    """

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of :class:`Batch` that ``forward`` asks for, in its order.

        Raises:
            UsageError: If it asks for something that no training step has.
        """
        parameters = inspect.signature(self.forward).parameters
        for name, parameter in parameters.items():
            if name not in BATCH_FIELDS and parameter.default is parameter.empty:
                raise UsageError(
                    f"{type(self).__name__}.forward asks for {name!r}{nearest(name, BATCH_FIELDS)}; "
                    f"a training step has {', '.join(BATCH_FIELDS)}"
                )
        return tuple(name for name in parameters if name in BATCH_FIELDS)

    def of_batch(self, batch: Batch) -> Tensor:
        """The loss of a training step: calls ``forward`` with just the :attr:`fields` that it asks for.

        Raises:
            UsageError: If ``forward`` asks for something that no training step has.
            InputError: If the tensors do not fit the loss.
        """
        value: Tensor = self(**{field: getattr(batch, field) for field in self.fields})
        return value
