"""Recall@K: how often one of the K nearest is right."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.neighbors import nearest_neighbors


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
    nearest = nearest_neighbors(
        embeddings, max(ks, default=0), gallery=gallery, own_rows=own_rows, metric=metric
    )  # (n, max K)
    hits = found_labels.to(nearest.device)[nearest] == labels.to(nearest.device)[:, None]  # (n, max K)
    return {k: hits[:, :k].any(dim=1).double().mean().item() for k in ks}


def _check_labels(embeddings: Tensor, labels: Tensor) -> None:
    if labels.shape != embeddings.shape[:1]:
        raise InputError(f"one label for each embedding: got {tuple(labels.shape)} for {tuple(embeddings.shape)}")
