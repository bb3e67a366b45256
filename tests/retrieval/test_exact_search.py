"""Candidates and their proof: neighbors are those of the definition, to the last index, on kind and hostile rows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_neighbors import gram_keys, nearest, plain_keys
from torch import Tensor

from embedding_transfer.retrieval import compared_rows, nearest_neighbors, neighbors, search_neighbors
from embedding_transfer.retrieval.candidates import Candidates, n_candidates
from embedding_transfer.retrieval.smallest import smallest

Make = Callable[[int, int, torch.Generator], Tensor]


def normal(n: int, d: int, random: torch.Generator) -> Tensor:
    return torch.randn(n, d, generator=random)


def grid(n: int, d: int, random: torch.Generator) -> Tensor:
    return torch.randint(0, 3, (n, d), generator=random).float()


def duplicates(n: int, d: int, random: torch.Generator) -> Tensor:
    return normal(n // 3 + 1, d, random).repeat(3, 1)[:n]


def collapsed(n: int, d: int, random: torch.Generator) -> Tensor:
    return normal(1, d, random).repeat(n, 1)


def offset(n: int, d: int, random: torch.Generator) -> Tensor:
    return normal(n, d, random) + 1000


def tiny(n: int, d: int, random: torch.Generator) -> Tensor:
    return normal(n, d, random) * 1e-18


def one_far(n: int, d: int, random: torch.Generator) -> Tensor:
    rows = normal(n, d, random)
    rows[n // 2] *= 1e7
    return rows


def two_far_apart(n: int, d: int, random: torch.Generator) -> Tensor:
    rows = normal(n, d, random)
    rows[n // 2], rows[0] = 1e15, -1e15
    return rows


def lengths_of_all_sizes(n: int, d: int, random: torch.Generator) -> Tensor:
    return normal(n, d, random) * torch.exp(4 * torch.randn(n, 1, generator=random))


def clusters(width: float) -> Make:
    def make(n: int, d: int, random: torch.Generator) -> Tensor:
        centers = normal(7, d, random)
        return centers[torch.randint(0, 7, (n,), generator=random)] + width * normal(n, d, random)

    return make


def simplex(n: int, d: int, random: torch.Generator) -> Tensor:
    return torch.eye(n)  # everybody is as far from everybody


def line(n: int, d: int, random: torch.Generator) -> Tensor:
    return torch.arange(n)[:, None] * torch.full((1, d), 0.1)


KIND = {make.__name__: make for make in (normal, grid, duplicates, offset, tiny, one_far, lengths_of_all_sizes)}
HOSTILE = {
    **{make.__name__: make for make in (collapsed, two_far_apart, simplex, line)},
    **{f"clusters {width:g}": clusters(width) for width in (1e-1, 1e-3, 1e-5, 1e-7)},
}
SIZES = {"n": st.integers(120, 400), "d": st.sampled_from([1, 2, 5, 16, 130]), "k": st.integers(1, 15)}
SEEDS = st.integers(0, 2**31)


@settings(max_examples=12)
@given(**SIZES, seed=SEEDS, metric=st.sampled_from(["euclidean", "cosine"]), chunked=st.booleans())
@pytest.mark.parametrize("make", [*KIND.values(), *HOSTILE.values()], ids=[*KIND, *HOSTILE])
def test_neighbors_are_those_of_the_definition(
    make: Make, n: int, d: int, k: int, seed: int, metric: str, chunked: bool
) -> None:
    rows = make(n, d, torch.Generator().manual_seed(seed))
    with pytest.MonkeyPatch.context() as patch:
        if chunked:  # as where a gallery is too large to be held
            patch.setattr(compared_rows, "_HELD", 1)
        own_rows = torch.arange(n)
        levels, largest = plain_keys(rows, rows, metric, own_rows)
        found = search_neighbors(rows, k, metric=metric)
    assert torch.equal(found.indices, nearest(levels, k))
    squares = levels.gather(1, found.indices).double() * largest
    expected = (squares / 2 if metric == "cosine" else squares.sqrt()).float()
    assert torch.equal(found.distances, expected)


@settings(max_examples=12)
@given(**{**SIZES, "d": st.sampled_from([5, 16, 130])}, seed=SEEDS, metric=st.sampled_from(["euclidean", "cosine"]))
@pytest.mark.parametrize("make", [normal, grid, duplicates, offset, tiny])  # distances not far below the lengths
def test_neighbors_are_those_of_all_distances_in_float64(
    make: Make, n: int, d: int, k: int, seed: int, metric: str
) -> None:
    rows = make(n, d, torch.Generator().manual_seed(seed))
    queries, own_rows = rows[n // 3 :], torch.arange(n // 3, n)
    own_rows[::3] = -1
    levels, _ = gram_keys(queries, rows, metric, own_rows)
    found = nearest_neighbors(queries, k, gallery=rows, metric=metric, own_rows=own_rows)
    assert torch.equal(found, nearest(levels, k))


@pytest.mark.parametrize("make", [*KIND.values(), *HOSTILE.values()], ids=[*KIND, *HOSTILE])
@pytest.mark.parametrize("k", [1, 9, 90])
def test_tiles_chunks_and_the_exact_way_alone_agree(make: Make, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(700, 6, torch.Generator().manual_seed(k))
    whole = search_neighbors(rows, k)
    with monkeypatch.context() as patch:
        patch.setattr(Candidates, "pay", staticmethod(lambda n_items, k: False))
        exactly = search_neighbors(rows, k)
    monkeypatch.setattr(neighbors, "_TILE", 3000)
    monkeypatch.setattr(compared_rows, "_ROWS", 230)
    in_parts = search_neighbors(rows, k)
    for other in (exactly, in_parts):
        assert torch.equal(other.indices, whole.indices)
        assert torch.equal(other.distances, whole.distances)


def test_a_mapped_gallery_has_the_same_neighbors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gallery = clusters(1e-3)(900, 8, torch.Generator().manual_seed(2))
    np.save(tmp_path / "gallery.npy", gallery.numpy())
    queries = gallery[::7] + 0.25
    whole = search_neighbors(queries, 5, gallery=gallery)
    monkeypatch.setattr(compared_rows, "_HELD", 1)
    monkeypatch.setattr(compared_rows, "_CHUNK", 8 * 200)
    mapped = search_neighbors(queries, 5, gallery=np.load(tmp_path / "gallery.npy", mmap_mode="r"))
    assert torch.equal(mapped.indices, whole.indices)
    assert torch.allclose(mapped.distances, whole.distances, rtol=1e-6)  # another order of sums in the mean


def all_scores(candidates: Candidates, n_items: int) -> Tensor:
    """What the queries asked last scored, (t, n_items): lines of items stand one behind the other."""
    return candidates._scores.transpose(0, 1).flatten(1)[:, :n_items].double()


@pytest.mark.parametrize("make", [*KIND.values(), *HOSTILE.values()], ids=[*KIND, *HOSTILE])
@pytest.mark.parametrize("d", [1, 7, 300])
def test_no_item_is_proven_to_be_farther_than_it_is(make: Make, d: int) -> None:
    rows = make(200, d, torch.Generator().manual_seed(d)).double()
    rows -= rows.mean(dim=0)
    norms = rows.square().sum(dim=1)
    candidates = Candidates(rows, 1, norms.max().sqrt().item())
    found = candidates.of(rows)
    squares = torch.stack([(rows - row).square().sum(dim=1) for row in rows])  # (n, n)
    scores = all_scores(candidates, 200)  # (n, n)
    for item in range(len(rows)):
        others = scores[:, item]  # (n,) of all queries
        assert not candidates.are_all(found._replace(others=others), squares[:, item]).any()


@pytest.mark.parametrize("make", [normal, one_far, offset, duplicates, clusters(0.1)])
def test_usual_embeddings_are_proven_and_not_searched_twice(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make(3000, 32, torch.Generator().manual_seed(0))
    twice: list[int] = []
    exactly = neighbors._Search._nearer_exactly

    def count(self: neighbors._Search, nearest: Tensor, *others: object) -> Tensor:
        twice.append(len(nearest))
        return exactly(self, nearest, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(neighbors._Search, "_nearer_exactly", count)
    nearest_neighbors(rows, 8)
    assert sum(twice) <= 30  # the far one, and where the eighth is as near as others by chance


def test_where_nothing_can_be_proven_it_is_not_tried_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    of = Candidates.of
    monkeypatch.setattr(Candidates, "of", lambda self, rows: tried.append(len(rows)) or of(self, rows))
    monkeypatch.setattr(neighbors, "_TILE", 20_000)
    nearest_neighbors(collapsed(2000, 4, torch.Generator().manual_seed(0)), 5)
    assert len(tried) == 1


def test_autocast_does_not_round_the_candidates() -> None:
    rows = normal(2000, 16, torch.Generator().manual_seed(0))
    expected = search_neighbors(rows, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = search_neighbors(rows, 5)
    assert torch.equal(found.indices, expected.indices)
    assert torch.equal(found.distances, expected.distances)


@settings(max_examples=60)
@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 50), SEEDS)
def test_smallest_numbers_and_where_they_are(length: int, k: int, n_values: int, seed: int) -> None:
    k = min(k, length)
    table = torch.randint(0, n_values, (3, length), generator=torch.Generator().manual_seed(seed))
    values, columns = smallest(table, k)
    assert torch.equal(values, table.sort(dim=1).values[:, :k])
    assert torch.equal(table.gather(1, columns), values)
    assert all(len(set(row)) == k for row in columns.tolist())


def test_candidates_are_the_best_and_all_others_score_no_less() -> None:
    rows = normal(500, 9, torch.Generator().manual_seed(1)).double()
    candidates = Candidates(rows, 4, rows.norm(dim=1).max().item())
    found = candidates.of(rows[:50])
    scores = all_scores(candidates, 500)
    assert torch.equal(scores.gather(1, found.columns), scores.sort(dim=1).values[:, : n_candidates(4)])
    assert torch.equal(found.others, scores.sort(dim=1).values[:, n_candidates(4)])
