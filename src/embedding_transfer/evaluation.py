"""Recall of an image set's embeddings: who searches and what is searched in is the image set's to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval import recall_at_k


def recall_of(embeddings: Tensor, images: ImageSet, ks: Sequence[int], metric: str) -> dict[str, float]:
    """``{"recall@K": fraction}`` of embeddings (n, d) of an image set, among its gallery if it has one."""
    labels = torch.from_numpy(images.labels)
    if images.is_query is None and images.is_gallery is None:
        found = recall_at_k(embeddings, labels, ks, metric=metric)
    else:
        everything = np.ones(len(images), dtype=bool)
        queries = everything if images.is_query is None else images.is_query
        gallery = everything if images.is_gallery is None else images.is_gallery
        row_in_gallery = np.where(gallery, np.cumsum(gallery) - 1, -1)
        found = recall_at_k(
            embeddings[queries],
            labels[queries],
            ks,
            gallery=embeddings[gallery],
            gallery_labels=labels[gallery],
            own_rows=torch.from_numpy(row_in_gallery[queries]),
            metric=metric,
        )
    return {f"recall@{k}": value for k, value in found.items()}
