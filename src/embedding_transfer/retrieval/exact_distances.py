"""Squared distances as they decide: sum((q - g)^2) in float64, 0 where noise, a share of the largest, in float32.

What a pair's distance is depends on the pair alone, not on how many are computed together.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

INDEX_BITS = 24
"""Up to 16.7 million gallery items."""

NONE = torch.iinfo(torch.int64).max
"""A key behind all others."""

PIECE = 1 << 16
"""Numbers of pairs' differences that are held at a time: half a MiB."""


class Queries(NamedTuple):
    """Some queries as they are compared.

    Attributes:
        rows: (t, d) float64.
        norms: (t,) float64, their squared lengths.
        own: (t,) int64, the row of the gallery that is the query itself and is left out; -1: none.
    """

    rows: Tensor
    norms: Tensor
    own: Tensor

    def of(self, some: slice | Tensor) -> Queries:
        """Some of them."""
        return Queries(self.rows[some], self.norms[some], self.own[some])


class Items(NamedTuple):
    """A chunk of the gallery as it is compared.

    Attributes:
        rows: (c, d) float64.
        norms: (c,) float64, their squared lengths.
        first: Which row of the gallery its first is.
    """

    rows: Tensor
    norms: Tensor
    first: int


class ExactDistances:
    """Keys int64 that order pairs by distance, equally near items by index: rounded distances above indices.

    Args:
        largest: What no squared distance exceeds, above 0.
        dim: Length of the vectors.
    """

    def __init__(self, largest: float, dim: int) -> None:
        self.largest = largest
        self.error = (dim + 8) * 2.0**-51  # of |q|^2 + |g|^2: the Gram form is off by less, whatever the order of sums
        self.noise = max(2.0**-44, 2 * self.error)  # of |q|^2 + |g|^2: a squared distance below is 0

    def keys(self, queries: Queries, items: Items, columns: Tensor) -> Tensor:
        """Keys (t, j) of the items ``columns`` (t, j) of t queries, behind all others if it is the query itself."""
        step = max(1, PIECE // (columns.shape[1] * items.rows.shape[1]))
        parts = [slice(start, start + step) for start in range(0, columns.shape[0], step)]
        levels = torch.cat([self.levels(queries.of(some), items, columns[some]) for some in parts])
        indices = columns + items.first
        return keys_of(levels, indices).masked_fill_(indices == queries.own[:, None], NONE)

    def levels(self, queries: Queries, items: Items, columns: Tensor) -> Tensor:
        """The rounded distances (p, j) float32 of j items each of p queries, p j d numbers at once."""
        chosen = items.rows.index_select(0, columns.flatten()).view(*columns.shape, items.rows.shape[1])  # (p, j, d)
        squares = chosen.sub_(queries.rows[:, None]).square_().sum(dim=2)  # (p, j)
        noise = (items.norms[columns] + queries.norms[:, None]) * self.noise
        return squares.masked_fill_(squares < noise, 0).div_(self.largest).float()

    def squares(self, keys: Tensor) -> Tensor:
        """Squared distances float64 of keys."""
        return (keys >> INDEX_BITS).int().view(torch.float32).double() * self.largest

    def surely_behind(self, squares: Tensor, norms: Tensor) -> Tensor:
        """Squared distances (t,) above which all are larger than ``squares`` also when rounded.

        Args:
            squares: (t,) float64.
            norms: (t,) float64, squared lengths of the queries: an item whose distance is noise is about as long.
        """
        return squares * (1 + 2.0**-22) + self.largest * 2.0**-125 + 3 * self.noise * norms


def keys_of(levels: Tensor, indices: Tensor) -> Tensor:
    """Keys int64 of rounded distances float32: floats from 0 up order as their bits do."""
    return levels.view(torch.int32).long().bitwise_left_shift_(INDEX_BITS).add_(indices)
