"""Who searches in what: which neighbors are right, a tile of queries at a time. All scores of a ranking rest on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.class_numbers import class_numbers
from embedding_transfer.retrieval.neighbors import available_items, check_k, neighbor_tiles


@dataclass(frozen=True)
class Search:
    """Queries with their classes, and what they search in.

    Args:
        embeddings: (n, d) queries.
        labels: (n,) class of each query, any integers.
        gallery: (m, d) items searched in; ``None``: the queries, each without itself.
        gallery_labels: (m,) class of each gallery item.
        own_rows: (n,) row of a given gallery that is the query itself and is left out; -1: none.
        metric: ``"euclidean"`` or ``"cosine"``.

    Raises:
        InputError: If there is not one integer label for each embedding.

    Example::

        >>> search = Search(torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([4, 4, -1]))
        >>> search.relevant
        tensor([1, 1, 0])
        >>> next(search.hit_tiles(2))
        tensor([[ True, False],
                [ True, False],
                [False, False]])
    """

    embeddings: Tensor
    labels: Tensor
    gallery: Tensor | None = None
    gallery_labels: Tensor | None = None
    own_rows: Tensor | None = None
    metric: str = "euclidean"

    def __post_init__(self) -> None:
        if (self.gallery is None) != (self.gallery_labels is None):
            raise InputError("gallery and gallery_labels go together; one of them is missing")
        for rows, labels in ((self.embeddings, self.labels), (self.gallery, self.gallery_labels)):
            if rows is not None and labels is not None and tuple(labels.shape) != tuple(rows.shape[:1]):
                raise InputError(f"one label for each embedding: got {tuple(labels.shape)} for {tuple(rows.shape)}")

    @cached_property
    def numbers(self) -> tuple[Tensor, Tensor]:
        """Classes of queries (n,) and of the items searched in (m,), numbered from 0."""
        return class_numbers(self.labels, self.gallery_labels)

    @cached_property
    def relevant(self) -> Tensor:
        """R (n,) int64: how many items of its class there are for each query to find, itself not counted."""
        numbers, found_numbers = self.numbers
        n_of_class = torch.bincount(found_numbers, minlength=int(numbers.max()) + 1)  # (classes,)
        if self.gallery is None:
            return n_of_class[numbers] - 1
        return n_of_class[numbers] - (0 if self.own_rows is None else (self.own_rows >= 0).to(numbers))

    @property
    def available(self) -> int:
        """How many items every query can find."""
        if self.gallery is None:
            return len(self.embeddings) - 1
        return available_items(len(self.gallery), self.own_rows)

    def check_k(self, k: int) -> None:
        """Raises InputError unless every query can find ``k`` items."""
        check_k(k, self.available)

    def hit_tiles(self, k: int) -> Iterator[Tensor]:
        """For some queries after the others, (t, k) bool: whether the j-th nearest item is of the query's class.

        Memory does not grow with the number of queries. ``k`` may always be the largest R, even where that is the
        whole gallery for one query and another one is in there itself: then all items are right, also the last.

        Raises:
            InputError: If shapes do not agree, ``k`` is out of range or an embedding is not finite.
        """
        numbers, found_numbers = self.numbers
        found = self.available if k == self.available + 1 == int(self.relevant.max()) else k
        start = 0
        for nearest in neighbor_tiles(
            self.embeddings, found, gallery=self.gallery, metric=self.metric, own_rows=self.own_rows
        ):  # (t, found)
            own = numbers[start : start + len(nearest)].to(nearest.device)
            hits = found_numbers.to(nearest.device)[nearest] == own[:, None]
            yield hits if found == k else F.pad(hits, (0, 1), value=True)
            start += len(nearest)
