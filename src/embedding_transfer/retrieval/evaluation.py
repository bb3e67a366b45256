"""What an image set's embeddings are worth: who searches and what is searched in is the image set's to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval.recall import is_found
from embedding_transfer.retrieval.scores import average_precisions, largest_relevant, nmi, precisions_at_r
from embedding_transfer.retrieval.search import Search

SCORES = ("recall", "map@r", "r_precision", "nmi")
AT_R = {"map@r": average_precisions, "r_precision": precisions_at_r}
"""Scores that count the right ones among as many neighbors as there are to find."""


def recall_of(embeddings: Tensor, images: ImageSet, ks: Sequence[int], metric: str) -> dict[str, float]:
    """``{"recall@K": fraction}`` of embeddings (n, d) of an image set, among its gallery if it has one."""
    return scores_of(embeddings, images, ("recall",), ks, metric)


def scores_of(
    embeddings: Tensor,
    images: ImageSet,
    scores: Sequence[str],
    ks: Sequence[int],
    metric: str,
    in_gallery: Tensor | None = None,
) -> dict[str, float]:
    """The ``scores``, by name, of embeddings (n, d) of an image set; ``nmi`` is of queries and gallery together.

    The neighbors of some queries at a time are looked at once for all scores, so that memory grows neither with the
    number of images nor with the size of classes.

    Args:
        embeddings: (n, d) of all images.
        images: The images.
        scores: Names of :data:`SCORES`.
        ks: The K of Recall@K.
        metric: ``"euclidean"`` or ``"cosine"``.
        in_gallery: (n, d) embeddings of all images as things that are searched in, if another network makes them.

    Raises:
        InputError: If K is out of range, no query has anything to find, or an embedding is not finite.
    """
    found = {}
    if set(scores) - {"nmi"}:
        found = _scores_of_ranking(_search(embeddings, images, metric, in_gallery), scores, ks)
    if "nmi" in scores:
        found["nmi"] = nmi(embeddings, torch.from_numpy(images.labels), metric=metric)
    return found


def _scores_of_ranking(search: Search, scores: Sequence[str], ks: Sequence[int]) -> dict[str, float]:
    """Recall@K is a mean over all queries, the others over those that have something to find."""
    ks = ks if "recall" in scores else ()
    at_r = {name: score for name, score in AT_R.items() if name in scores}
    if "recall" in scores:
        search.check_k(max(ks, default=0))
    k = max(*ks, 0, largest_relevant(search) if at_r else 0)
    relevant, start = search.relevant, 0
    of_each: list[Tensor] = []  # (t, scores) float64
    for hits in search.hit_tiles(k):  # (t, k)
        their_relevant = relevant[start : start + len(hits)].to(hits.device)
        start += len(hits)
        columns = [score(hits, their_relevant) for score in at_r.values()]
        of_each.append(torch.stack([*is_found(hits, ks).double().unbind(dim=1), *columns], dim=1))
    values = torch.cat(of_each).cpu()
    recall, others = values[:, : len(ks)], values[relevant.cpu() > 0, len(ks) :]
    names = [*(f"recall@{k}" for k in ks), *at_r]
    return dict(zip(names, [*recall.mean(dim=0).tolist(), *others.mean(dim=0).tolist()], strict=True))


def check_scores(scores: Sequence[str]) -> None:
    """Before anything is computed: are there such scores?

    Raises:
        UsageError: If there is one that is not in :data:`SCORES`; the message has the nearest right name.
    """
    for name in scores:
        if name not in SCORES:
            raise UsageError(f"no score {name!r}{nearest(name, SCORES)}; there are {', '.join(SCORES)}")


def _search(embeddings: Tensor, images: ImageSet, metric: str, in_gallery: Tensor | None) -> Search:
    """All images among themselves, or the queries of an image set in its gallery."""
    labels = torch.from_numpy(images.labels)
    if images.is_query is None and images.is_gallery is None and in_gallery is None:
        return Search(embeddings, labels, metric=metric)
    everything = np.ones(len(images), dtype=bool)
    queries = everything if images.is_query is None else images.is_query
    gallery = everything if images.is_gallery is None else images.is_gallery
    row_in_gallery = np.where(gallery, np.cumsum(gallery) - 1, -1)
    return Search(
        embeddings[queries],
        labels[queries],
        (embeddings if in_gallery is None else in_gallery)[gallery],
        labels[gallery],
        torch.from_numpy(row_in_gallery[queries]),
        metric,
    )
