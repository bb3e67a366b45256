"""Alignment of files: learn on most of the things, say on the others what a search in the old index finds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.retrieval.agreement import overlap
from embedding_transfer.retrieval.neighbors import nearest_neighbors
from embedding_transfer.vectors.align import Method, align_vectors
from embedding_transfer.vectors.map_file import write_map
from embedding_transfer.vectors.map_rows import drawn_rows
from embedding_transfer.vectors.stored import open_stored

MAX_ROWS = 20_000
"""Of more things so many are drawn; a tenth of them are searched for in the old vectors of all of them."""


class Alignment(NamedTuple):
    """How new vectors, mapped, find in the old index what old queries find there.

    Attributes:
        method: How the map was learned.
        overlap: Of the 10 nearest.
        nearest_in_10: How often the nearest of the old query is among the 10 found.
        queries: How many were searched for, none of them learned from.
        items: Among how many.
    """

    method: str
    overlap: float
    nearest_in_10: float
    queries: int
    items: int


def align_stored(old: Path, new: Path, output: Path, method: Method, seed: int) -> Alignment:
    """Learn the map from the new file's space into the old one's, judge it, and write it.

    Raises:
        UsageError: If a file does not exist, or the output is no new ``.safetensors`` file.
        InputError: If a file cannot be read, or they are not of the same things.
    """
    if output.suffix != ".safetensors" or output.exists():
        raise UsageError(f"--output is a new .safetensors file; got {output}")
    stored = [open_stored(path) for path in (old, new)]
    for rows in stored:
        rows.check()
    if len(stored[0]) != len(stored[1]) or (stored[0].keys and stored[1].keys and stored[0].keys != stored[1].keys):
        raise InputError(f"{old} and {new} must be of the same things in the same order")
    numbers = drawn_rows(len(stored[0]), MAX_ROWS, seed)
    before, after = (torch.from_numpy(np.asarray(rows[numbers], np.float32)) for rows in stored)  # (n, e), (n, d)
    held = torch.randperm(len(before), generator=torch.Generator().manual_seed(seed))[: max(1, len(before) // 10)]
    learned_from = torch.ones(len(before), dtype=torch.bool)
    learned_from[held] = False
    aligned = align_vectors(after[learned_from], before[learned_from], method, seed)
    scores = _searched(aligned.map(after[held]), before, held, method)
    write_map(output, aligned.map, {"method": method, "old": str(old), "new": str(new)})
    return scores


def _searched(mapped: Tensor, before: Tensor, held: Tensor, method: str) -> Alignment:
    k = min(10, len(before) - 1)
    found, true = (
        nearest_neighbors(queries, k, gallery=before, metric="cosine", own_rows=held)
        for queries in (mapped, before[held])
    )
    nearest = (found == true[:, :1]).any(dim=1).double().mean().item()
    return Alignment(method, overlap(found, true), nearest, len(held), len(before))
