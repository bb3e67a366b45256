"""Fidelity of files: read, decode, compare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.files import write_text
from embedding_transfer.retrieval.compared_rows import Rows
from embedding_transfer.vectors.labels import labels_of
from embedding_transfer.vectors.neighborhoods import Neighborhoods
from embedding_transfer.vectors.stored import StoredRows, open_stored


def stored_fidelity(
    short: Path, whole: Path, labels: str | None, metric: str, queries: int
) -> tuple[dict[str, float], int]:
    """The scores of :meth:`Neighborhoods.fidelity` for two files or folders, and how many vectors there are.

    Raises:
        UsageError: If one does not exist.
        InputError: If one cannot be read, or they have different numbers of vectors or other paths.
    """
    first, second = open_stored(short), open_stored(whole)
    for rows in (first, second):
        rows.check()
    if first.keys and second.keys and first.keys != second.keys:
        raise InputError(f"{short} and {whole} have different paths, or in another order: they are of other things")
    classes = labels_of(second, labels)
    near = Neighborhoods(_as_array(second), classes, metric, queries)
    return near.fidelity(_as_array(first), first.row_bytes), len(second)


def write_scores(path: Path, rows: Sequence[Mapping[str, Any]], count: int) -> None:
    """Write rows of scores as JSON: ``{"vectors": n, "ways": [rows]}``."""
    write_text(path, json.dumps({"vectors": count, "ways": list(rows)}, indent=2) + "\n")


def _as_array(rows: StoredRows) -> Rows:
    """The vectors as one array: mapped from its file where it is one of vectors, not of codes."""
    part = rows.parts[0]
    return part.rows if len(rows.parts) == 1 and part.calibration is None else np.asarray(rows[:])
