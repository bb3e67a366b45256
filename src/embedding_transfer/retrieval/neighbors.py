"""Exact nearest neighbors, in tiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.bounded_distances import nearest_keys
from embedding_transfer.retrieval.candidates import Candidates
from embedding_transfer.retrieval.compared_rows import ComparedRows, Rows, check_shapes
from embedding_transfer.retrieval.exact_distances import INDEX_BITS, ExactDistances, Items, Queries

METRICS = ("euclidean", "cosine")
_TILE = 1 << 22  # distances held at a time: 32 MiB in float64
_AT_ONCE = 4  # shares of it that are bounded one after the other


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

    Exact and never n x m at once: products in float32 find candidates, whose distances are computed in float64 and
    rounded to float32, so that noise orders no equals; a bound proves that nobody else can be among them, and where it
    cannot, all distances are looked at. So the result depends neither on the tiles nor on ``k``.
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
        if len(gallery) >= 1 << INDEX_BITS:
            raise InputError(f"{len(gallery):,} gallery items are more than {(1 << INDEX_BITS) - 1:,}: search in parts")
        device = _device_with_float64(queries, gallery)
        self.k, self.metric = k, metric
        self.queries = ComparedRows(queries, device, "query")
        self.gallery = self.queries if gallery is queries else ComparedRows(gallery, device, "gallery")
        check_k(k, available_items(len(gallery), own_rows))
        self.own_rows = torch.full((len(queries),), -1) if own_rows is None else own_rows
        center = None if metric == "cosine" else self.gallery.mean()
        for rows in (self.queries, self.gallery):
            rows.compare_from(center)
        self.norms = self.gallery.squared_norms()  # (m,)
        self.query_norms = self.norms if gallery is queries else self.queries.squared_norms()  # (n,)
        longest = self.query_norms.max().sqrt() + self.norms.max().sqrt()
        self.longest = max(longest.item(), 1e-150)  # no distance is larger
        self.exact = ExactDistances(self.longest * self.longest, queries.shape[1])
        self._ready: dict[int, Candidates] = {}
        self.tried = self.failed = 0  # proofs that candidates are all that matter

    def tiles(self) -> Iterator[Tensor]:
        """Keys (t, k) of the neighbors of some queries after the others, nearest first."""
        tile = max(1, 2 * _TILE // (min(self.gallery.size, len(self.norms)) + self.k))  # two float32 for one float64
        for start in range(0, len(self.query_norms), tile):
            some = slice(start, start + tile)
            own = self.own_rows[some].to(self.norms.device)
            queries = Queries(self.queries[some], self.query_norms[some], own)
            nearest = torch.empty(len(own), 0, dtype=torch.int64, device=own.device)
            for place, chunk in self.gallery.chunks():
                nearest = self._nearer(nearest, queries, Items(chunk, self.norms[place], place.start))
            yield nearest

    def _nearer(self, nearest: Tensor, queries: Queries, items: Items) -> Tensor:
        """Keys (t, k) of the nearest among those found before, (t, up to k), and the items of a chunk."""
        if not Candidates.pay(len(items.rows), self.k) or 2 * self.failed > self.tried:
            return self._nearer_exactly(nearest, queries, items)
        candidates = self._candidates(items)
        found = candidates.of(queries.rows)
        nearer = _merge(nearest, self.exact.keys(queries, items, found.columns), self.k)
        behind = self.exact.surely_behind(self.exact.squares(nearer[:, -1]), queries.norms)  # (t,)
        left = (~candidates.are_all(found, behind)).nonzero().squeeze(1)  # queries whose proof fails
        self.tried, self.failed = self.tried + nearer.shape[0], self.failed + left.shape[0]
        if len(left):
            nearer[left] = self._nearer_exactly(nearest[left], queries.of(left), items)
        return nearer

    def _nearer_exactly(self, nearest: Tensor, queries: Queries, items: Items) -> Tensor:
        """The same for any queries, some at a time."""
        rows = max(1, _TILE // _AT_ONCE // len(items.rows))
        found = []
        for start in range(0, len(nearest), rows):
            some = slice(start, start + rows)
            keys = nearest_keys(self.exact, queries.of(some), items, min(self.k, len(items.rows)))
            found.append(_merge(nearest[some], keys, self.k))
        return torch.cat(found)

    def _candidates(self, items: Items) -> Candidates:
        """Ready for products; kept for the next queries where the gallery is."""
        ready = self._ready.get(items.first) or Candidates(items.rows, self.k, self.longest)
        if self.gallery.is_held:
            self._ready[items.first] = ready
        return ready

    def indices(self, keys: Tensor) -> Tensor:
        """Rows of the gallery (t, k) of neighbors' keys."""
        return keys.bitwise_and((1 << INDEX_BITS) - 1)

    def distances(self, keys: Tensor) -> Tensor:
        """Distances (t, k) float32 of neighbors' keys."""
        squared = self.exact.squares(keys)
        return (squared / 2 if self.metric == "cosine" else squared.sqrt()).float()


def _merge(nearest: Tensor, keys: Tensor, k: int) -> Tensor:
    """The k smallest of both, from the smallest up."""
    both = torch.cat([nearest, keys], dim=1)
    return both.topk(min(k, both.shape[1]), dim=1, largest=False, sorted=True).values


def _device_with_float64(queries: Rows, gallery: Rows) -> torch.device:
    """Where to compute: on a GPU with float64 if one of them is there, else on the CPU."""
    devices = [rows.device for rows in (queries, gallery) if isinstance(rows, Tensor)]
    return next((device for device in devices if device.type not in ("cpu", "mps")), torch.device("cpu"))
