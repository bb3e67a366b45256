"""Vectors of a file, or of a folder of files, as one array that is read some rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.retrieval.vector_file import ENDINGS, check_ending, check_vectors
from embedding_transfer.retrieval.vector_formats import FORMS, npy
from embedding_transfer.vectors.map_rows import row_parts
from embedding_transfer.vectors.quantized import Calibration, calibration_of


class Part(NamedTuple):
    """One file: its vectors or codes (n, d), paths if it has any, what made them, and what codes mean."""

    path: Path
    rows: np.ndarray
    keys: Sequence[str]
    header: dict[str, Any]
    calibration: Calibration | None

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, some: slice | np.ndarray) -> np.ndarray:
        """These rows as vectors (b, d), decoded if they are codes."""
        rows = np.asarray(self.rows[some])
        return rows if self.calibration is None else self.calibration.decoded(rows)

    def name_of(self, row: int) -> str:
        """How a message calls a row."""
        return f"{self.keys[row]} (row {row})" if self.keys else f"row {row}"


class StoredRows:
    """Vectors (n, d) on a disk: all parts one after the other.

    Args:
        parts: At least one file, all with vectors of one length.
        path: What the user gave.

    Raises:
        InputError: If lengths differ.
    """

    def __init__(self, parts: list[Part], path: Path) -> None:
        self.parts, self.path = parts, path
        self.dim = parts[0].read(slice(0, 1)).shape[1]
        for part in parts:
            if (dim := part.read(slice(0, 1)).shape[1]) != self.dim:
                raise InputError(f"{part.path} has vectors of length {dim}, {parts[0].path} of length {self.dim}")
        self.begins = np.cumsum([0, *(len(part) for part in parts)])

    def __len__(self) -> int:
        return int(self.begins[-1])

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Rows (b, d) by their numbers, which ascend, or of a slice."""
        numbers = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else rows
        ends = np.searchsorted(numbers, self.begins)
        found = [
            part.read(numbers[a:b] - self.begins[i])
            for i, (part, a, b) in enumerate(zip(self.parts, ends, ends[1:], strict=False))
            if b > a
        ]
        return np.concatenate(found) if found else np.empty((0, self.dim), np.float32)

    @property
    def keys(self) -> list[str]:
        """Paths of all vectors; none if a part has none."""
        return [key for part in self.parts for key in part.keys] if all(part.keys for part in self.parts) else []

    @property
    def row_bytes(self) -> int:
        """Bytes of a vector as it is stored."""
        return self.parts[0].rows.shape[1] * self.parts[0].rows.dtype.itemsize

    def check(self) -> int:
        """Look at every number once; the count of rows of zeros, which have no direction.

        Raises:
            InputError: If a vector is not finite; the first is named.
        """
        zeros = 0
        for part in self.parts:
            for some in row_parts(len(part), self.dim):
                rows = part.read(some)
                broken = ~np.isfinite(rows).all(axis=1)
                if broken.any():
                    name = part.name_of(some.start + int(broken.argmax()))
                    raise InputError(f"{part.path} has a vector that is not finite, of {name}: repair or remove it")
                zeros += int((~rows.any(axis=1)).sum())
        return zeros


def open_stored(path: Path) -> StoredRows:
    """Open a file of vectors, with paths or (``.npy``) without, or a folder of such files, by their names in order.

    Raises:
        UsageError: If there is no such file or folder, or none of vectors in it.
        InputError: If one cannot be read, or holds no vectors (n, d) of floating point.
    """
    if not path.is_dir():
        return StoredRows([_open_part(path)], path)
    files = sorted(file for file in path.iterdir() if file.suffix in ENDINGS and not file.name.startswith("."))
    if not files:
        raise UsageError(f"no files of vectors ({', '.join(ENDINGS)}) in {path}")
    return StoredRows([_open_part(file) for file in files], path)


def _open_part(path: Path) -> Part:
    check_ending(path)
    if not path.is_file():
        raise UsageError(f"no file {path}")
    if path.suffix == ".npy" and not npy.files_beside(path)[0].is_file():
        rows, header = npy.read_bare(path)
        keys: Sequence[str] = ()
    else:
        rows, keys, header = FORMS[path.suffix].read(path)
    calibration = calibration_of(header)
    if calibration is None:
        check_vectors(rows, str(path))
    if keys and len(keys) != len(rows):
        raise InputError(f"{path} has {len(rows):,} vectors but {len(keys):,} paths")
    return Part(path, rows, keys, header, calibration)
