"""Exact nearest neighbors, in tiles."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError

METRICS = ("euclidean", "cosine")
_TILE = 1 << 22  # distances held at a time: 32 MiB in float64
_INDEX_BITS = 24  # up to 16.7 million gallery items
_NOISE = 2.0**-44  # of |q|^2 + |g|^2: a squared distance below that is rounding, so 0


def nearest_neighbors(
    queries: Tensor, k: int, *, gallery: Tensor | None = None, metric: str = "euclidean", own_rows: Tensor | None = None
) -> Tensor:
    """Indices (n, k) of the ``k`` nearest gallery items of each query, nearest first, equally near ones by lower index.

    Exact and never n x m at once: tiles of distances are computed in float64 by the Gram form on centered embeddings
    and rounded to float32, so that noise orders no equals and the result depends neither on the tiles nor on ``k``.

    Args:
        queries: (n, d) embeddings.
        k: How many neighbors.
        gallery: (m, d) items searched in; ``None``: the queries, each without itself.
        metric: ``"euclidean"`` or ``"cosine"``.
        own_rows: (n,) for a given gallery, the row of it that is the query itself and is left out; -1: none.

    Raises:
        InputError: If shapes do not agree, ``k`` is out of range or an embedding is not finite.
    """
    if gallery is None:
        gallery, own_rows = queries, torch.arange(len(queries))
    queries, gallery = _comparable(queries, gallery, metric)
    available = len(gallery) - int(own_rows is not None and bool((own_rows >= 0).any()))
    if not 1 <= k <= available:
        raise InputError(f"asked for {k} nearest neighbors among {available} items: K must be from 1 to {available}")
    norms = gallery.square().sum(dim=1)  # (m,)
    largest = (queries.square().sum(dim=1).max().sqrt() + norms.max().sqrt()).square().clamp_min(1e-300)
    tile = max(1, _TILE // len(gallery))
    found = []
    for start in range(0, len(queries), tile):
        rows = queries[start : start + tile]
        sums = rows.square().sum(dim=1, keepdim=True) + norms  # (tile, m), |q|^2 + |g|^2
        distances = torch.addmm(sums, rows, gallery.T, alpha=-2)  # (tile, m), squared
        distances.masked_fill_(distances < sums.mul_(_NOISE), 0)
        levels = (distances / largest).float().view(torch.int32).long()  # floats >= 0 order as their bits do
        keys = (levels << _INDEX_BITS) + torch.arange(len(gallery), device=gallery.device)  # nearest, then lowest index
        if own_rows is not None:
            own = own_rows[start : start + tile].to(keys.device)
            has_own = own >= 0
            keys[has_own.nonzero().squeeze(1), own[has_own]] = torch.iinfo(torch.int64).max
        smallest = keys.topk(k, dim=1, largest=False, sorted=True).values
        found.append(smallest & ((1 << _INDEX_BITS) - 1))
    return torch.cat(found)


def _comparable(queries: Tensor, gallery: Tensor, metric: str) -> tuple[Tensor, Tensor]:
    """Both in float64, centered (or normalized), checked."""
    if metric not in METRICS:
        raise InputError(f"no metric {metric!r}; there are {', '.join(METRICS)}")
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1] or len(queries) == 0:
        raise InputError(
            f"embeddings must be (n, d) and (m, d); got queries {tuple(queries.shape)}, gallery {tuple(gallery.shape)}"
        )
    if len(gallery) >= 1 << _INDEX_BITS:
        raise InputError(f"{len(gallery):,} gallery items are more than {(1 << _INDEX_BITS) - 1:,}: search in parts")
    for name, rows in (("query", queries), ("gallery", gallery)):
        if not rows.isfinite().all():
            first = int((~rows.isfinite().all(dim=1)).nonzero()[0])
            raise InputError(f"{name} embedding {first} is not finite: retrieval among NaN or infinity means nothing")
    queries, gallery = (rows.detach().to(_device_with_float64(rows)).double() for rows in (queries, gallery))
    if metric == "cosine":
        return F.normalize(queries), F.normalize(gallery)
    center = gallery.mean(dim=0)
    return queries - center, gallery - center


def _device_with_float64(rows: Tensor) -> torch.device:
    return torch.device("cpu") if rows.device.type == "mps" else rows.device
