"""The learned map from a target's vectors into its source's space, which a run keeps beside its best network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.errors import InputError
from embedding_transfer.relations import unit_rows


class SourceProjection(nn.Linear):
    """W t + b: (n, target_dim) -> (n, source_dim), where a target of another length meets its source's coordinates.

    It starts with orthonormal columns (rows, for a longer target), without an effect on angles; :meth:`start` makes
    them the source's principal components, so that the target's coordinates are these, in descending order.

    Args:
        target_dim: Length of the target's embeddings.
        source_dim: Length of the source's.
        bias: Whether there is a b; 0 at first.

    Example::

        >>> projection = SourceProjection(target_dim=8, source_dim=32)
        >>> projection.start(torch.randn(100, 32))
        >>> projection(torch.randn(5, 8)).shape
        torch.Size([5, 32])
    """

    def __init__(self, target_dim: int, source_dim: int, bias: bool = False) -> None:
        super().__init__(target_dim, source_dim, bias=bias)
        nn.init.orthogonal_(self.weight)
        if bias:
            nn.init.zeros_(self.bias)

    def forward(self, target: Tensor) -> Tensor:
        """In the target's type."""
        bias = None if self.bias is None else self.bias.to(target.dtype)
        return F.linear(target, self.weight.to(target.dtype), bias)

    @torch.no_grad()
    def start(self, source: Tensor) -> None:
        """Begin as the principal components of vectors of the source, (n, source_dim) of training images.

        They are those of the directions u = s / |s|, not moved to their mean, as losses here compare directions: no
        other W keeps more of u in the subspace of its columns. A target longer than its source begins with these, too,
        and zeros behind them.

        Raises:
            InputError: The vectors have another length.
        """
        if source.ndim != 2 or source.shape[1] != self.out_features:
            raise InputError(
                f"a projection to {self.out_features} dimensions starts from vectors (n, {self.out_features}) of its "
                f"source; got {tuple(source.shape)}"
            )
        u = unit_rows(source.double())
        _, directions = torch.linalg.eigh(u.T @ u)  # (d_s, d_s), ascending
        self.start_along(directions.flip(1))

    @torch.no_grad()
    def start_along(self, directions: Tensor) -> None:
        """Begin with these columns, (source_dim, m), the first ones where there are more than the target's length."""
        columns = directions[:, : self.in_features]
        self.weight.zero_()[:, : columns.shape[1]] = columns.to(self.weight)
