"""Embeddings as they are compared: float64, centered or of length 1, a chunk at a time; files may stay on disk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.errors import InputError

Rows = Tensor | np.ndarray
"""Embeddings (n, d): a tensor, or an array, which may be mapped from a file."""

_CHUNK = 1 << 21  # numbers of a chunk: 16 MiB in float64
_HELD = 1 << 25  # numbers that are held at once in float64: 256 MiB
_ROWS = 1 << 16  # rows of a chunk of those: more, and few queries could be compared with all of them at a time


class ComparedRows:
    """Rows (n, d) that are made ready for comparison when they are asked for; few of them are held.

    Args:
        rows: The embeddings.
        device: Where they are compared.
        name: What messages call them: ``query`` or ``gallery``.

    Attributes:
        size: How many rows a chunk has.
        is_held: Whether all of them are held when one was asked for.

    Raises:
        InputError: If one of them is not finite; the message has its number.
    """

    def __init__(self, rows: Rows, device: torch.device, name: str) -> None:
        self.rows, self.device = rows, device
        self.center: Tensor | None = None
        self.has_unit_rows = False
        self.is_held = rows.shape[0] * rows.shape[1] <= _HELD
        self.size = min(len(rows), _ROWS) if self.is_held else max(1, _CHUNK // rows.shape[1])
        self._held: Tensor | None = None
        for some, chunk in self._chunks():
            if not chunk.isfinite().all():
                first = some.start + int((~chunk.isfinite().all(dim=1)).nonzero()[0])
                raise InputError(
                    f"{name} embedding {first} is not finite: retrieval among NaN or infinity means nothing"
                )

    def mean(self) -> Tensor:
        """The mean (d,) of all rows as they were given."""
        sums = [chunk.to(self.device).double().sum(dim=0) for _, chunk in self._chunks()]
        return torch.stack(sums).sum(dim=0) / len(self.rows)

    def compare_from(self, center: Tensor | None) -> None:
        """Compare differences from a center (d,); ``None``: compare rows divided by their lengths."""
        self.center, self.has_unit_rows, self._held = center, center is None, None

    def chunks(self) -> Iterator[tuple[slice, Tensor]]:
        """Where each chunk is, and its rows ready for comparison."""
        for start in range(0, len(self.rows), self.size):
            some = slice(start, min(start + self.size, len(self.rows)))
            yield some, self[some]

    def __getitem__(self, some: slice) -> Tensor:
        if not self.is_held:
            return self._ready(some)
        if self._held is None:
            self._held = self._ready(slice(None))
        return self._held[some]

    def squared_norms(self) -> Tensor:
        """(n,) float64."""
        norms = torch.empty(len(self.rows), dtype=torch.float64, device=self.device)  # pieces would scatter the heap
        step = max(1, _CHUNK // self.rows.shape[1])
        for place, chunk in self.chunks():
            for some, part in zip(norms[place].split(step), chunk.split(step), strict=True):
                torch.sum(part.square(), dim=1, out=some)
        return norms

    def _chunks(self) -> Iterator[tuple[slice, Tensor]]:
        step = max(1, _CHUNK // self.rows.shape[1])
        for start in range(0, len(self.rows), step):
            some = slice(start, start + step)
            yield some, self._as_given(some)

    def _as_given(self, some: slice) -> Tensor:
        rows = self.rows[some]
        return rows.detach() if isinstance(rows, Tensor) else torch.from_numpy(np.array(rows, dtype=np.float64))

    def _ready(self, some: slice) -> Tensor:
        rows = self._as_given(some).to(self.device)
        if self.has_unit_rows:
            return F.normalize(rows.double())
        if rows.dtype == torch.float64:  # perhaps the caller's own
            return rows if self.center is None else rows - self.center
        rows = rows.double()
        return rows if self.center is None else rows.sub_(self.center)


def check_shapes(queries: Rows, gallery: Rows) -> None:
    """Raises InputError unless both are tensors or arrays (n, d) and (m, d) of numbers."""
    for name, rows in (("query", queries), ("gallery", gallery)):
        if not isinstance(rows, (Tensor, np.ndarray)):
            raise InputError(f"{name} embeddings are a {type(rows).__name__}: give a torch tensor or a NumPy array")
        if isinstance(rows, np.ndarray) and not np.issubdtype(rows.dtype, np.number):
            raise InputError(f"{name} embeddings are an array of {rows.dtype}: give numbers")
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1] or 0 in queries.shape:
        raise InputError(
            f"embeddings must be (n, d) and (m, d); got queries {tuple(queries.shape)}, gallery {tuple(gallery.shape)}"
        )
