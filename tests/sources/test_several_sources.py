"""Several sources as one: distances and cosines are the weighted means of theirs."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.networks import Embedded
from embedding_transfer.sources import SeveralSources, Source


class Fixed(Source):
    """Gives the rows that it was given, whatever it sees."""

    def __init__(self, rows: Tensor, image_size: int | None = None) -> None:
        super().__init__()
        self.rows, self.name, self.dim, self.image_size = rows, f"fixed-{rows.shape[1]}", rows.shape[1], image_size

    def forward(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        return Embedded([], self.rows[index], self.rows[index])

    def embed(self, images: ImageSet, **_: Any) -> Tensor:
        return self.rows


@given(seed=st.integers(0, 1000), weights=st.lists(st.floats(0.1, 9), min_size=2, max_size=4))
def test_squares_and_cosines_are_weighted_means(seed: int, weights: list[float]) -> None:
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(6, 2 + k, generator=generator, dtype=torch.float64) for k in range(len(weights))]
    source = SeveralSources([Fixed(part) for part in parts], weights)
    index = torch.arange(6)
    rows = source(torch.zeros(6, 3, 1, 1), index, 1).embedding
    shares = torch.tensor(weights, dtype=torch.float64) / sum(weights)
    units = [F.normalize(part) for part in parts]
    cosines = sum(share * (unit @ unit.T) for share, unit in zip(shares, units, strict=True))
    squares = sum(share * torch.cdist(unit, unit) ** 2 for share, unit in zip(shares, units, strict=True))
    torch.testing.assert_close(rows @ rows.T, cosines)
    torch.testing.assert_close(torch.cdist(rows, rows) ** 2, squares, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(6, dtype=torch.float64))
    assert rows.shape[1] == source.dim
    assert torch.equal(source.embed(None), rows)  # type: ignore[arg-type]


def test_the_largest_eye_decides_the_size_and_one_that_looks_at_nothing_does_not() -> None:
    rows = torch.eye(3)
    assert SeveralSources([Fixed(rows, 16), Fixed(rows, 32), Fixed(rows)], [1, 1, 1]).image_size == 32
    assert SeveralSources([Fixed(rows), Fixed(rows)], [1, 1]).image_size is None
    assert SeveralSources([Fixed(rows), Fixed(rows)], [1, 1]).map_channels == ()


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -2.0], [1.0, 1.0, 1.0]])
def test_weights_that_mean_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(UsageError, match="2 sources need as many positive weights"):
        SeveralSources([Fixed(torch.eye(3)), Fixed(torch.eye(3))], weights)
