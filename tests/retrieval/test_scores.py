"""MAP@R, R-precision and NMI: against pytorch-metric-learning, a reading of the definitions, and closed cases."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_scores import plain_scores, random_set
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import neighbors, scores
from embedding_transfer.retrieval.scores import map_at_r, nmi, r_precision, ranked_hits


@settings(max_examples=25)
@given(st.integers(6, 30), st.integers(1, 8), st.integers(0, 1000))
def test_among_themselves_as_in_pytorch_metric_learning_and_by_definition(n: int, classes: int, seed: int) -> None:
    x, y = random_set(n, classes, seed)
    if not (torch.bincount(y) > 1).any():
        return
    hits, relevant = ranked_hits(x, y)
    ours = [map_at_r(hits, relevant), r_precision(hits, relevant)]
    assert ours == pytest.approx(plain_scores(x, y, x, y, own=list(range(n))))
    knn = CustomKNN(LpDistance(normalize_embeddings=False))
    names = ("mean_average_precision_at_r", "r_precision")
    theirs = AccuracyCalculator(include=names, k="max_bin_count", knn_func=knn).get_accuracy(x, y)
    assert ours == pytest.approx([theirs[name] for name in names])


def test_a_perfect_and_a_useless_ranking() -> None:
    x = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
    for labels, score in (([0, 0, 1, 1], 1.0), ([0, 1, 0, 1], 0.0)):
        hits, relevant = ranked_hits(x, torch.tensor(labels))
        assert map_at_r(hits, relevant) == r_precision(hits, relevant) == score
    with pytest.raises(InputError, match="nothing to find"):
        ranked_hits(x, torch.arange(4))


def test_order_within_r_matters_to_map_alone() -> None:
    first, last = torch.tensor([[True, False, False]]), torch.tensor([[False, False, True]])
    three = torch.tensor([3])
    assert r_precision(first, three) == pytest.approx(r_precision(last, three)) == pytest.approx(1 / 3)
    assert map_at_r(first, three) == pytest.approx(1 / 3)
    assert map_at_r(last, three) == pytest.approx(1 / 9)


def test_nmi_is_the_mutual_information_of_labels_and_clusters() -> None:
    x = torch.tensor([[0.0], [0.1], [0.2], [9.0]])
    labels = torch.tensor([0, 0, 1, 1])  # clusters: the first three, the last
    information = 0.5 * math.log(0.5 / (0.5 * 0.75)) + 0.25 * math.log(0.25 / (0.5 * 0.75)) + 0.25 * math.log(2)
    entropies = math.log(2) + -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert nmi(x, labels) == pytest.approx(2 * information / entropies)


def test_nmi_with_cosine_ignores_lengths() -> None:
    directions = torch.eye(3)[[0, 0, 0, 1, 1, 1, 2, 2, 2]] + 0.01 * random_set(9, 1, 0)[0][:, :3]
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    lengths = torch.tensor([1.0, 50, 100] * 3)[:, None]
    assert nmi(directions * lengths, labels, metric="cosine") == pytest.approx(1.0)
    assert nmi(directions * lengths, labels) < 0.9


@settings(max_examples=15)
@given(st.integers(6, 30), st.integers(1, 4), st.integers(0, 1000))
def test_scores_do_not_depend_on_how_many_queries_are_looked_at_at_a_time(n: int, classes: int, seed: int) -> None:
    hits, relevant = ranked_hits(*random_set(n, classes, seed)) if n > classes + 1 else (torch.ones(1, 1) > 0, [1])
    relevant = torch.as_tensor(relevant)
    whole = [map_at_r(hits, relevant), r_precision(hits, relevant)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "_AT_A_TIME", 1)
        assert [map_at_r(hits, relevant), r_precision(hits, relevant)] == whole


def test_labels_are_names_whatever_integers_they_are(strange_labels: Tensor) -> None:
    x, y = random_set(60, 8, seed=1)
    for score in (map_at_r, r_precision):
        assert score(*ranked_hits(x, strange_labels[y])) == score(*ranked_hits(x, y))
    assert nmi(x, strange_labels[y]) == pytest.approx(nmi(x, y))


def test_an_outside_query_may_have_the_whole_gallery_to_find_while_another_is_in_it() -> None:
    gallery, three = torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([2, 2, 2])
    queries, own_rows = torch.tensor([[0.0], [0.9]]), torch.tensor([0, -1])
    hits, relevant = ranked_hits(queries, three[:2], gallery=gallery, gallery_labels=three, own_rows=own_rows)
    assert relevant.tolist() == [2, 3]
    assert map_at_r(hits, relevant) == r_precision(hits, relevant) == 1


@pytest.mark.parametrize("n", [2000, 4000])
def test_beside_the_hits_nothing_grows_with_the_number_of_queries(
    n: int, monkeypatch: pytest.MonkeyPatch, largest_tensor: Callable[..., int]
) -> None:
    monkeypatch.setattr(neighbors, "_TILE", 40_000)
    monkeypatch.setattr(scores, "_AT_A_TIME", 40_000)
    x, y = random_set(n, 2, seed=0)
    k = int(torch.bincount(y).max()) - 1
    assert largest_tensor(lambda: ranked_hits(x, y)) <= n * k  # a byte each
    hits, relevant = ranked_hits(x, y)
    assert largest_tensor(lambda: (map_at_r(hits, relevant), r_precision(hits, relevant))) <= 8 * 40_000
