"""The nearest items of any queries: all distances are bounded in float64, those that matter computed as defined.

The Gram form |q|^2 + |g|^2 - 2 q.g gives all squared distances in one product of matrices, and each is within its
error. Where few items can be among the nearest, their distances are computed as defined. Where many can, as in long
ties, a distance is computed only if its two bounds are rounded to different numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from embedding_transfer.retrieval.exact_distances import NONE, PIECE, ExactDistances, Items, Queries, keys_of
from embedding_transfer.retrieval.smallest import per_group, smallest

_IN_CACHE = 1 << 17  # distances that are looked at again and again: 1 MiB


def nearest_keys(exact: ExactDistances, queries: Queries, items: Items, k: int) -> Tensor:
    """Keys (t, k) of the nearest of c items for each of t queries, from the smallest up; k is at most c."""
    sums = (queries.norms[:, None] + items.norms).div_(exact.largest)  # (t, c), |q|^2 + |g|^2
    at_least = torch.addmm(sums, queries.rows, items.rows.T, alpha=-2 / exact.largest)  # (t, c), shares of the largest
    at_least.sub_(sums, alpha=exact.error)
    few = k + 8 + k // 8
    if per_group(len(items.rows), few + 1) == 1:  # nearly all matter
        return _nearest_of_many(exact, queries, items, k, sums, at_least, sums.new_full((1, 1), torch.inf))
    values, columns = smallest(at_least, few + 1)
    at_most = (values + 2 * exact.error * sums.gather(1, columns))[:, : k + 1].amax(
        dim=1
    )  # k items and the query itself
    behind = exact.surely_behind(at_most * exact.largest, queries.norms)  # (t,)
    is_clear = values[:, few] * exact.largest > behind
    clear, tied = is_clear.nonzero().squeeze(1), (~is_clear).nonzero().squeeze(1)
    nearest = columns.new_empty(columns.shape[0], k)
    if len(clear):
        keys = exact.keys(queries.of(clear), items, columns[clear])
        nearest[clear] = keys.topk(k, dim=1, largest=False, sorted=True).values
    for some in tied.split(max(1, _IN_CACHE // sums.shape[1])) if len(tied) else ():
        nearest[some] = _nearest_of_many(
            exact, queries.of(some), items, k, sums[some], at_least[some], at_most[some, None].float()
        )
    return nearest


def _nearest_of_many(
    exact: ExactDistances, queries: Queries, items: Items, k: int, sums: Tensor, at_least: Tensor, farthest: Tensor
) -> Tensor:
    """The same from |q|^2 + |g|^2 and lower bounds (t, c), shares of the largest, both of which are used up.

    Nobody among the nearest has a rounded distance above ``farthest`` (t, 1).
    """
    at_most = torch.add(at_least, sums, alpha=2 * exact.error)
    noise = sums.mul_(exact.noise)
    high = at_most.masked_fill_(at_most < noise, 0).float()
    low = at_least.masked_fill_(at_least < noise, 0).float()
    unsure = (low != high).logical_and_(low <= farthest)
    for pairs in unsure.nonzero().split(max(1, PIECE // items.rows.shape[1])) if unsure.any() else ():
        row_of, column_of = pairs.unbind(dim=1)
        high[row_of, column_of] = exact.levels(queries.of(row_of), items, column_of[:, None]).squeeze(1)
    keys = keys_of(high, torch.arange(items.first, items.first + high.shape[1], device=high.device))
    own = queries.own - items.first
    is_here = (own >= 0) & (own < high.shape[1])
    keys[is_here.nonzero().squeeze(1), own[is_here]] = NONE
    return keys.topk(k, dim=1, largest=False, sorted=True).values
