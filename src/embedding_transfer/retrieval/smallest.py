"""The few smallest numbers of long rows without ordering the rows: first the smallest of groups, then of few groups."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def smallest(table: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` smallest numbers of each row, from the smallest up, and their columns; which of equals is not said.

    A row of c numbers is seen as :func:`per_group` lines of equal length, and a group is what stands in one column of
    these lines. The k smallest numbers are in the k groups whose minima are smallest. Both are searched for in the same
    way, until few numbers are left to order.

    Args:
        table: (t, c) of any type of numbers, no NaN.
        k: From 1 to c.

    Returns:
        (t, k) numbers and (t, k) int64 columns.

    Example::

        >>> values, columns = smallest(torch.tensor([[5, 2, 9, 0]]), 2)
        >>> values, columns
        (tensor([[0, 2]]), tensor([[3, 1]]))
    """
    lines = per_group(table.shape[1], k)
    if lines == 1:
        return table.topk(k, dim=1, largest=False, sorted=True)
    length = table.shape[1] // lines
    minima = table[:, : lines * length].unflatten(1, (lines, length)).amin(dim=1)  # (t, length)
    groups = smallest(minima, k)[1]  # (t, k)
    starts = torch.arange(0, lines * length, length, device=table.device)
    columns = (groups[:, :, None] + starts).flatten(1)  # (t, k lines)
    rest = torch.arange(lines * length, table.shape[1], device=table.device)  # fewer than lines, in no group
    columns = torch.cat([columns, rest.expand(table.shape[0], -1)], dim=1)
    values, places = smallest(table.gather(1, columns), k)
    return values, columns.gather(1, places)


def per_group(length: int, k: int) -> int:
    """How many numbers make a group, if the k smallest of so many are asked for; 1: groups do not pay.

    There are as many groups then as numbers in k of them.
    """
    return 1 << round(math.log2(length / k) / 2) if length >= 16 * k else 1
