"""How well vectors keep the neighborhoods of others: measured without labels, and with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.agreement import agreement, drawn_queries
from embedding_transfer.retrieval.compared_rows import Rows
from embedding_transfer.retrieval.recall import recall_at_k

KS = (10, 100)
QUERIES = 2000
"""At most so many vectors are searched for, always the same ones, each among all others."""

MILLION = 1_000_000


def fidelity_of(
    short: Rows,
    whole: Rows,
    labels: Tensor | None = None,
    *,
    bytes_per_vector: int | None = None,
    metric: str = "cosine",
    queries: int = QUERIES,
) -> dict[str, float]:
    """How well shorter vectors keep who is near to whom among the whole ones.

    Args:
        short: (n, k) vectors, as they are searched.
        whole: (n, d) vectors of the same things.
        labels: (n,) class of each.
        bytes_per_vector: What one of the shorter takes; default: of its type of numbers.
        metric: ``"cosine"`` or ``"euclidean"``, in both spaces.
        queries: How many are searched for, at most.

    Returns:
        ``overlap@10`` and ``overlap@100``: the share of the true nearest among those found (only where there are so
        many). ``nearest_in_10``: how often the true nearest is among the 10 found. ``rank_correlation``: Spearman's,
        of the distances. ``recall@1`` with labels, and ``recall@1_whole``, that of the whole vectors. ``bytes`` of a
        vector, and ``million_mb``: of a million in an index without structure.

    Raises:
        InputError: If there is not one short for each whole vector, or fewer than 11.

    Example::

        >>> whole = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
        >>> round(fidelity_of(whole * 2, whole)["overlap@10"], 3)
        1.0
    """
    if len(short) != len(whole):
        raise InputError(f"fidelity compares vectors of the same things; got {len(short):,} and {len(whole):,}")
    ks = [k for k in KS if k < len(whole)]
    if not ks:
        raise InputError(f"fidelity compares the 10 nearest neighbors: 11 vectors are needed; got {len(whole)}")
    scores = agreement(short, whole, ks, metric, queries)
    if labels is not None:
        own = drawn_queries(len(whole), queries)
        for name, space in (("recall@1", short), ("recall@1_whole", whole)):
            rows = torch.as_tensor(np.asarray(space[own]) if isinstance(space, np.ndarray) else space[own])
            found_in = torch.as_tensor(np.asarray(space)) if isinstance(space, np.ndarray) else space
            found = recall_at_k(
                rows, labels[own], (1,), gallery=found_in, gallery_labels=labels, own_rows=own, metric=metric
            )
            scores[name] = found[1]
    size = bytes_per_vector or short.shape[1] * _size_of_a_number(short)
    return {**scores, "bytes": size, "million_mb": size * MILLION / 1e6}


def in_columns(scores: Mapping[str, Any]) -> dict[str, str]:
    """The scores as they stand in a table: shares in percent."""
    shares = ("overlap", "nearest", "recall")
    return {
        name: f"{100 * value:.1f} %"
        if name.startswith(shares)
        else f"{value:.3f}"
        if name.startswith("rank")
        else f"{value:,.0f}"
        for name, value in scores.items()
    }


def _size_of_a_number(rows: Rows) -> int:
    return rows.element_size() if isinstance(rows, Tensor) else rows.dtype.itemsize
