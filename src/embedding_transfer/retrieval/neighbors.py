"""Exact nearest neighbors, in tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.compared_rows import ComparedRows, Rows, check_shapes

METRICS = ("euclidean", "cosine")
_TILE = 1 << 21  # distances held at a time: 16 MiB in float64
_INDEX_BITS = 24  # up to 16.7 million gallery items
_NOISE = 2.0**-44  # of |q|^2 + |g|^2: a squared distance below that is rounding, so 0
_NONE = torch.iinfo(torch.int64).max


class Neighbors(NamedTuple):
    """The nearest gallery items of queries.

    Attributes:
        indices: (n, k) rows of the gallery, nearest first.
        distances: (n, k) float32: Euclidean distances, or for the metric ``"cosine"`` 1 - cosine.
    """

    indices: Tensor
    distances: Tensor


def nearest_neighbors(
    queries: Rows, k: int, *, gallery: Rows | None = None, metric: str = "euclidean", own_rows: Tensor | None = None
) -> Tensor:
    """Indices (n, k) of the ``k`` nearest gallery items of each query, nearest first, equally near ones by lower index.

    Exact and never n x m at once: tiles of distances are computed in float64 by the Gram form on centered embeddings
    and rounded to float32, so that noise orders no equals and the result depends neither on the tiles nor on ``k``.
    Of a large gallery some rows at a time are read, so it may be mapped from a file that is larger than the memory.

    Args:
        queries: (n, d) embeddings: a tensor or an array.
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


def search_neighbors(
    queries: Rows, k: int, *, gallery: Rows | None = None, metric: str = "euclidean", own_rows: Tensor | None = None
) -> Neighbors:
    """The neighbors that :func:`nearest_neighbors` finds, which has the same arguments, and how far away they are.

    Raises:
        InputError: As :func:`nearest_neighbors`.

    Example::

        >>> search_neighbors(torch.tensor([[3.0, 4.0]]), 2, gallery=torch.tensor([[3.0, 1.0], [0.0, 0.0]]))
        Neighbors(indices=tensor([[0, 1]]), distances=tensor([[3., 5.]]))
    """
    search = _Search(queries, k, gallery, metric, own_rows)
    indices, distances = zip(*((search.indices(keys), search.distances(keys)) for keys in search.tiles()), strict=True)
    return Neighbors(torch.cat(indices), torch.cat(distances))


def neighbor_tiles(
    queries: Rows, k: int, *, gallery: Rows | None = None, metric: str = "euclidean", own_rows: Tensor | None = None
) -> Iterator[Tensor]:
    """The rows of :func:`nearest_neighbors`, whose arguments it takes, (t, k) for some queries after the others.

    Everything is checked before the first tile; from then on memory does not grow with the number of queries.
    """
    search = _Search(queries, k, gallery, metric, own_rows)
    return (search.indices(keys) for keys in search.tiles())


def available_items(gallery_size: int, own_rows: Tensor | None) -> int:
    """How many gallery items there are to find for every query: one less where a query is among them itself."""
    return gallery_size - int(own_rows is not None and bool((own_rows >= 0).any()))


def check_k(k: int, available: int) -> None:
    """Raises InputError unless ``k`` neighbors can be found."""
    if not 1 <= k <= available:
        raise InputError(f"asked for {k} nearest neighbors among {available} items: K must be from 1 to {available}")


class _Search:
    """One search, checked: its neighbors are int64 keys that order by distance, equally near ones by index."""

    def __init__(self, queries: Rows, k: int, gallery: Rows | None, metric: str, own_rows: Tensor | None) -> None:
        if metric not in METRICS:
            raise InputError(f"no metric {metric!r}; there are {', '.join(METRICS)}")
        if gallery is None:
            gallery, own_rows = queries, torch.arange(len(queries))
        check_shapes(queries, gallery)
        if len(gallery) >= 1 << _INDEX_BITS:
            raise InputError(
                f"{len(gallery):,} gallery items are more than {(1 << _INDEX_BITS) - 1:,}: search in parts"
            )
        device = _device_with_float64(queries, gallery)
        self.k, self.metric, self.own_rows = k, metric, own_rows
        self.queries = ComparedRows(queries, device, "query")
        self.gallery = self.queries if gallery is queries else ComparedRows(gallery, device, "gallery")
        check_k(k, available_items(len(gallery), own_rows))
        center = None if metric == "cosine" else self.gallery.mean()
        for rows in (self.queries, self.gallery):
            rows.compare_from(center)
        self.norms = self.gallery.squared_norms()  # (m,)
        longest = self.queries.squared_norms().max().sqrt() + self.norms.max().sqrt()
        self.largest = longest.square().clamp_min(1e-300)  # no squared distance is larger

    def tiles(self) -> Iterator[Tensor]:
        """Keys (t, k) of the neighbors of some queries after the others, nearest first."""
        n, m, size = len(self.queries.rows), len(self.norms), self.gallery.size
        tile = max(1, _TILE // (m if size >= m else size + self.k))
        for start in range(0, n, tile):
            some = slice(start, start + tile)
            nearest: Tensor | None = None
            rows = self.queries[some]
            for place, chunk in self.gallery.chunks():
                keys = self._keys(rows, chunk, place)
                self._leave_out_own(keys, some, place)
                keys = keys if nearest is None else torch.cat([nearest, keys], dim=1)
                nearest = keys.topk(min(self.k, keys.shape[1]), dim=1, largest=False, sorted=True).values
                del keys  # before the next tile
            if nearest is not None:
                yield nearest

    def _keys(self, rows: Tensor, chunk: Tensor, place: slice) -> Tensor:
        """(t, c) int64 that order a chunk of the gallery for each row: the distance's bits above those of the index."""
        sums = rows.square().sum(dim=1, keepdim=True) + self.norms[place]  # (t, c), |q|^2 + |g|^2
        distances = torch.addmm(sums, rows, chunk.T, alpha=-2)  # (t, c), squared
        distances.masked_fill_(distances < sums.mul_(_NOISE), 0)
        del sums
        levels = distances.div_(self.largest).float().view(torch.int32)  # floats >= 0 order as their bits do
        del distances
        keys = levels.long().bitwise_left_shift_(_INDEX_BITS)
        return keys.add_(torch.arange(place.start, place.stop, device=keys.device))

    def _leave_out_own(self, keys: Tensor, some: slice, place: slice) -> None:
        if self.own_rows is None:
            return
        own = self.own_rows[some].to(keys.device)
        is_here = (own >= place.start) & (own < place.stop)
        keys[is_here.nonzero().squeeze(1), own[is_here] - place.start] = _NONE

    def indices(self, keys: Tensor) -> Tensor:
        """Rows of the gallery (t, k) of neighbors' keys."""
        return keys.bitwise_and((1 << _INDEX_BITS) - 1)

    def distances(self, keys: Tensor) -> Tensor:
        """Distances (t, k) float32 of neighbors' keys."""
        squared = (keys >> _INDEX_BITS).int().view(torch.float32).double() * self.largest
        return (squared / 2 if self.metric == "cosine" else squared.sqrt()).float()


def _device_with_float64(queries: Rows, gallery: Rows) -> torch.device:
    """Where to compute: on a GPU with float64 if one of them is there, else on the CPU."""
    devices = [rows.device for rows in (queries, gallery) if isinstance(rows, Tensor)]
    return next((device for device in devices if device.type not in ("cpu", "mps")), torch.device("cpu"))
