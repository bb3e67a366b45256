"""Who searches in what: right neighbors and how many there are, against a count by hand; and numbers for labels."""

import pytest
import torch

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import nearest_neighbors, neighbors
from embedding_transfer.retrieval.class_numbers import class_numbers
from embedding_transfer.retrieval.search import Search

ROWS = torch.randn(30, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(30) % 4


def test_relevant_items_are_those_of_the_class_without_the_query_itself() -> None:
    assert Search(ROWS, LABELS).relevant.tolist() == [int((label == LABELS).sum()) - 1 for label in LABELS]
    inside_outside_unknown = Search(ROWS[:3], torch.tensor([0, 0, 9]), ROWS[5:], LABELS[5:], torch.tensor([3, -1, -1]))
    assert inside_outside_unknown.relevant.tolist() == [6 - 1, 6, 0]


@pytest.mark.parametrize("tile", [1, 100, 1 << 20])
def test_tiles_together_are_the_hits_among_all_neighbors(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "_TILE", tile)
    hits = torch.cat(list(Search(ROWS, LABELS).hit_tiles(11)))
    assert torch.equal(hits, LABELS[nearest_neighbors(ROWS, 11)] == LABELS[:, None])


def test_too_many_neighbors_are_refused_before_anything_is_computed() -> None:
    search = Search(ROWS[:2], LABELS[:2], ROWS, LABELS, torch.tensor([0, -1]))
    assert search.available == 29
    with pytest.raises(InputError, match="30 nearest neighbors among 29"):
        search.check_k(30)
    with pytest.raises(InputError, match="30 nearest neighbors among 29"):
        next(search.hit_tiles(30))


def test_numbers_are_the_same_for_the_same_label_alone(strange_labels: torch.Tensor) -> None:
    gallery = strange_labels.flip(0)[:5]
    numbers, found = class_numbers(strange_labels, gallery)
    assert sorted(numbers.tolist()) == list(range(8))
    expected = strange_labels[:, None] == gallery
    assert torch.equal(numbers[:, None] == found, expected)


def test_labels_of_queries_and_gallery_may_be_of_different_types() -> None:
    numbers, found = class_numbers(torch.tensor([255, 1], dtype=torch.uint8), torch.tensor([1, -1, 255]))
    assert (numbers[:, None] == found).tolist() == [[False, False, True], [True, False, False]]


@pytest.mark.parametrize("wrong", [torch.tensor([0.5, 1.0]), torch.zeros(2, 1, dtype=torch.int64)])
def test_labels_that_are_no_row_of_integers_are_refused(wrong: torch.Tensor) -> None:
    with pytest.raises(InputError, match=r"labels must be \(n,\) integers"):
        class_numbers(wrong)
