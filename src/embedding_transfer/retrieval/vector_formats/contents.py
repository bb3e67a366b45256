"""What a file of vectors holds, whatever its form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from embedding_transfer.errors import InputError

HEADER = "embedding_transfer_vectors"
"""Under this key the header of a safetensors or parquet file holds what made the vectors, as JSON."""

_PART = 1 << 26  # bytes


class Contents(NamedTuple):
    """Vectors (n, d), the path of each picture as it stands in the file, and what made the vectors."""

    vectors: np.ndarray
    keys: Sequence[str]
    header: dict[str, Any]


def read_header(text: str | bytes, where: str) -> dict[str, Any]:
    """The header that a file holds as JSON.

    Raises:
        InputError: If it is none; the message names ``where`` it stands.
    """
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is no JSON ({error}): repair or remove it") from error
    if not isinstance(header, dict):
        raise InputError(f"{where} must hold an object of JSON, {{...}}; it holds a {type(header).__name__}")
    return header


def parts_of(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The first row and the rows of each part of vectors (n, d), none of them larger than 64 MiB."""
    rows = max(1, _PART // (vectors.shape[1] * vectors.itemsize))
    for start in range(0, len(vectors), rows):
        yield start, np.ascontiguousarray(vectors[start : start + rows])
