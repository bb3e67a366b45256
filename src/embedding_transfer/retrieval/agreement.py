"""How much two spaces agree on which pictures are alike: what transfer is after, measured without labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.compared_rows import Rows
from embedding_transfer.retrieval.neighbors import nearest_neighbors

DRAWN, SEED = 1000, 0
"""Queries whose distances are ranked, and other pictures for each of them; how they are drawn."""


def agreement(
    target: Rows, source: Rows, ks: Sequence[int] = (1, 10), metric: str = "euclidean", queries: int | None = None
) -> dict[str, float]:
    """How far the target agrees with the source on which pictures are alike.

    Args:
        target: (n, d) embeddings of n pictures: a tensor or an array, which may be mapped from a file.
        source: (n, e) embeddings of the same pictures, as one wants them.
        ks: The K of ``overlap@K``.
        metric: ``"euclidean"`` or ``"cosine"``, in both spaces.
        queries: Search for so many pictures at most, always the same ones, among all; default: for all.

    Returns:
        ``"overlap@K"``: the share of a picture's K nearest in the source's space that are among its K nearest in the
        target's, the mean over all pictures, each searched without itself. ``"rank_correlation"``: Spearman's
        correlation of a picture's distances to the others in both spaces, the mean over up to 1,000 pictures and 1,000
        others, always the same ones; 0 for a picture to which all others are equally near.

    Raises:
        InputError: If the two do not have the same pictures, there are too few for K, or an embedding is not finite.

    Example::

        >>> source = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
        >>> agreement(source * 2, source, ks=(1, 2))
        {'overlap@1': 1.0, 'overlap@2': 1.0, 'rank_correlation': 1.0}
    """
    if len(target) != len(source):
        raise InputError(f"agreement is about the same pictures; got {len(target)} target, {len(source)} source rows")
    if len(source) <= max(ks):
        raise InputError(f"overlap@{max(ks)} needs more than {max(ks)} pictures; got {len(source)}: lower K")
    own = drawn_queries(len(source), queries)  # (q,)
    found = [neighbors_of(space, own, max(ks), metric) for space in (target, source)]  # (q, k)
    scores = {f"overlap@{k}": _overlap(*(neighbors[:, :k] for neighbors in found)) for k in ks}
    return {**scores, "rank_correlation": _rank_correlation(target, source, metric)}


def drawn_queries(count: int, queries: int | None) -> Tensor:
    """Rows (q,) that are searched for, in ascending order: all, or ``queries`` of them, always the same."""
    drawn = np.random.default_rng(SEED).permutation(count)[:queries]
    return torch.from_numpy(np.sort(drawn))


def neighbors_of(space: Rows, own: Tensor, k: int, metric: str) -> Tensor:
    """The ``k`` nearest rows (q, k) of each of the rows ``own`` (q,), itself left out."""
    if len(own) == len(space):
        return nearest_neighbors(space, k, metric=metric).cpu()
    return nearest_neighbors(some_of(space, own), k, gallery=space, metric=metric, own_rows=own).cpu()


def some_of(space: Rows, rows: Tensor) -> Rows:
    """These rows (q,) of a space, in its own form."""
    return space[rows] if isinstance(space, Tensor) else space[rows.numpy()]


def _overlap(target: Tensor, source: Tensor) -> float:
    """Mean share of equal numbers in the rows of (n, k), whose numbers are different ones."""
    both = torch.cat([target, source], dim=1).sort(dim=1).values  # (n, 2 k): what is in both is there twice in a row
    return (both[:, 1:] == both[:, :-1]).sum(dim=1).double().mean().item() / target.shape[1]


def _rank_correlation(target: Rows, source: Rows, metric: str) -> float:
    drawn = torch.from_numpy(np.random.default_rng(SEED).permutation(len(source))[: DRAWN + 1])
    mine, theirs = (_centered_ranks(some_of(space, drawn), metric) for space in (target, source))
    norms = np.sqrt((mine**2).sum(axis=1) * (theirs**2).sum(axis=1))  # (q,)
    return float(np.mean((mine * theirs).sum(axis=1) / np.where(norms > 0, norms, 1)))


def _centered_ranks(embeddings: Rows, metric: str) -> np.ndarray:
    """Ranks (q, m - 1) of the distances from the first pictures to all others, equally near ones alike, of mean 0."""
    rows = torch.as_tensor(embeddings).detach().cpu().double()
    rows = F.normalize(rows) if metric == "cosine" else rows
    distances = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist").float()  # (m, m), without noise
    others = distances[~torch.eye(len(rows), dtype=torch.bool)].view(len(rows), -1)[:DRAWN]
    ranks = rankdata(others.numpy(), axis=1)
    return ranks - ranks.mean(axis=1, keepdims=True)
