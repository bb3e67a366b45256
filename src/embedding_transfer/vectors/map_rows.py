"""Rows in and out of a map, some at a time: arrays may be mapped from files that are larger than the memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from embedding_transfer.errors import UsageError
from embedding_transfer.vectors.short_map import ShortMap

_PART = 1 << 22  # numbers of a part


def row_parts(count: int, dim: int, start: int = 0) -> Iterator[slice]:
    """Where each part of vectors (count, dim) is, from a row on."""
    size = max(1, _PART // dim)
    for begin in range(start, count, size):
        yield slice(begin, min(begin + size, count))


def drawn_rows(count: int, at_most: int, seed: int) -> np.ndarray:
    """Numbers of rows to learn from, in ascending order: all of them, or ``at_most`` drawn without replacement."""
    if count <= at_most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, at_most, replace=False))


def map_rows(short: ShortMap, rows: np.ndarray, device: torch.device) -> np.ndarray:
    """What the map makes of vectors (n, d): (n, k), computed in float64 for float64, else in float32."""
    wide = torch.float64 if rows.dtype == np.float64 else torch.float32
    short = short.to(device, wide)
    mapped = np.empty((len(rows), short.linear.out_features), rows.dtype)
    with torch.inference_mode():
        for some in row_parts(*rows.shape):
            given = torch.from_numpy(np.array(rows[some])).to(device, wide)  # (c, d)
            mapped[some] = short(given).cpu().numpy()
    short.to("cpu", torch.float32)
    return mapped


def device_named(name: str) -> torch.device:
    """The device that ``auto`` or another name means.

    Raises:
        UsageError: If there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"no device {name} here: take cpu, or auto") from error
