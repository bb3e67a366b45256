"""Who can be among the nearest: products in float32, and a proof that nobody else can.

A score is |g|^2 - 2 q.g, the squared distance of an item g from a query q less |q|^2, so that one product of matrices
has the scores of all items. Rounded to float32 it is wrong by no more than

    gamma (2 |q| |g| + |g|^2) + underflow,    gamma = (d + 8) u / (1 - (d + 8) u),    u = 2^-24,

in whatever order a product adds up (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1: d +
1 products and sums, one rounding of each number of q and g, and room for what float64 rounds). An item that is as
near as D^(1/2) has |g| <= |q| + D^(1/2). So if all items but the candidates score above D - |q|^2 and this bound,
where D is the K-th smallest squared distance of candidates, then nobody but a candidate is among the K. Items far
away, of whatever length, do not enter; and as distances do not depend on where q and g are seen from, they are seen
from the median of some items, which a few far ones do not move.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from embedding_transfer.relations.precision import full_precision
from embedding_transfer.retrieval.smallest import per_group, smallest

_SAMPLE = 256  # items whose median is looked for


class Found(NamedTuple):
    """Candidates of t queries.

    Attributes:
        columns: (t, n_candidates(k)) int64, numbers of items.
        others: (t,) float64, below which no other item's score is.
        lengths: (t,) float64, of the queries as their scores were computed.
    """

    columns: Tensor
    others: Tensor
    lengths: Tensor


class Candidates:
    """Items to search for candidates in, made ready for products in float32.

    Args:
        items: (c, d) float64.
        k: How many of them are asked for; few enough for candidates to :meth:`pay`.
        longest: No query and no item is longer.
    """

    def __init__(self, items: Tensor, k: int, longest: float) -> None:
        (n_items, dim), self.count = items.shape, n_candidates(k)
        self.scale = math.ldexp(
            1.0, 58 - math.frexp(longest)[1]
        )  # a power of 2: lengths stay below 2^60, none overflows
        self.center = items[:: max(1, n_items // _SAMPLE)].median(dim=0).values  # (d,)
        seen = (items - self.center).mul_(self.scale)
        n_lines = per_group(n_items, self.count + 1)
        length = -(-n_items // n_lines)
        self._lines = torch.zeros(n_lines, length, dim + 1, dtype=torch.float32, device=items.device)
        lines = self._lines.flatten(0, 1)  # (c and up to n_lines - 1 that score infinity, d + 1)
        lines[:n_items, :dim] = seen.float().mul_(-2)
        norms = seen.square_().sum(dim=1)  # (c,)
        lines[:n_items, dim] = norms
        lines[n_items:, dim] = torch.inf
        self.longest = norms.max().sqrt()
        self._scores = self._lines.new_empty(n_lines, 0, length)
        units = (dim + 8) * 2.0**-24
        self.gamma = units / (1 - units)
        self.underflow = (dim + 2) * 2.0**-125

    @staticmethod
    def pay(n_items: int, k: int) -> bool:
        """Whether candidates among so many items are quicker than the exact way: their distances are dear."""
        return n_items >= 16 * (n_candidates(k) + 1)

    def of(self, rows: Tensor) -> Found:
        """Candidates of queries (t, d) float64."""
        seen = (rows - self.center).mul_(self.scale)
        values, columns = self._smallest_scores(torch.cat([seen, torch.ones_like(seen[:, :1])], dim=1).float())
        return Found(columns[:, :-1], values[:, -1].double(), seen.square_().sum(dim=1).sqrt_())

    def are_all(self, found: Found, farthest: Tensor) -> Tensor:
        """Whether nobody but the candidates can be as near as the squared distances ``farthest`` (t,) float64.

        Returns:
            (t,) bool; ``False`` also where it cannot be proven.
        """
        squares = farthest * self.scale * self.scale
        reach = torch.minimum(found.lengths + squares.sqrt(), self.longest)  # no item that is as near is longer
        error = self.gamma * (2 * found.lengths * reach + reach.square())
        error += self.underflow * (1 + found.lengths + reach)
        return found.others > squares - found.lengths.square() + error

    def _smallest_scores(self, asked: Tensor) -> tuple[Tensor, Tensor]:
        """The smallest scores of queries (t, d + 1) float32, and their items."""
        (n_lines, length, _), n_rows, k = self._lines.shape, asked.shape[0], self.count + 1
        if self._scores.shape[1] != n_rows:
            self._scores = self._lines.new_empty(n_lines, n_rows, length)  # kept: new memory is slow at first
        minima = self._scores.new_full((n_rows, length), torch.inf)  # of groups: what stands in one column of all lines
        with full_precision(asked.device):
            for line, scores in zip(self._lines, self._scores, strict=True):
                torch.mm(asked, line.T, out=scores)
                torch.minimum(minima, scores, out=minima)  # they are still in the cache
        groups = smallest(minima, k)[1]  # (t, k): the k smallest scores are in the k groups of the smallest minima
        starts = torch.arange(0, n_rows * length, length, device=groups.device)
        few = self._scores.flatten(1).index_select(1, (groups + starts[:, None]).flatten())  # (lines, t k)
        values, places = smallest(few.view(n_lines, n_rows, k).transpose(0, 1).flatten(1), k)  # (t, k) of (t, lines k)
        return values, places // k * length + groups.gather(1, places % k)


def n_candidates(k: int) -> int:
    """More than K: one may be the query itself, and behind the K-th a gap is needed that the error does not close."""
    return k + 4 + k // 32
