"""Recall@K: how often one of the K nearest is right."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from embedding_transfer.retrieval.search import Search


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
        labels: (n,) class of each query, any integers.
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
    search = Search(embeddings, labels, gallery, gallery_labels, own_rows, metric)
    k_max = max(ks, default=0)
    search.check_k(k_max)
    hits = torch.cat([is_found(hits, ks) for hits in search.hit_tiles(k_max)])  # (n, K)
    return dict(zip(ks, hits.double().mean(dim=0).tolist(), strict=True))


def is_found(hits: Tensor, ks: Sequence[int]) -> Tensor:
    """Of hits (t, k), whether there is one among the nearest K, (t, number of ks)."""
    return torch.stack([hits[:, :k].any(dim=1) for k in ks], dim=1) if ks else hits[:, :0]
