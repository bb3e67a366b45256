"""Fidelity, against counting by hand."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from embedding_transfer.errors import InputError
from embedding_transfer.vectors.neighborhoods import Neighborhoods

WHOLE = np.random.default_rng(0).normal(size=(150, 9)).astype(np.float32)
SHORT = WHOLE[:, :4] + np.random.default_rng(1).normal(size=(150, 4)).astype(np.float32) / 2
CLASSES = np.arange(150) % 7


def test_scores_are_those_counted_by_hand() -> None:
    found = Neighborhoods(WHOLE, torch.from_numpy(CLASSES)).fidelity(SHORT)
    orders, distances = [], []
    for space in (SHORT, WHOLE):
        d = cdist(space, space, "cosine").astype(np.float32)
        np.fill_diagonal(d, np.inf)
        orders.append(d.argsort(axis=1))
        distances.append(d)
    for k in (10, 100):
        shares = [len({*a[:k]} & {*b[:k]}) / k for a, b in zip(*orders, strict=True)]
        assert found[f"overlap@{k}"] == pytest.approx(np.mean(shares))
    hits = [b[0] in a[:10] for a, b in zip(*orders, strict=True)]
    assert found["nearest_in_10"] == pytest.approx(np.mean(hits))
    assert found["recall@1"] == pytest.approx(np.mean(CLASSES[orders[0][:, 0]] == CLASSES))
    assert found["recall@1_whole"] == pytest.approx(np.mean(CLASSES[orders[1][:, 0]] == CLASSES))
    others = ~np.eye(150, dtype=bool)
    ranks = [spearmanr(a[o], b[o]).statistic for a, b, o in zip(*distances, others, strict=True)]
    assert found["rank_correlation"] == pytest.approx(np.mean(ranks), abs=1e-6)
    assert (found["bytes"], found["million_mb"]) == (16, 16)


def test_few_queries_are_searched_among_all() -> None:
    few, all_of_them = (Neighborhoods(WHOLE, queries=q).fidelity(SHORT)["overlap@10"] for q in (60, 150))
    assert few != all_of_them
    assert few == pytest.approx(all_of_them, abs=0.1)
    assert Neighborhoods(WHOLE, queries=60).fidelity(WHOLE)["overlap@10"] == 1


def test_other_things_and_too_few_are_refused() -> None:
    with pytest.raises(InputError, match="got 149 for 150"):
        Neighborhoods(WHOLE).fidelity(SHORT[1:])
    with pytest.raises(InputError, match="11 vectors are needed; got 10"):
        Neighborhoods(WHOLE[:10])
