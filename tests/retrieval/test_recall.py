"""Recall@K against the golden numbers, scikit-learn and a count by hand."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import recall_at_k
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


def test_a_class_of_one_is_a_query_that_is_never_hit() -> None:
    embeddings, labels, _ = case("plain")
    alone = labels.clone()
    alone[:10] = 1000 + torch.arange(10)
    assert recall_at_k(embeddings[:10], alone[:10], (1, 9)) == {1: 0.0, 9: 0.0}
    assert recall_at_k(embeddings, alone, (400,))[400] == pytest.approx(490 / 500)


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


def test_labels_are_names_whatever_integers_they_are(strange_labels: torch.Tensor) -> None:
    embeddings, labels, _ = case("plain")
    numbers = labels.unique(return_inverse=True)[1] % 8
    assert recall_at_k(embeddings, strange_labels[numbers]) == recall_at_k(embeddings, numbers)


def test_ks_come_back_in_the_order_they_were_asked_for() -> None:
    embeddings, labels, _ = case("plain")
    assert list(recall_at_k(embeddings, labels, (8, 1, 2))) == [8, 1, 2]


def test_bad_input_is_named() -> None:
    embeddings, labels = torch.randn(4, 2), torch.tensor([0, 0, 1, 1])
    with pytest.raises(InputError, match=r"4 nearest neighbors among 3"):
        recall_at_k(embeddings, labels, (4,))
    with pytest.raises(InputError, match=r"0 nearest neighbors among 3"):
        recall_at_k(embeddings, labels, ())
    with pytest.raises(InputError, match=r"\(3,\) for \(4, 2\)"):
        recall_at_k(embeddings, labels[:3], (1,))
    with pytest.raises(InputError, match="gallery_labels"):
        recall_at_k(embeddings, labels, (1,), gallery=embeddings)
    with pytest.raises(InputError, match=r"\(2,\) for \(4, 2\)"):
        recall_at_k(embeddings, labels, (1,), gallery=embeddings, gallery_labels=labels[:2])
    with pytest.raises(InputError, match=r"labels must be \(n,\) integers; got \(4,\) torch.float32"):
        recall_at_k(embeddings, labels.float(), (1,))
