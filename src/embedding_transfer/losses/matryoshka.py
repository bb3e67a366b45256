"""One vector, many lengths (Kusupati et al., NeurIPS 2022)."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses.transfer_loss import Batch, TransferLoss


class Matryoshka(TransferLoss):
    r"""The mean of a transfer loss over leading dimensions of the target: a vector that can be cut off.

    .. math:: L = \frac{1}{|D|} \sum_{d \in D} L(t_{1..d}, s)

    Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022, with any transfer loss. The target cut to d
    dimensions has zeros for the others, which changes no distance and no similarity. Every length has its own copy of
    what the loss learns or remembers.

    Args:
        loss: The transfer loss, one that asks for ``target``.
        dims: The lengths, such as 128, 64, 32; in a training the longest is that of the target. Default: the target's
            length, a half, a quarter and an eighth of it.
        target_dim: Length of the target's embeddings, for the default.

    Raises:
        UsageError: There is no length, one is not positive or given twice, or the loss does not ask for ``target``.

    Example::

        >>> from embedding_transfer.losses import PKTLoss
        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> Matryoshka(PKTLoss(), [128, 64, 32])(target, source).backward()
    """

    def __init__(self, loss: TransferLoss, dims: list[int] | None = None, target_dim: int | None = None) -> None:
        super().__init__()
        if dims is None and target_dim is not None:
            dims = [target_dim // part for part in (1, 2, 4, 8) if target_dim >= part]
        if not dims or min(dims) < 1 or len(set(dims)) < len(dims):
            raise UsageError(f"Matryoshka needs dims such as 128,64,32, each once; got {dims}")
        if "target" not in loss.fields:
            raise UsageError(f"Matryoshka shortens the target's vectors, which {type(loss).__name__} does not look at")
        self.dims = sorted(dims, reverse=True)
        copies = [copy.deepcopy(loss) for _ in self.dims]
        self.losses: Sequence[TransferLoss] = nn.ModuleList(copies)  # type: ignore[assignment]

    @property
    def fields(self) -> tuple[str, ...]:
        """The batch fields that the loss asks for."""
        return self.losses[0].fields

    def forward(self, *values: Any, **batch: Any) -> Tensor:
        """The mean, a scalar; takes what the loss takes, in its order or by name."""
        batch |= dict(zip(self.fields, values, strict=False))
        return self._mean([loss(**{**batch, "target": t}) for loss, t in self._each(batch["target"])])

    def of_batch(self, batch: Batch) -> Tensor:
        """The mean of what the loss makes of a training step at each length."""
        return self._mean([loss.of_batch(batch._replace(target=t)) for loss, t in self._each(batch.target)])

    def _each(self, target: Tensor) -> list[tuple[TransferLoss, Tensor]]:
        length = target.shape[-1]
        if length < self.dims[0]:
            raise InputError(f"Matryoshka of {self.dims[0]} dimensions got a target of shape {tuple(target.shape)}")
        shortened = [F.pad(target[..., :d], (0, length - d)) for d in self.dims]  # (n, d_t) each
        return list(zip(self.losses, shortened, strict=True))

    def _mean(self, values: list[Tensor]) -> Tensor:
        return torch.stack(values).mean()

    def extra_repr(self) -> str:
        return f"dims={self.dims}"
