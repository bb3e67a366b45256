"""Batches that hold near neighbors, against brute force."""

from itertools import islice

import torch
from scipy.spatial.distance import cdist

from embedding_transfer.vectors.neighbor_batches import NEAREST, NeighborBatches


def batches(near_share: float, n: int = 400, size: int = 64) -> tuple[torch.Tensor, list[torch.Tensor]]:
    random = torch.Generator().manual_seed(0)
    rows = torch.randn(n, 6, generator=random)
    return rows, list(islice(NeighborBatches(rows, size, near_share, random), 150))


def test_no_row_comes_twice_and_no_batch_is_too_large() -> None:
    for batch in batches(0.5)[1]:
        assert batch.unique().numel() == batch.numel() <= 64


def test_near_batches_are_anchors_with_all_their_neighbors() -> None:
    rows, drawn = batches(1.0)
    distances = torch.from_numpy(cdist(rows.numpy(), rows.numpy(), "cosine"))
    groups = [set(order[: NEAREST + 1].tolist()) for order in distances.argsort(dim=1)]
    for batch in drawn:
        there = set(batch.tolist())
        assert sum(group <= there for group in groups) >= 2


def test_random_batches_reach_every_row() -> None:
    assert torch.cat(batches(0.0)[1]).unique().numel() == 400


def test_few_rows_are_one_batch() -> None:
    rows, drawn = batches(0.5, n=40)
    assert all(torch.equal(batch, torch.arange(len(rows))) for batch in drawn)
