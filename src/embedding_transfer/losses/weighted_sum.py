"""Several transfer losses at once."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from embedding_transfer.errors import UsageError
from embedding_transfer.losses.transfer_loss import Batch, TransferLoss


class WeightedSum(TransferLoss):
    r"""The weighted sum of several transfer losses, itself a transfer loss.

    .. math:: L = \sum_k w_k L_k

    Args:
        losses: The transfer losses, at least one.
        weights: The factor of each loss, in the same order.

    Raises:
        UsageError: There is no loss, or the numbers of losses and weights differ.

    Example::

        >>> from embedding_transfer.losses import PKTLoss, RelaxedContrastiveLoss
        >>> loss = WeightedSum([RelaxedContrastiveLoss(), PKTLoss()], [1.0, 30000.0])
        >>> loss(target=torch.randn(6, 8), source=torch.randn(6, 16)).shape
        torch.Size([])
    """

    def __init__(self, losses: list[TransferLoss], weights: list[float]) -> None:
        super().__init__()
        if not losses or len(losses) != len(weights):
            raise UsageError(
                f"WeightedSum takes one weight per loss; got {len(losses)} losses and {len(weights)} weights"
            )
        self.losses: Sequence[TransferLoss] = nn.ModuleList(losses)  # type: ignore[assignment]
        self.weights = weights

    @property
    def fields(self) -> tuple[str, ...]:
        """Every batch field that one of the losses asks for."""
        return tuple(dict.fromkeys(name for loss in self.losses for name in loss.fields))

    def forward(self, **batch: Any) -> Tensor:
        """The sum, a scalar; ``batch`` holds at least the :attr:`fields`, by name."""
        return self._sum([loss(**{name: batch[name] for name in loss.fields}) for loss in self.losses])

    def of_batch(self, batch: Batch) -> Tensor:
        """The sum of what each loss makes of a training step."""
        return self._sum([loss.of_batch(batch) for loss in self.losses])

    def _sum(self, values: list[Tensor]) -> Tensor:
        return torch.stack([weight * value for weight, value in zip(self.weights, values, strict=True)]).sum()
