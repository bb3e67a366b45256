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


def agreement(target: Rows, source: Rows, ks: Sequence[int] = (1, 10), metric: str = "euclidean") -> dict[str, float]:
    """How far the target agrees with the source on which pictures are alike.

    Args:
        target: (n, d) embeddings of n pictures: a tensor or an array, which may be mapped from a file.
        source: (n, e) embeddings of the same pictures, as one wants them.
        ks: The K of ``overlap@K``.
        metric: ``"euclidean"`` or ``"cosine"``, in both spaces.

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
    found = [nearest_neighbors(space, max(ks), metric=metric).cpu() for space in (target, source)]  # (n, k)
    scores = {f"overlap@{k}": overlap(*(neighbors[:, :k] for neighbors in found)) for k in ks}
    ranks = [centered_ranks(space, metric) for space in (target, source)]
    return {**scores, "rank_correlation": correlation_of_ranks(*ranks)}


def overlap(target: Tensor, source: Tensor) -> float:
    """Mean share of equal numbers in the rows of (n, k), whose numbers are different ones."""
    both = torch.cat([target, source], dim=1).sort(dim=1).values  # (n, 2 k): what is in both is there twice in a row
    return (both[:, 1:] == both[:, :-1]).sum(dim=1).double().mean().item() / target.shape[1]


def correlation_of_ranks(mine: np.ndarray, theirs: np.ndarray) -> float:
    """The mean correlation of the rows of two arrays (q, m) that :func:`centered_ranks` made."""
    norms = np.sqrt((mine**2).sum(axis=1) * (theirs**2).sum(axis=1))  # (q,)
    return float(np.mean((mine * theirs).sum(axis=1) / np.where(norms > 0, norms, 1)))


def centered_ranks(space: Rows, metric: str) -> np.ndarray:
    """Ranks (q, m) of the distances from some pictures to m others, equally near ones alike, of mean 0.

    The pictures are the same for all spaces of one size.
    """
    drawn = np.random.default_rng(SEED).permutation(len(space))[: DRAWN + 1]
    rows = torch.as_tensor(space[torch.from_numpy(drawn)] if isinstance(space, Tensor) else space[drawn])
    rows = rows.detach().cpu().double()
    rows = F.normalize(rows) if metric == "cosine" else rows
    distances = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist").float()  # (m, m), without noise
    others = distances[~torch.eye(len(rows), dtype=torch.bool)].view(len(rows), -1)[:DRAWN]
    ranks = rankdata(others.numpy(), axis=1)
    return ranks - ranks.mean(axis=1, keepdims=True)
