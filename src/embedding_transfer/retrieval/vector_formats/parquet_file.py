"""A parquet file with the columns ``path`` and ``vector``; needs pyarrow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.files import whole_file
from embedding_transfer.retrieval.vector_formats.contents import HEADER, Contents, parts_of, read_header

PATH, VECTOR = "path", "vector"
_ROWS = 1 << 14  # that are read at a time


def read(path: Path) -> Contents:
    """Read the file, some rows at a time, into one array.

    Raises:
        UsageError: If pyarrow is not installed.
        InputError: If it is no parquet file, a column or a value is missing, or vectors differ in length.
    """
    pyarrow, parquet = _pyarrow(f"reading {path}")
    keys: list[str] = []
    vectors = np.zeros((0, 0), np.float32)
    try:
        with parquet.ParquetFile(path, memory_map=True) as file:  # or all of it would be held twice
            columns = file.schema_arrow.names
            if not {PATH, VECTOR} <= set(columns):
                raise InputError(f"{path} must have the columns {PATH} and {VECTOR}; it has {', '.join(columns)}")
            metadata = (file.schema_arrow.metadata or {}).get(HEADER.encode(), b"{}")
            for batch in file.iter_batches(_ROWS, columns=[PATH, VECTOR]):
                start = len(keys)
                rows = _rows(batch.column(VECTOR), start, path)
                keys += _keys(batch.column(PATH), start, path)
                if start == 0:
                    vectors = np.empty((file.metadata.num_rows, rows.shape[1]), rows.dtype)
                if rows.shape[1] != vectors.shape[1]:
                    what = f"{rows.shape[1]} numbers in row {start}, {vectors.shape[1]} in the first"
                    raise InputError(f"{path} has vectors of different lengths: {what}")
                vectors[start : len(keys)] = rows
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    return Contents(vectors, keys, read_header(metadata, f"the header of {path}"))


def write(path: Path, contents: Contents) -> None:
    """Write the file, all of it or nothing; the vectors are copied a part at a time.

    Raises:
        UsageError: If pyarrow is not installed.
    """
    pyarrow, parquet = _pyarrow(f"writing {path}")
    vectors = contents.vectors
    kind = pyarrow.list_(pyarrow.from_numpy_dtype(vectors.dtype.newbyteorder("=")), vectors.shape[1])
    metadata = {HEADER: json.dumps(contents.header)}
    schema = pyarrow.schema([(PATH, pyarrow.string()), (VECTOR, kind)], metadata)
    with whole_file(path) as unfinished, parquet.ParquetWriter(unfinished, schema, compression="none") as writer:
        for start, rows in parts_of(vectors):
            paths = pyarrow.array(list(contents.keys[start : start + len(rows)]), pyarrow.string())
            numbers = pyarrow.array(rows.reshape(-1).astype(rows.dtype.newbyteorder("="), copy=False))
            columns = [paths, pyarrow.FixedSizeListArray.from_arrays(numbers, type=kind)]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


def check_installed(path: Path) -> None:
    """Raises UsageError unless pyarrow is there."""
    _pyarrow(f"writing {path}")


def _pyarrow(doing: str) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise UsageError(f"{doing} needs pyarrow: pip install 'embedding-transfer[parquet]'") from error
    return pyarrow, parquet


def _rows(column: Any, start: int, path: Path) -> np.ndarray:
    """(b, d) of some rows of the column of vectors; ``start`` is the number of the first."""
    if not hasattr(column, "flatten") or not hasattr(column.type, "value_type"):
        raise InputError(f"{path} must have a list of numbers in each row of {VECTOR}; it has {column.type}")
    lengths = column.value_lengths().to_numpy(zero_copy_only=False)
    wrong = np.isnan(lengths.astype(np.float64)) | (lengths != lengths[0])
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"{path}: the {VECTOR} in row {start + row} is missing or of another length than the first")
    numbers = column.flatten()
    if numbers.null_count:
        raise InputError(f"{path} has vectors with missing numbers from row {start} on: all of them are needed")
    return numbers.to_numpy(zero_copy_only=False).reshape(len(column), -1)


def _keys(column: Any, start: int, path: Path) -> list[str]:
    keys = column.to_pylist()
    if None in keys:
        raise InputError(f"{path} has no {PATH} in row {start + keys.index(None)}")
    return [str(key) for key in keys]
