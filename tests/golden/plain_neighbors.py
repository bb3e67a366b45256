"""Neighbors read off their definition, slowly; and the float64 way that found them all before candidates did."""

import torch
from torch import Tensor
from torch.nn import functional as F


def plain_keys(queries: Tensor, gallery: Tensor, metric: str, own_rows: Tensor | None) -> tuple[Tensor, Tensor]:
    """Levels (n, m) float32, infinite for the query itself, and the largest squared distance there may be."""
    rows, items = _compared(queries, gallery, metric)
    squares = torch.stack([(items - row).square().sum(dim=1) for row in rows])
    return _levels(squares, rows, items, own_rows)


def gram_keys(queries: Tensor, gallery: Tensor, metric: str, own_rows: Tensor | None) -> tuple[Tensor, Tensor]:
    """The same by |q|^2 + |g|^2 - 2 q.g."""
    rows, items = _compared(queries, gallery, metric)
    sums = rows.square().sum(dim=1, keepdim=True) + items.square().sum(dim=1)
    return _levels(sums - 2 * rows @ items.T, rows, items, own_rows)


def nearest(levels: Tensor, k: int) -> Tensor:
    """(n, k) columns of the smallest levels, equal ones by lower column."""
    return levels.sort(dim=1, stable=True).indices[:, :k]


def _compared(queries: Tensor, gallery: Tensor, metric: str) -> tuple[Tensor, Tensor]:
    rows, items = queries.double(), gallery.double()
    if metric == "cosine":
        return F.normalize(rows), F.normalize(items)
    return rows - items.mean(dim=0), items - items.mean(dim=0)


def _levels(squares: Tensor, rows: Tensor, items: Tensor, own_rows: Tensor | None) -> tuple[Tensor, Tensor]:
    lengths, norms = rows.square().sum(dim=1, keepdim=True), items.square().sum(dim=1)
    noise = max(2.0**-44, (rows.shape[1] + 8) * 2.0**-50)
    largest = (lengths.max().sqrt() + norms.max().sqrt()).square().clamp_min(1e-300)
    levels = (squares.masked_fill(squares < noise * (lengths + norms), 0) / largest).float()
    if own_rows is not None:
        own = own_rows >= 0
        levels[own.nonzero().squeeze(1), own_rows[own]] = torch.inf
    return levels, largest
