"""Nearest neighbors against brute force, ties and lengths included."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import nearest_neighbors, neighbors
from golden import arrays


def plain_embeddings() -> torch.Tensor:
    return torch.from_numpy(arrays("recall")["plain/X"])


def test_a_large_common_offset_changes_nothing() -> None:
    embeddings = plain_embeddings()
    shifted = embeddings + 1000  # the Gram form in float32 alone would lose most digits here
    assert torch.equal(nearest_neighbors(shifted, 8), brute_force(shifted, 8))


@pytest.mark.parametrize("length", [1e-20, 1e3, 1e6])
def test_one_embedding_of_another_length_disturbs_no_other(length: float) -> None:
    embeddings = plain_embeddings()
    embeddings[0] *= length
    assert torch.equal(nearest_neighbors(embeddings, 8), brute_force(embeddings, 8))
    assert torch.equal(nearest_neighbors(embeddings * 1e-15, 8), brute_force(embeddings, 8))


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


def test_own_rows_of_a_gallery_are_left_out() -> None:
    gallery = torch.tensor([[0.0], [1.0], [5.0]])
    assert nearest_neighbors(gallery[:2], 1, gallery=gallery, own_rows=torch.tensor([0, -1])).tolist() == [[1], [1]]


def test_queries_outside_the_gallery_may_find_all_of_it() -> None:
    gallery, outside = torch.tensor([[0.0], [1.0]]), torch.tensor([-1])
    assert nearest_neighbors(torch.tensor([[0.9]]), 2, gallery=gallery, own_rows=outside).tolist() == [[1, 0]]
    with pytest.raises(InputError, match="2 nearest neighbors among 1"):
        nearest_neighbors(gallery[:1], 2, gallery=gallery, own_rows=torch.tensor([0]))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_gallery_of_the_queries_is_searched_as_the_queries_among_themselves(metric: str) -> None:
    embeddings = plain_embeddings()
    among_themselves = nearest_neighbors(embeddings, 5, metric=metric)
    own_rows = torch.arange(len(embeddings))
    as_gallery = nearest_neighbors(embeddings, 5, gallery=embeddings.clone(), own_rows=own_rows, metric=metric)
    assert torch.equal(among_themselves, as_gallery)


def test_the_distances_of_all_pairs_are_never_held_at_once(
    monkeypatch: pytest.MonkeyPatch, largest_tensor: Callable[..., int]
) -> None:
    monkeypatch.setattr(neighbors, "_TILE", 20_000)
    rows = torch.randn(1000, 2)
    assert largest_tensor(lambda: nearest_neighbors(rows, 3)) <= 8 * 20_000


def test_bad_input_is_named() -> None:
    embeddings = torch.randn(4, 2)
    with pytest.raises(InputError, match=r"query embedding 2 is not finite"):
        nearest_neighbors(embeddings.index_fill(0, torch.tensor([2]), torch.nan), 1)
    with pytest.raises(InputError, match=r"gallery embedding 1 is not finite"):
        nearest_neighbors(embeddings, 1, gallery=embeddings.index_fill(0, torch.tensor([1]), torch.inf))
    with pytest.raises(InputError, match=r"queries \(4, 2\), gallery \(4, 1\)"):
        nearest_neighbors(embeddings, 1, gallery=embeddings[:, :1])
    with pytest.raises(InputError, match="query embeddings are a ndarray: give torch tensors"):
        nearest_neighbors(embeddings.numpy(), 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no metric 'dot'; there are euclidean, cosine"):
        nearest_neighbors(embeddings, 1, metric="dot")
