"""Scores beside Recall@K: MAP@R and R-precision of a ranking, NMI of a clustering."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.class_numbers import class_numbers
from embedding_transfer.retrieval.search import Search

_AT_A_TIME = 1 << 18  # hits: their ranks and precisions take 8 bytes each


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
        labels: (n,) class of each query, any integers.
        gallery: (m, d) items searched in; ``None``: the queries, each without itself.
        gallery_labels: (m,) class of each gallery item.
        own_rows: (n,) row of a given gallery that is the query itself and is left out; -1: none.
        metric: ``"euclidean"`` or ``"cosine"``.

    Returns:
        hits (n, k) bool, nearest first, and R (n,) int64, the items of each query's class; k is the largest R. Queries
        with R = 0 are left out, as in pytorch-metric-learning. Beside the hits, memory does not grow with n.

    Raises:
        InputError: If no query has anything to find, or as :func:`~embedding_transfer.retrieval.nearest_neighbors`.

    Example::

        >>> hits, relevant = ranked_hits(torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([4, 4, -1]))
        >>> hits.tolist(), relevant.tolist()
        ([[True], [True]], [1, 1])
    """
    search = Search(embeddings, labels, gallery, gallery_labels, own_rows, metric)
    relevant = search.relevant.cpu()
    kept = relevant > 0
    k = largest_relevant(search)
    hits = torch.empty(int(kept.sum()), k, dtype=torch.bool)
    seen = filled = 0
    for tile in search.hit_tiles(k):  # (t, k)
        kept_rows = tile.cpu()[kept[seen : seen + len(tile)]]
        hits[filled : filled + len(kept_rows)] = kept_rows
        seen, filled = seen + len(tile), filled + len(kept_rows)
    return hits, relevant[kept]


def largest_relevant(search: Search) -> int:
    """The largest R, up to which a ranking is to be known.

    Raises:
        InputError: If no query has anything to find.
    """
    k = int(search.relevant.max()) if len(search.labels) else 0
    if k < 1:
        raise InputError("no query has another item of its class: there is nothing to find")
    return k


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
    return _mean(precisions_at_r, hits, relevant)


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
    return _mean(average_precisions, hits, relevant)


def precisions_at_r(hits: Tensor, relevant: Tensor) -> Tensor:
    """Of hits (t, k), the share of right ones among the R nearest of each query, (t,) float64."""
    return _within_r(hits, relevant).sum(dim=1) / relevant.double()


def average_precisions(hits: Tensor, relevant: Tensor) -> Tensor:
    """Of hits (t, k), the average precision at R of each query, (t,) float64."""
    hits = _within_r(hits, relevant)
    ranks = torch.arange(1, hits.shape[1] + 1, dtype=torch.float64, device=hits.device)
    precisions = hits.cumsum(dim=1).mul_(hits).div(ranks)  # (t, k) float64, 0 where wrong
    return precisions.sum(dim=1) / relevant


def nmi(embeddings: Tensor, labels: Tensor, *, metric: str = "euclidean", seed: int = 0) -> float:
    """Normalized mutual information of labels and a k-means clustering with as many clusters as classes.

    2 I(clusters; labels) / (H(clusters) + H(labels)), from 0 to 1 (Manning et al., "Introduction to Information
    Retrieval", 2008, section 16.3). It depends on the clustering's start, hence on ``seed``, and is slow where classes
    are many (SOP has 11,316).

    Args:
        embeddings: (n, d).
        labels: (n,) class of each, any integers.
        metric: ``"euclidean"``, or ``"cosine"``: the clustering sees embeddings of length 1.
        seed: Of the clustering's start.

    Example::

        >>> rows = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
        >>> nmi(rows, torch.tensor([0, 0, 1, 1]))
        1.0
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score

    rows = F.normalize(embeddings) if metric == "cosine" else embeddings
    numbers = class_numbers(labels)[0].cpu().numpy()
    clustering = KMeans(int(numbers.max()) + 1, n_init=1, random_state=seed)
    return float(normalized_mutual_info_score(numbers, clustering.fit_predict(rows.cpu().double().numpy())))


def _mean(of_each: Callable[[Tensor, Tensor], Tensor], hits: Tensor, relevant: Tensor) -> float:
    """The mean over queries of a score, computed for some queries at a time."""
    rows = max(1, _AT_A_TIME // max(1, hits.shape[1]))
    values = torch.empty(len(hits), dtype=torch.float64)  # in place: many small results break up memory
    for start in range(0, len(hits), rows):
        some = slice(start, start + rows)
        values[some] = of_each(hits[some], relevant[some])
    return values.mean().item()


def _within_r(hits: Tensor, relevant: Tensor) -> Tensor:
    """The hits (n, k) among the R nearest of each query."""
    return hits & (torch.arange(hits.shape[1], device=hits.device) < relevant[:, None])
