"""Nearest neighbors against brute force, ties and lengths included."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import compared_rows, nearest_neighbors, neighbors, search_neighbors
from golden import arrays


def plain_embeddings() -> torch.Tensor:
    return torch.from_numpy(arrays("recall")["plain/X"].copy())


def test_a_large_common_offset_changes_nothing() -> None:
    embeddings = plain_embeddings()
    shifted = embeddings + 1000  # the Gram form in float32 alone would lose most digits here
    assert torch.equal(nearest_neighbors(shifted, 8), brute_force(shifted, 8))


@pytest.mark.parametrize("length", [1e-20, 1e3, 1e6])
def test_one_embedding_of_another_length_disturbs_no_other(length: float) -> None:
    embeddings = plain_embeddings()
    embeddings[0] *= length  # all others are equally far from it in float32 where it is very long
    expected = brute_force(embeddings, 8)[1:]
    assert torch.equal(nearest_neighbors(embeddings, 8)[1:], expected)
    assert torch.equal(nearest_neighbors(embeddings * 1e-15, 8)[1:], expected)


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


@pytest.mark.parametrize("with_ties", [False, True])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_gallery_in_chunks_is_searched_as_a_whole_one(
    metric: str, with_ties: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(3)
    gallery = torch.randn(100, 6, generator=generator).repeat(3 if with_ties else 1, 1)
    queries, own_rows = gallery[40:80] if with_ties else torch.randn(40, 6, generator=generator), torch.arange(40) - 7
    k = 60  # more than a chunk
    whole = search_neighbors(queries, k, gallery=gallery, metric=metric, own_rows=own_rows)
    among_themselves = nearest_neighbors(gallery, k, metric=metric)
    monkeypatch.setattr(compared_rows, "_HELD", 1)
    monkeypatch.setattr(compared_rows, "_CHUNK", 6 * 17)
    found = search_neighbors(queries, k, gallery=gallery.numpy(), metric=metric, own_rows=own_rows)
    assert torch.equal(found.indices, whole.indices)
    assert torch.allclose(found.distances, whole.distances, rtol=1e-6)
    assert torch.equal(nearest_neighbors(gallery, k, metric=metric), among_themselves)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_distances_are_those_of_the_neighbors(metric: str) -> None:
    embeddings = plain_embeddings()
    found = search_neighbors(embeddings[:20], 9, gallery=embeddings, metric=metric)
    assert torch.equal(found.indices, nearest_neighbors(embeddings[:20], 9, gallery=embeddings, metric=metric))
    nearest = embeddings[found.indices].double()  # (20, 9, d)
    queries = embeddings[:20, None].double()
    if metric == "cosine":
        expected = 1 - torch.nn.functional.cosine_similarity(queries, nearest, dim=2)
    else:
        expected = (queries - nearest).norm(dim=2)
    assert torch.allclose(found.distances.double(), expected, rtol=1e-6, atol=1e-7)
    assert (found.distances.diff(dim=1) >= 0).all()


def test_an_item_like_the_query_is_at_distance_0() -> None:
    embeddings = plain_embeddings() + 1000
    assert (search_neighbors(embeddings[5:9], 1, gallery=embeddings).distances == 0).all()


def test_a_file_is_searched_without_reading_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest_tensor: Callable[..., int]
) -> None:
    np.save(tmp_path / "gallery.npy", np.random.default_rng(0).normal(size=(5000, 4)).astype(np.float16))
    gallery = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    monkeypatch.setattr(compared_rows, "_HELD", 1)
    monkeypatch.setattr(compared_rows, "_CHUNK", 4 * 50)
    monkeypatch.setattr(neighbors, "_TILE", 1000)
    assert largest_tensor(lambda: search_neighbors(torch.zeros(30, 4), 3, gallery=gallery)) <= 8 * 5000  # their norms


def test_bad_input_is_named() -> None:
    embeddings = torch.randn(4, 2)
    with pytest.raises(InputError, match=r"query embedding 2 is not finite"):
        nearest_neighbors(embeddings.index_fill(0, torch.tensor([2]), torch.nan), 1)
    with pytest.raises(InputError, match=r"gallery embedding 1 is not finite"):
        nearest_neighbors(embeddings, 1, gallery=embeddings.index_fill(0, torch.tensor([1]), torch.inf))
    with pytest.raises(InputError, match=r"queries \(4, 2\), gallery \(4, 1\)"):
        nearest_neighbors(embeddings, 1, gallery=embeddings[:, :1])
    with pytest.raises(InputError, match="query embeddings are a list: give a torch tensor or a NumPy array"):
        nearest_neighbors(embeddings.tolist(), 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="gallery embeddings are an array of object: give numbers"):
        nearest_neighbors(embeddings, 1, gallery=embeddings.numpy().astype(object))
    with pytest.raises(InputError, match="no metric 'dot'; there are euclidean, cosine"):
        nearest_neighbors(embeddings, 1, metric="dot")
