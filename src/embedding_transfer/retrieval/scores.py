"""Scores beside Recall@K: MAP@R and R-precision of a ranking, NMI of a clustering."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.neighbors import nearest_neighbors


def ranked_hits(
    embeddings: Tensor,
    labels: Tensor,
    *,
    gallery: Tensor | None = None,
    gallery_labels: Tensor | None = None,
    own_rows: Tensor | None = None,
    metric: str = "euclidean",
) -> tuple[Tensor, Tensor]:
    """Which neighbors of each query are of its class, and how many there are to find.

    Args:
        embeddings: (n, d) queries.
        labels: (n,) class of each query.
        gallery: (m, d) items searched in; ``None``: the queries, each without itself.
        gallery_labels: (m,) class of each gallery item.
        own_rows: (n,) row of a given gallery that is the query itself and is left out; -1: none.
        metric: ``"euclidean"`` or ``"cosine"``.

    Returns:
        hits (n, k) bool, nearest first, and R (n,) int64, the items of each query's class; k is the largest R. Queries
        with R = 0 are left out, as in pytorch-metric-learning.

    Raises:
        InputError: If no query has anything to find, or as :func:`~embedding_transfer.retrieval.nearest_neighbors`.
    """
    found_labels = labels if gallery_labels is None else gallery_labels
    n_of_class = torch.bincount(found_labels, minlength=int(labels.max()) + 1)  # (classes,)
    in_gallery = torch.ones(len(labels), dtype=torch.int64) if gallery is None else torch.zeros_like(labels)
    if own_rows is not None:
        in_gallery = (own_rows >= 0).long()
    relevant = n_of_class[labels] - in_gallery  # (n,)
    kept = relevant > 0
    if not kept.any():
        raise InputError("no query has another item of its class: there is nothing to find")
    k = int(relevant.max())
    nearest = nearest_neighbors(embeddings, k, gallery=gallery, own_rows=own_rows, metric=metric).cpu()  # (n, k)
    hits = found_labels[nearest] == labels[:, None]  # (n, k)
    return hits[kept], relevant[kept]


def r_precision(hits: Tensor, relevant: Tensor) -> float:
    """Mean over queries of the share of right items among the R nearest, R being the number of right items there are.

    Musgrave, Belongie, Lim, "A Metric Learning Reality Check", ECCV 2020, section 3.2.

    Args:
        hits: (n, k) bool, whether the j-th nearest item is right; k is at least the largest R.
        relevant: (n,) the R of each query, at least 1.

    Example::

        >>> hits = torch.tensor([[True, False, True], [False, True, True]])
        >>> r_precision(hits, torch.tensor([3, 2]))  # 2 of 3, 1 of 2
        0.5833333333333333
    """
    return (_within_r(hits, relevant).sum(dim=1) / relevant.double()).mean().item()


def map_at_r(hits: Tensor, relevant: Tensor) -> float:
    r"""Mean average precision at R: R-precision that also rewards right items for coming first.

    .. math:: \frac1R \sum_{j=1}^R P(j), \quad P(j) = \text{precision at } j \text{ if the j-th item is right, else } 0

    Musgrave, Belongie, Lim, "A Metric Learning Reality Check", ECCV 2020, eq. 1 and 2.

    Args:
        hits: (n, k) bool, whether the j-th nearest item is right; k is at least the largest R.
        relevant: (n,) the R of each query, at least 1.

    Example::

        >>> hits = torch.tensor([[True, False, True], [False, True, True]])
        >>> map_at_r(hits, torch.tensor([3, 2]))  # (1 + 0 + 2/3) / 3 and (0 + 1/2) / 2
        0.40277777777777773
    """
    hits = _within_r(hits, relevant)
    ranks = torch.arange(1, hits.shape[1] + 1)
    precisions = hits * hits.cumsum(dim=1) / ranks.double()  # (n, k), 0 where wrong
    return (precisions.sum(dim=1) / relevant).mean().item()


def nmi(embeddings: Tensor, labels: Tensor, *, metric: str = "euclidean", seed: int = 0) -> float:
    """Normalized mutual information of labels and a k-means clustering with as many clusters as classes.

    2 I(clusters; labels) / (H(clusters) + H(labels)), from 0 to 1 (Manning et al., "Introduction to Information
    Retrieval", 2008, section 16.3). It depends on the clustering's start, hence on ``seed``, and is slow where classes
    are many (SOP has 11,316).

    Args:
        embeddings: (n, d).
        labels: (n,) class of each.
        metric: ``"euclidean"``, or ``"cosine"``: the clustering sees embeddings of length 1.
        seed: Of the clustering's start.

    Example::

        >>> rows = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
        >>> nmi(rows, torch.tensor([0, 0, 1, 1]))
        1.0
    """
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]
    from sklearn.metrics import normalized_mutual_info_score  # type: ignore[import-untyped]

    rows = F.normalize(embeddings) if metric == "cosine" else embeddings
    clustering = KMeans(len(labels.unique()), n_init=1, random_state=seed)
    return float(
        normalized_mutual_info_score(labels.cpu().numpy(), clustering.fit_predict(rows.cpu().double().numpy()))
    )


def _within_r(hits: Tensor, relevant: Tensor) -> Tensor:
    """The hits (n, k) among the R nearest of each query."""
    return hits & (torch.arange(hits.shape[1]) < relevant[:, None])
