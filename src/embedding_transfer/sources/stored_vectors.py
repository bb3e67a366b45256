"""Stored vectors as a source: no network runs, every view of a picture has the picture's row."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.networks import Embedded
from embedding_transfer.retrieval.vector_file import read_vectors
from embedding_transfer.sources.source import Source


class StoredVectors(Source):
    """The vectors of a file, found by the paths of pictures (see :func:`read_vectors`).

    Args:
        path: The file.

    Raises:
        UsageError: If there is no such file.
        InputError: If it cannot be read.
    """

    rows: Tensor

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.file = read_vectors(path)
        self.name = str(path)
        self.dim = self.file.vectors.shape[1]
        self.register_buffer("rows", torch.empty(0, self.dim), persistent=False)  # of the pictures that it looks at

    def look_at(self, images: ImageSet) -> None:
        """Hold the vectors of these pictures ready.

        Raises:
            InputError: If one of them has no vector, or one that is not finite; the first is named.
        """
        self.rows = self._vectors_of(images).to(self.rows.device)

    def look_over(self, images: ImageSplits) -> None:
        """Warn of vectors whose pictures are in neither part of the image set."""
        warn_of_surplus(self.file.keys, {key for part in images for key in part.keys}, self.name)

    def forward(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        if len(self.rows) == 0:
            raise UsageError(f"{self.name} looks at no pictures yet: call look_at with the image set first")
        rows = self.rows[index.to(self.rows.device)].to(images.device)  # (views * n, d)
        return Embedded([], rows, rows)

    def embed(self, images: ImageSet, *, workers: int = 2, accelerator: Accelerator | None = None) -> Tensor:
        return self._vectors_of(images)

    def _vectors_of(self, images: ImageSet) -> Tensor:
        """(n, d) float32."""
        rows = self.file.rows_of(images.keys, images.name)
        vectors = np.asarray(self.file.vectors[np.sort(rows)], dtype=np.float32)[np.argsort(np.argsort(rows))]
        broken = ~np.isfinite(vectors).all(axis=1)
        if broken.any():
            first = images.keys[int(broken.argmax())]
            count = f"{int(broken.sum()):,} vectors"
            raise InputError(f"{self.name} has {count} that are not finite, the first is of {first}")
        return torch.from_numpy(vectors)


def warn_of_surplus(keys: Sequence[str], known: set[str], name: str) -> None:
    """Say how many vectors of a file are of pictures that the image set has not, and the first of them."""
    surplus = [key for key in keys if key not in known]
    if surplus:
        count = f"{len(surplus):,} vectors of pictures that the image set has not"
        warnings.warn(f"{name} has {count}, the first is {surplus[0]}", stacklevel=2)
