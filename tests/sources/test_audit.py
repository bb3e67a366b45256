"""The audit of a source: closed forms, invariances, and what is wrong said."""

import math

import pytest
import torch
from torch.nn import functional as F

from embedding_transfer.errors import InputError
from embedding_transfer.relations import relaxed_labels
from embedding_transfer.sources.audit import audit

ROWS = torch.randn(40, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 2


def test_orthogonal_rows_suit_the_papers_sigma() -> None:
    found = audit(torch.eye(10))
    assert found.suggested_sigma == 1.0
    assert found.squares == pytest.approx([2.0] * 5)
    assert found.effective_dim == pytest.approx(9)  # around their mean they span nine dimensions evenly
    assert next(at for at in found.labels if at.sigma == 1.0).mean == pytest.approx(math.exp(-2))
    assert not found.warnings


def test_labels_are_the_relaxed_labels_of_the_losses() -> None:
    for at in audit(ROWS, batch=11).labels:
        labels = relaxed_labels(ROWS, at.sigma)
        others = labels[~torch.eye(40, dtype=torch.bool)]
        assert at.mean == pytest.approx(others.mean().item())
        assert at.low == pytest.approx((others < 0.05).double().mean().item())
        assert at.high == pytest.approx((others > 0.95).double().mean().item())
        assert at.positives == pytest.approx(10 * others.mean().item())


def test_the_suggestion_gives_the_median_pair_the_label_of_unrelated_ones() -> None:
    squares = torch.cdist(F.normalize(ROWS), F.normalize(ROWS))[tuple(torch.triu_indices(40, 40, 1))] ** 2
    assert audit(ROWS).suggested_sigma == pytest.approx(squares.median().item() / 2, rel=0.06)  # two digits


def test_lengths_and_rotations_do_not_matter_but_norms_are_told() -> None:
    rotation = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64))[0]
    a, b = audit(ROWS), audit(3 * ROWS @ rotation)
    assert a.squares == pytest.approx(b.squares)
    assert a.effective_dim == pytest.approx(b.effective_dim)
    assert b.norms == pytest.approx([3 * norm for norm in a.norms])


def test_what_is_wrong_is_said() -> None:
    same = torch.ones(10, 4)
    assert "the source is constant" in audit(same).warnings[0]
    assert "the source is constant" in audit(torch.zeros(10, 4)).warnings[0]
    narrow = same + 1e-3 * torch.randn(10, 4)
    assert any("collapsed" in warning for warning in audit(narrow).warnings)
    assert any("nearly all relaxed labels are near 1" in warning for warning in audit(narrow).warnings)
    line = torch.outer(torch.linspace(-1, 1, 20), torch.tensor([1.0, 0, 0])) + torch.tensor([0, 1.0, 0])
    assert any("along a line" in warning for warning in audit(line).warnings)


def test_vectors_that_are_none_are_refused() -> None:
    broken = ROWS.clone()
    broken[7, 2] = math.nan
    with pytest.raises(InputError, match="vector 7 of the source is not finite"):
        audit(broken)
    with pytest.raises(InputError, match="at least 3 vectors"):
        audit(ROWS[:2])
