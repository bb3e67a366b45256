"""What every query finds in the vectors of a side, and whether it is right."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.retrieval import nearest_neighbors

NEIGHBORS = 5


class Found(NamedTuple):
    """Of one side.

    Attributes:
        name: Of the side.
        queries: (q,) rows of the image set that can be searched for.
        neighbors: (q, k) rows that are found, nearest first.
        right: (q, k) bool, which of them are of the query's class; all false without labels.
    """

    name: str
    queries: np.ndarray
    neighbors: np.ndarray
    right: np.ndarray

    @property
    def is_first_right(self) -> np.ndarray:
        """(q,) bool, whether the nearest is of the query's class."""
        return self.right[:, 0]


def find(name: str, vectors: Tensor, images: ImageSet, metric: str, k: int = NEIGHBORS) -> Found:
    """The neighbors of all queries that have something to find.

    Args:
        name: Of the side.
        vectors: (n, d) of all pictures.
        images: The pictures; its queries search in its gallery.
        metric: ``"euclidean"`` or ``"cosine"``.
        k: Neighbors, or fewer where there are no more.
    """
    everything = np.ones(len(images), dtype=bool)
    in_gallery = everything if images.is_gallery is None else images.is_gallery
    gallery = np.flatnonzero(in_gallery)
    queries = np.flatnonzero(everything if images.is_query is None else images.is_query)
    if images.is_labeled:
        to_find = np.bincount(images.labels[gallery], minlength=len(images.class_names))[images.labels[queries]]
        queries = queries[to_find - in_gallery[queries] > 0]
    own_rows = np.where(in_gallery, np.cumsum(in_gallery) - 1, -1)[queries]
    k = min(k, len(gallery) - 1)
    if k < 1 or len(queries) == 0:
        return Found(name, queries[:0], np.empty((0, 1), np.int64), np.empty((0, 1), bool))
    rows = nearest_neighbors(
        vectors[queries], k, gallery=vectors[gallery], own_rows=torch.from_numpy(own_rows), metric=metric
    )
    neighbors = gallery[rows.cpu().numpy()]  # (q, k)
    if not images.is_labeled:
        return Found(name, queries, neighbors, np.zeros(neighbors.shape, dtype=bool))
    return Found(name, queries, neighbors, images.labels[neighbors] == images.labels[queries][:, None])


def recall_by_class(found: Found, images: ImageSet) -> np.ndarray:
    """(classes,) the share of each class's queries whose nearest is right; NaN where a class has no query."""
    labels, classes = images.labels[found.queries], len(images.class_names)
    count = np.bincount(labels, minlength=classes)
    right = np.bincount(labels, weights=found.is_first_right, minlength=classes)
    return np.where(count > 0, right / np.maximum(count, 1), np.nan)
