"""Classes of stored vectors, as numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.text_file import read_text
from embedding_transfer.vectors.stored import StoredRows

FOLDERS = "folders"


def labels_of(rows: StoredRows, labels: str | None) -> Tensor | None:
    """Class (n,) int64 of every vector.

    Args:
        rows: The vectors.
        labels: A text file with a label a line, ``folders``: the folder of each path, or ``None``.

    Raises:
        UsageError: If there is no such file, or vectors have no paths.
        InputError: If there is not one label for each vector.
    """
    if labels is None:
        return None
    if labels == FOLDERS:
        names = [key.rpartition("/")[0] for key in rows.keys]
        if not names:
            raise UsageError(f"{rows.path} has no paths whose folders could be labels: give a text file as --labels")
    else:
        if not Path(labels).is_file():
            raise UsageError(f"no file {labels}: --labels takes a text file with a label a line, or {FOLDERS}")
        names = read_text(Path(labels)).splitlines()
    if len(names) != len(rows):
        raise InputError(f"{labels} has {len(names):,} labels for {len(rows):,} vectors of {rows.path}")
    return torch.from_numpy(np.unique(names, return_inverse=True)[1].astype(np.int64))
