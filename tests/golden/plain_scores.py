"""Scores of a ranking read off their definitions, query by query, and sets of embeddings to try them on."""

import numpy as np
import torch
from torch import Tensor


def random_set(n: int, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 4, generator=rng), torch.randint(classes, (n,), generator=rng)


def plain_scores(
    queries: Tensor, labels: Tensor, gallery: Tensor, gallery_labels: Tensor, own: list[int]
) -> list[float]:
    """MAP@R and R-precision read off the definitions, query by query."""
    maps, precisions = [], []
    for i, query in enumerate(queries):
        others = [j for j in range(len(gallery)) if j != own[i]]
        ranking = sorted(others, key=lambda j: (query - gallery[j]).double().norm().item())
        right = [int(gallery_labels[j] == labels[i]) for j in ranking]
        r = sum(right)
        if r:
            precisions.append(sum(right[:r]) / r)
            maps.append(sum(right[j] * sum(right[: j + 1]) / (j + 1) for j in range(r)) / r)
    return [float(np.mean(maps)), float(np.mean(precisions))]
