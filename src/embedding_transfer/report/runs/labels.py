"""The spread of relaxed labels: how alike the source finds two test pictures, by the width that a run learned with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from embedding_transfer.relations import relaxed_labels

BARS, SAMPLE = 20, 1500


def sigma_of(loss: Any) -> float | None:
    """The width of the kernel in a loss, or in one that is inside it; ``None`` if it has none.

    Example::

        >>> sigma_of({"class_path": "Matryoshka", "init_args": {"loss": {"init_args": {"sigma": 0.5}}}})
        0.5
    """
    if isinstance(loss, (list, tuple)):
        return next((found for part in loss if (found := sigma_of(part)) is not None), None)
    if not isinstance(loss, Mapping):
        return None
    arguments = loss.get("init_args") or {}
    own = arguments.get("sigma")
    if isinstance(own, (int, float)):
        return float(own)
    return sigma_of(list(arguments.values()))


def spread_of_labels(source: Tensor, sigma: float) -> list[float]:
    """The shares of pairs of different pictures whose label is in each twentieth of 0 to 1.

    Args:
        source: (n, d) of the source; some rows, evenly spread, are looked at.
        sigma: Width of the kernel.
    """
    some = source[torch.linspace(0, len(source) - 1, min(len(source), SAMPLE)).long()]
    labels = relaxed_labels(some, sigma)
    pairs = labels[tuple(torch.triu_indices(len(some), len(some), offset=1))]
    counts = torch.histc(pairs.double(), BARS, 0, 1)
    return (counts / counts.sum().clamp(min=1)).tolist()
