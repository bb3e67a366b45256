"""Mini-batches that hold near neighbors as well as random rows: random ones alone have hardly two that are near."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from embedding_transfer.retrieval.neighbors import nearest_neighbors

ANCHORS = 8192
"""Rows whose neighbors are searched for, at most: an exact search whose cost is linear in the number of rows."""

NEAREST = 15
"""Neighbors of each anchor."""


class NeighborBatches:
    """Numbers of rows, a batch after the other: anchors with their nearest neighbors, and random rows.

    Args:
        rows: (n, d) vectors that the batches are of; neighbors are those by cosine.
        batch_size: Rows of a batch; no row comes twice, so there may be a few less.
        near_share: The share of a batch that anchors and their neighbors are.
        generator: Draws, on the CPU.

    Example::

        >>> batches = NeighborBatches(torch.randn(100, 4), 32, 0.5, torch.Generator().manual_seed(0))
        >>> next(iter(batches)).unique().numel() <= 32
        True
    """

    def __init__(self, rows: Tensor, batch_size: int, near_share: float, generator: torch.Generator) -> None:
        self.count, self.generator = len(rows), generator
        self.batch_size = min(batch_size, self.count)
        nearest = min(NEAREST, self.count - 1)
        self.groups = round(self.batch_size * near_share / (nearest + 1))
        self.near = torch.empty(0, nearest + 1, dtype=torch.int64)  # (anchors, 1 + nearest): each with its neighbors
        if self.groups and self.batch_size < self.count:
            anchors = torch.randperm(self.count, generator=generator)[:ANCHORS]
            found = nearest_neighbors(rows[anchors], nearest, gallery=rows, metric="cosine", own_rows=anchors)
            self.near = torch.cat([anchors[:, None], found.cpu()], dim=1)

    def __iter__(self) -> Iterator[Tensor]:
        """Without end: (b,) int64, in ascending order."""
        while True:
            if self.batch_size == self.count:
                yield torch.arange(self.count)
                continue
            near = torch.empty(0, dtype=torch.int64)
            if self.groups:
                drawn = torch.randint(len(self.near), (self.groups,), generator=self.generator)
                near = self.near[drawn].flatten()[: self.batch_size]
            others = torch.randint(self.count, (self.batch_size - len(near),), generator=self.generator)
            yield torch.cat([near, others]).unique()
