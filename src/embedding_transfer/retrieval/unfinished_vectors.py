"""A file of vectors that is being written: kept aside, row after row, until it is whole; a killed writer goes on."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.files import write_text
from embedding_transfer.retrieval.vector_file import check_ending, check_writable
from embedding_transfer.retrieval.vector_formats import FORMS, npy
from embedding_transfer.retrieval.vector_formats.contents import Contents, parts_of

EVERY = 5.0
"""Seconds after which what was written is secured."""


class UnfinishedVectors:
    """Collects the vectors of a file in a folder beside it, ``.NAME.unfinished``; use it as a context.

    What a writer that was killed had secured there is kept, if it was to become the same file: then :attr:`done` rows
    are there already.

    Args:
        path: The file to come, ``.npy``, ``.safetensors`` or ``.parquet``.
        keys: (n,) paths of the pictures; or how many vectors there are, of a ``.npy`` file without paths.
        dim: Length of the vectors.
        dtype: ``float32`` or another floating type; ``int8`` or ``uint8`` for codes.
        header: What makes the vectors.
        batch: Rows come in multiples of this, and so many are kept.

    Raises:
        UsageError: If the file is there already, or its ending is none of these.
        InputError: If a key cannot be written.

    Example::

        with UnfinishedVectors(Path("photos.npy"), keys, 64, "float32", {"network": "runs/short"}, 128) as unfinished:
            unfinished.add(rows)  # all of them, from unfinished.done on
            unfinished.finish()
    """

    def __init__(
        self, path: Path, keys: Sequence[str] | int, dim: int, dtype: str, header: Mapping[str, Any], batch: int
    ) -> None:
        check_output(path)
        self.keys: Sequence[str] = () if isinstance(keys, int) else keys
        self.count = keys if isinstance(keys, int) else len(keys)
        check_writable(path, self.keys)
        self.path, self.dim, self.batch = path, dim, batch
        self.dtype, self.header = np.dtype(dtype).newbyteorder("<"), dict(header)
        self.folder = folder_of(path)
        self.rows = self.folder / "vectors.npy"
        self._secured = self.folder / "rows-secured.txt"
        self.done = self._resume()

    def __enter__(self) -> UnfinishedVectors:
        self._file: BinaryIO = self.rows.open("r+b")
        self._file.seek(self._begin + self.done * self.dim * self.dtype.itemsize)
        self._said = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._file.closed:
            self._secure()
            self._file.close()

    def add(self, rows: np.ndarray) -> None:
        """Write the next rows (b, dim), a whole batch unless they are the last.

        Raises:
            InputError: If one of them is not finite, or does not fit the type of numbers; its picture is named.
        """
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(rows, dtype=self.dtype)
        broken = ~np.isfinite(stored).all(axis=1)
        if broken.any():
            row = int(broken.argmax())
            fits = np.isfinite(rows[row]).all()
            why = f"does not fit {self.dtype.name}: use --dtype float32" if fits else "is not finite"
            number = self.done + row
            raise InputError(f"the vector of {self.keys[number] if self.keys else f'row {number}'} {why}")
        self._file.write(stored.data)
        self.done += len(rows)
        if time.monotonic() - self._said >= EVERY:
            self._secure()

    def finish(self) -> None:
        """Give the file its name; the header also says whether all vectors have length 1."""
        if self.done != self.count:
            raise InputError(f"{self.path} has {self.done:,} of {self.count:,} vectors: it is not finished")
        self._secure()
        self._file.close()
        vectors = np.load(self.rows, mmap_mode="r")
        header = dict(self.header)
        if np.issubdtype(self.dtype, np.floating):
            header["normalized"] = has_unit_rows(vectors)
        contents = Contents(vectors, self.keys, header)
        if self.path.suffix == ".npy":
            npy.write_beside(self.path, contents)
            os.replace(self.rows, self.path)
        else:
            FORMS[self.path.suffix].write(self.path, contents)
        shutil.rmtree(self.folder)

    def _resume(self) -> int:
        """Rows that are there already; begins anew if there are none, or they were to become another file."""
        plan = json.dumps(
            {
                "shape": [self.count, self.dim],
                "dtype": self.dtype.str,
                "keys": sha256("\n".join(self.keys).encode()).hexdigest(),
                "header": self.header,
                "batch": self.batch,
            },
            indent=2,
        )
        described = self.folder / "plan.json"
        same = described.is_file() and described.read_text(encoding="utf-8") == plan
        if not same or not self.rows.is_file():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            with self.rows.open("wb") as file:
                shape = (self.count, self.dim)
                np.lib.format.write_array_header_1_0(file, npy.header_data(shape, self.dtype))
                self._begin = file.tell()
            write_text(described, plan)
            return 0
        with self.rows.open("rb") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            self._begin = file.tell()
        secured = int(self._secured.read_text()) if self._secured.is_file() else 0
        return secured if secured == self.count else secured - secured % self.batch

    def _secure(self) -> None:
        """Wait until the rows are on the disk, then note how many there are."""
        self._file.flush()
        os.fsync(self._file.fileno())
        write_text(self._secured, str(self.done))
        self._said = time.monotonic()


def folder_of(path: Path) -> Path:
    """Where a file of vectors is kept until it is whole."""
    return path.with_name(f".{path.name}.unfinished")


def check_output(path: Path) -> None:
    """Raises UsageError unless a file of vectors can be written there: nothing is overwritten."""
    check_ending(path)
    if path.suffix == ".parquet":
        from embedding_transfer.retrieval.vector_formats.parquet_file import check_installed

        check_installed(path)
    beside = npy.files_beside(path) if path.suffix == ".npy" and not folder_of(path).is_dir() else ()
    for file in (path, *beside):
        if file.exists():
            raise UsageError(f"{file} exists already: remove it, or give another --output")


def has_unit_rows(vectors: np.ndarray) -> bool:
    """Whether all vectors (n, d) have length 1, as exactly as their type of numbers can say."""
    tolerance = 4 * float(np.finfo(vectors.dtype).eps) + 1e-5
    return all(
        bool((np.abs(np.linalg.norm(rows.astype(np.float64), axis=1) - 1) <= tolerance).all())
        for _, rows in parts_of(vectors)
    )
