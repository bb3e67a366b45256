"""How well vectors keep the neighborhoods of others: measured without labels, and with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval.agreement import SEED, centered_ranks, correlation_of_ranks, overlap
from embedding_transfer.retrieval.compared_rows import Rows
from embedding_transfer.retrieval.neighbors import nearest_neighbors

KS = (10, 100)
QUERIES = 2000
"""At most so many vectors are searched for, always the same ones, each among all others."""

MILLION = 1_000_000


class Neighborhoods:
    """Who is near to whom among vectors, held ready to judge several kinds of shorter ones by.

    Args:
        whole: (n, d) vectors.
        labels: (n,) class of each.
        metric: ``"cosine"`` or ``"euclidean"``, here and for the shorter ones.
        queries: How many are searched for among all, at most; always the same ones.

    Raises:
        InputError: If there are fewer than 11 vectors, or one is not finite.

    Example::

        >>> whole = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
        >>> round(Neighborhoods(whole).fidelity(whole * 2)["overlap@10"], 3)
        1.0
    """

    def __init__(
        self, whole: Rows, labels: Tensor | None = None, metric: str = "cosine", queries: int = QUERIES
    ) -> None:
        self.ks = [k for k in KS if k < len(whole)]
        if not self.ks:
            raise InputError(f"the 10 nearest neighbors are compared: 11 vectors are needed; got {len(whole)}")
        self.count, self.labels, self.metric = len(whole), labels, metric
        self.own = torch.from_numpy(np.sort(np.random.default_rng(SEED).permutation(len(whole))[:queries]))  # (q,)
        self.true = self._neighbors(whole)  # (q, k)
        self.ranks = centered_ranks(whole, metric)

    def fidelity(self, short: Rows, bytes_per_vector: int | None = None) -> dict[str, float]:
        """How well shorter vectors keep this.

        Args:
            short: (n, k) vectors of the same things, as they are searched.
            bytes_per_vector: What one of them takes; default: of its type of numbers.

        Returns:
            ``overlap@10`` and, if there are so many, ``overlap@100``: the share of the true nearest among those found.
            ``nearest_in_10``: how often the true nearest is among the 10 found. ``rank_correlation``: Spearman's, of
            the distances. With labels ``recall@1``, and ``recall@1_whole`` of the whole vectors. ``bytes`` of a vector,
            and ``million_mb``, of a million of them in an index without structure.

        Raises:
            InputError: If there is not one for each whole vector, or one is not finite.
        """
        if len(short) != self.count:
            raise InputError(f"fidelity compares vectors of the same things; got {len(short):,} for {self.count:,}")
        found = self._neighbors(short)  # (q, k)
        scores = {f"overlap@{k}": overlap(found[:, :k], self.true[:, :k]) for k in self.ks}
        scores["nearest_in_10"] = (found[:, :10] == self.true[:, :1]).any(dim=1).double().mean().item()
        scores["rank_correlation"] = correlation_of_ranks(centered_ranks(short, self.metric), self.ranks)
        if self.labels is not None:
            for name, nearest in (("recall@1", found), ("recall@1_whole", self.true)):
                scores[name] = (self.labels[nearest[:, 0]] == self.labels[self.own]).double().mean().item()
        size = bytes_per_vector or short.shape[1] * _size_of_a_number(short)
        return {**scores, "bytes": size, "million_mb": size * MILLION / 1e6}

    def _neighbors(self, space: Rows) -> Tensor:
        rows = space[self.own] if isinstance(space, Tensor) else space[self.own.numpy()]
        return nearest_neighbors(rows, max(self.ks), gallery=space, metric=self.metric, own_rows=self.own).cpu()


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
