"""Exact nearest neighbors, in tiles."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError

METRICS = ("euclidean", "cosine")
_TILE = 1 << 21  # distances held at a time: 16 MiB in float64
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

    Example::

        >>> nearest_neighbors(torch.tensor([[0.0], [1.0], [5.0]]), 2)
        tensor([[1, 2],
                [0, 2],
                [1, 0]])
    """
    return torch.cat(list(neighbor_tiles(queries, k, gallery=gallery, metric=metric, own_rows=own_rows)))


def neighbor_tiles(
    queries: Tensor, k: int, *, gallery: Tensor | None = None, metric: str = "euclidean", own_rows: Tensor | None = None
) -> Iterator[Tensor]:
    """The rows of :func:`nearest_neighbors`, whose arguments it takes, (t, k) for some queries after the others.

    Everything is checked before the first tile; from then on memory does not grow with the number of queries.
    """
    if gallery is None:
        gallery, own_rows = queries, torch.arange(len(queries))
    queries, gallery = _comparable(queries, gallery, metric)
    check_k(k, available_items(len(gallery), own_rows))
    return _tiles(queries, gallery, k, own_rows)


def available_items(gallery_size: int, own_rows: Tensor | None) -> int:
    """How many gallery items there are to find for every query: one less where a query is among them itself."""
    return gallery_size - int(own_rows is not None and bool((own_rows >= 0).any()))


def check_k(k: int, available: int) -> None:
    """Raises InputError unless ``k`` neighbors can be found."""
    if not 1 <= k <= available:
        raise InputError(f"asked for {k} nearest neighbors among {available} items: K must be from 1 to {available}")


def _tiles(queries: Tensor, gallery: Tensor, k: int, own_rows: Tensor | None) -> Iterator[Tensor]:
    norms = gallery.square().sum(dim=1)  # (m,)
    largest = (queries.square().sum(dim=1).max().sqrt() + norms.max().sqrt()).square().clamp_min(1e-300)
    tile = max(1, _TILE // len(gallery))
    for start in range(0, len(queries), tile):
        some = slice(start, start + tile)
        keys = _keys(queries[some], gallery, norms, largest)
        if own_rows is not None:
            own = own_rows[some].to(keys.device)
            has_own = own >= 0
            keys[has_own.nonzero().squeeze(1), own[has_own]] = torch.iinfo(torch.int64).max
        nearest = keys.topk(k, dim=1, largest=False, sorted=True).values.bitwise_and_((1 << _INDEX_BITS) - 1)
        del keys  # before the next tile
        yield nearest


def _keys(rows: Tensor, gallery: Tensor, norms: Tensor, largest: Tensor) -> Tensor:
    """(t, m) int64 that order the gallery for each row: by distance, equally near ones by index, which is in the key."""
    sums = rows.square().sum(dim=1, keepdim=True) + norms  # (t, m), |q|^2 + |g|^2
    distances = torch.addmm(sums, rows, gallery.T, alpha=-2)  # (t, m), squared
    distances.masked_fill_(distances < sums.mul_(_NOISE), 0)
    del sums
    levels = distances.div_(largest).float().view(torch.int32)  # floats >= 0 order as their bits do
    del distances
    keys = levels.long().bitwise_left_shift_(_INDEX_BITS)
    return keys.add_(torch.arange(len(gallery), device=gallery.device))


def _comparable(queries: Tensor, gallery: Tensor, metric: str) -> tuple[Tensor, Tensor]:
    """Both in float64, centered (or normalized), checked."""
    if metric not in METRICS:
        raise InputError(f"no metric {metric!r}; there are {', '.join(METRICS)}")
    for name, rows in (("query", queries), ("gallery", gallery)):
        if not isinstance(rows, Tensor):
            raise InputError(
                f"{name} embeddings are a {type(rows).__name__}: give torch tensors, torch.from_numpy(...)"
            )
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
    among_themselves = gallery is queries
    gallery = gallery.detach().to(_device_with_float64(gallery)).double()
    queries = gallery if among_themselves else queries.detach().to(_device_with_float64(queries)).double()
    if metric == "cosine":
        compared = F.normalize(gallery)
        return compared if among_themselves else F.normalize(queries), compared
    center = gallery.mean(dim=0)
    compared = gallery - center
    return compared if among_themselves else queries - center, compared


def _device_with_float64(rows: Tensor) -> torch.device:
    return torch.device("cpu") if rows.device.type == "mps" else rows.device
