"""A vector's leading dimensions as vectors of their own, and the names of their scores."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

ROUNDING = 1e-3
"""Rows are of length 1 if they are within this."""


def leading(embeddings: Tensor, length: int) -> Tensor:
    """The first ``length`` dimensions of embeddings (n, d); rows that were of length 1 get it again.

    Example::

        >>> leading(torch.tensor([[0.6, 0.0, 0.8]]), 2), leading(torch.tensor([[3.0, 4.0, 5.0]]), 2)
        (tensor([[1., 0.]]), tensor([[3., 4.]]))
    """
    cut = embeddings[:, :length]
    lengths = torch.linalg.vector_norm(embeddings, dim=1)
    if not bool(((lengths - 1).abs() < ROUNDING).all()):
        return cut
    return torch.nn.functional.normalize(cut)


def name_at(length: int, score: str) -> str:
    """What a score of the first ``length`` dimensions is called, such as ``32d_recall@1``."""
    return f"{length}d_{score}"


def scores_by_length(line: Mapping[str, float]) -> dict[int, dict[str, float]]:
    """The scores of shorter vectors among numbers by name, longest first.

    Example::

        >>> scores_by_length({"recall@1": 0.5, "16d_recall@1": 0.3, "32d_recall@1": 0.4})
        {32: {'recall@1': 0.4}, 16: {'recall@1': 0.3}}
    """
    found: dict[int, dict[str, float]] = {}
    for name, value in line.items():
        if match := re.fullmatch(r"(\d+)d_(.+)", name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return dict(sorted(found.items(), reverse=True))
