"""The one interface of all transfer losses: tensors in, a scalar out, asked for by name."""

import inspect

from torch import nn

from embedding_transfer.errors import UsageError, nearest

BATCH_FIELDS = ("target", "source", "target_maps", "source_maps", "labels", "index")
"""What a training step can hand to a loss; a loss asks for a field by naming it in ``forward``.

- ``target`` (n, d_t), ``source`` (n, d_s): embeddings of the same n views; rows are [all view 1, all view 2, ...]
- ``target_maps``, ``source_maps``: lists of stage maps (n, c, h, w), early stages first
- ``labels`` (n,): class of each row; ``index`` (n,): which image of the image set each row shows
"""


class TransferLoss(nn.Module):
    """Base of losses that learn from the source's space: ``loss(target, source, ...) -> scalar``.

    A subclass writes ``forward`` with the fields it needs (see :data:`BATCH_FIELDS`) as parameters, under their
    names, and is then usable in any script with plain tensors and by name in ``embedding-transfer transfer``.
    Gradients flow to the target and the loss's own parameters, never to the source.
    """

    @property
    def fields(self) -> tuple[str, ...]:
        """The batch fields that ``forward`` asks for, in its order.

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
