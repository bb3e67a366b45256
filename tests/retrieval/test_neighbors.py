"""Recall@K against the golden numbers, brute force and scikit-learn."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import nearest_neighbors, neighbors, recall_at_k
from golden import arrays


def case(name: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, np.ndarray]]:
    found = {key.split("/", 1)[1]: value for key, value in arrays("recall").items() if key.startswith(f"{name}/")}
    return torch.from_numpy(found["X"]), torch.from_numpy(found["labels"]).long(), found


@pytest.mark.parametrize("ks", ["a", "b"])
@pytest.mark.parametrize("name", ["plain", "dup_same_class", "dup_cross_class", "all_equal"])
def test_equals_the_golden_exact_recall(name: str, ks: str) -> None:
    embeddings, labels, golden = case(name)
    recall = recall_at_k(embeddings, labels, golden[f"k_{ks}"].tolist())
    assert list(recall.values()) == pytest.approx(golden[f"exact_{ks}"], abs=1e-12)


def test_a_large_common_offset_changes_nothing() -> None:
    embeddings, _, _ = case("plain")
    shifted = embeddings + 1000  # the Gram form in float32 alone would lose most digits here
    assert torch.equal(nearest_neighbors(shifted, 8), brute_force(shifted, 8))


@pytest.mark.parametrize("length", [1e-20, 1e3, 1e6])
def test_one_embedding_of_another_length_disturbs_no_other(length: float) -> None:
    embeddings, _, _ = case("plain")
    embeddings[0] *= length
    assert torch.equal(nearest_neighbors(embeddings, 8), brute_force(embeddings, 8))
    assert torch.equal(nearest_neighbors(embeddings * 1e-15, 8), brute_force(embeddings, 8))


def test_a_class_of_one_is_a_query_that_is_never_hit() -> None:
    embeddings, labels, _ = case("plain")
    alone = labels.clone()
    alone[:10] = 1000 + torch.arange(10)
    assert recall_at_k(embeddings[:10], alone[:10], (1, 9)) == {1: 0.0, 9: 0.0}
    assert recall_at_k(embeddings, alone, (400,))[400] == pytest.approx(490 / 500)


def brute_force(embeddings: torch.Tensor, k: int) -> torch.Tensor:
    squared = (embeddings[:, None].double() - embeddings[None].double()).square().sum(dim=2)
    squared.fill_diagonal_(torch.inf)
    return squared.argsort(dim=1, stable=True)[:, :k]


@settings(max_examples=40)
@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 2**31), st.booleans())
def test_neighbors_equal_brute_force(n: int, d: int, seed: int, with_ties: bool) -> None:
    torch.manual_seed(seed)
    embeddings = torch.randint(0, 3, (n, d)).float() if with_ties else torch.randn(n, d)
    k = 1 + seed % (n - 1)
    assert torch.equal(nearest_neighbors(embeddings, k), brute_force(embeddings, k))


def test_result_depends_neither_on_tiles_nor_on_k(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings = torch.randn(120, 7, generator=torch.Generator().manual_seed(0)).repeat(3, 1)  # every distance is a tie
    whole = nearest_neighbors(embeddings, 300)
    monkeypatch.setattr(neighbors, "_TILE", 1)
    assert torch.equal(nearest_neighbors(embeddings, 300), whole)
    assert torch.equal(nearest_neighbors(embeddings, 5), whole[:, :5])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_recall_at_1_equals_scikit_learn(metric: str) -> None:
    torch.manual_seed(0)
    labels = torch.arange(60) % 6
    embeddings = torch.randn(60, 5) + 0.8 * torch.randn(6, 5)[labels]
    found = NearestNeighbors(n_neighbors=2, metric=metric).fit(embeddings).kneighbors(return_distance=False)[:, 0]
    assert recall_at_k(embeddings, labels, (1,), metric=metric)[1] == pytest.approx(
        (labels[found] == labels).float().mean().item()
    )


def test_query_and_gallery() -> None:
    gallery, gallery_labels = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0, 1, 2])
    recall = recall_at_k(
        torch.tensor([[0.9], [1.6]]), torch.tensor([1, 1]), (1, 2), gallery=gallery, gallery_labels=gallery_labels
    )
    assert recall == {1: 0.5, 2: 1.0}


def test_own_rows_of_a_gallery_are_left_out() -> None:
    gallery = torch.tensor([[0.0], [1.0], [5.0]])
    assert nearest_neighbors(gallery[:2], 1, gallery=gallery, own_rows=torch.tensor([0, -1])).tolist() == [[1], [1]]


def test_queries_outside_the_gallery_may_find_all_of_it() -> None:
    gallery, outside = torch.tensor([[0.0], [1.0]]), torch.tensor([-1])
    assert nearest_neighbors(torch.tensor([[0.9]]), 2, gallery=gallery, own_rows=outside).tolist() == [[1, 0]]
    with pytest.raises(InputError, match="2 nearest neighbors among 1"):
        nearest_neighbors(gallery[:1], 2, gallery=gallery, own_rows=torch.tensor([0]))


def test_bad_input_is_named() -> None:
    embeddings, labels = torch.randn(4, 2), torch.tensor([0, 0, 1, 1])
    with pytest.raises(InputError, match=r"4 nearest neighbors among 3"):
        recall_at_k(embeddings, labels, (4,))
    with pytest.raises(InputError, match=r"query embedding 2 is not finite"):
        recall_at_k(embeddings.index_fill(0, torch.tensor([2]), torch.nan), labels, (1,))
    with pytest.raises(InputError, match=r"\(3,\) for \(4, 2\)"):
        recall_at_k(embeddings, labels[:3], (1,))
    with pytest.raises(InputError, match="gallery_labels"):
        recall_at_k(embeddings, labels, (1,), gallery=embeddings)
