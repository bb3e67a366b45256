"""What an image set's embeddings are worth: who searches and what is searched in is the image set's to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval.recall import recall_at_k
from embedding_transfer.retrieval.scores import map_at_r, nmi, r_precision, ranked_hits

SCORES = ("recall", "map@r", "r_precision", "nmi")


def recall_of(embeddings: Tensor, images: ImageSet, ks: Sequence[int], metric: str) -> dict[str, float]:
    """``{"recall@K": fraction}`` of embeddings (n, d) of an image set, among its gallery if it has one."""
    found = recall_at_k(ks=ks, metric=metric, **_search(embeddings, images))
    return {f"recall@{k}": value for k, value in found.items()}


def scores_of(
    embeddings: Tensor, images: ImageSet, scores: Sequence[str], ks: Sequence[int], metric: str
) -> dict[str, float]:
    """The ``scores``, by name, of embeddings (n, d) of an image set; ``nmi`` is of queries and gallery together."""
    found = recall_of(embeddings, images, ks, metric) if "recall" in scores else {}
    if "map@r" in scores or "r_precision" in scores:
        hits, relevant = ranked_hits(metric=metric, **_search(embeddings, images))
        by_name = {"map@r": map_at_r, "r_precision": r_precision}
        found |= {name: score(hits, relevant) for name, score in by_name.items() if name in scores}
    if "nmi" in scores:
        found["nmi"] = nmi(embeddings, torch.from_numpy(images.labels), metric=metric)
    return found


def check_scores(scores: Sequence[str]) -> None:
    """Before anything is computed: are there such scores?

    Raises:
        UsageError: If there is one that is not in :data:`SCORES`; the message has the nearest right name.
    """
    for name in scores:
        if name not in SCORES:
            raise UsageError(f"no score {name!r}{nearest(name, SCORES)}; there are {', '.join(SCORES)}")


def _search(embeddings: Tensor, images: ImageSet) -> dict[str, Any]:
    """Queries, gallery and their labels, by the names that :func:`recall_at_k` and :func:`ranked_hits` give them."""
    labels = torch.from_numpy(images.labels)
    if images.is_query is None and images.is_gallery is None:
        return {"embeddings": embeddings, "labels": labels}
    everything = np.ones(len(images), dtype=bool)
    queries = everything if images.is_query is None else images.is_query
    gallery = everything if images.is_gallery is None else images.is_gallery
    row_in_gallery = np.where(gallery, np.cumsum(gallery) - 1, -1)
    return {
        "embeddings": embeddings[queries],
        "labels": labels[queries],
        "gallery": embeddings[gallery],
        "gallery_labels": labels[gallery],
        "own_rows": torch.from_numpy(row_in_gallery[queries]),
    }
