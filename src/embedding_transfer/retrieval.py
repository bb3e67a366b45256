"""Retrieval evaluation: embed a set, find exact nearest neighbours in tiles, count hits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.exceptions import InputError

METRICS = ("euclidean", "cosine")
_TILE = 1 << 22  # distances held at a time: 32 MiB in float64
_INDEX_BITS = 24  # up to 16.7 million gallery items
_NOISE = 2.0**-44  # of |q|^2 + |g|^2: a squared distance below that is rounding, so 0


def recall_at_k(
    embeddings: Tensor,
    labels: Tensor,
    ks: Sequence[int] = (1, 2, 4, 8),
    *,
    gallery: Tensor | None = None,
    gallery_labels: Tensor | None = None,
    own_rows: Tensor | None = None,
    metric: str = "euclidean",
) -> dict[int, float]:
    """Share of queries with one of their class among the K nearest gallery items (Song et al., CVPR 2016).

    Without a gallery every item is searched for among all others; its own row is left out by index, not by rank, so
    duplicates of other classes count as what they are. A class with one item is never hit and counts as a query.

    Args:
        embeddings: (n, d) queries, as the network returns them.
        labels: (n,) class of each query.
        ks: The K, each at least 1 and at most the number of items searched in.
        gallery: (m, d) items searched in, if they are others than the queries.
        gallery_labels: (m,) class of each gallery item.
        own_rows: (n,) row of a given gallery that is the query itself and is left out; -1: none.
        metric: ``"euclidean"`` (the published protocol) or ``"cosine"``.

    Returns:
        Recall@K as a fraction for each K.

    Raises:
        InputError: If shapes do not agree, K is out of range or an embedding is not finite.

    Example::

        >>> import torch
        >>> embeddings = torch.tensor([[0.0], [1.0], [3.0], [3.5]])
        >>> recall_at_k(embeddings, torch.tensor([0, 0, 1, 0]), ks=(1, 2))
        {1: 0.5, 2: 0.75}
    """
    if (gallery is None) != (gallery_labels is None):
        raise InputError("gallery and gallery_labels go together; one of them is missing")
    found_labels = labels if gallery_labels is None else gallery_labels
    _check_labels(embeddings, labels)
    nearest = nearest_neighbours(
        embeddings, max(ks, default=0), gallery=gallery, own_rows=own_rows, metric=metric
    )  # (n, max K)
    hits = found_labels.to(nearest.device)[nearest] == labels.to(nearest.device)[:, None]  # (n, max K)
    return {k: hits[:, :k].any(dim=1).double().mean().item() for k in ks}


def nearest_neighbours(
    queries: Tensor, k: int, *, gallery: Tensor | None = None, metric: str = "euclidean", own_rows: Tensor | None = None
) -> Tensor:
    """Indices (n, k) of the ``k`` nearest gallery items of each query, nearest first, equally near ones by lower index.

    Exact and never n x m at once: tiles of distances are computed in float64 by the Gram form on centred embeddings and
    rounded to float32, so that noise orders no equals and the result depends neither on the tiles nor on ``k``.

    Args:
        queries: (n, d) embeddings.
        k: How many neighbours.
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
        raise InputError(f"asked for {k} nearest neighbours among {available} items: K must be from 1 to {available}")
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
    """Both in float64, centred (or normalised), checked."""
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
    centre = gallery.mean(dim=0)
    return queries - centre, gallery - centre


def _device_with_float64(rows: Tensor) -> torch.device:
    return torch.device("cpu") if rows.device.type == "mps" else rows.device


def _check_labels(embeddings: Tensor, labels: Tensor) -> None:
    if labels.shape != embeddings.shape[:1]:
        raise InputError(f"one label for each embedding: got {tuple(labels.shape)} for {tuple(embeddings.shape)}")
