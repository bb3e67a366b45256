"""Files of vectors, one row for each picture, found by the picture's path."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from embedding_transfer.errors import InputError, UsageError, reason

ENDINGS = (".npy", ".safetensors", ".parquet")
HEADER = "embedding_transfer_vectors"
"""Under this key the header of a safetensors or parquet file holds what made the vectors, as JSON."""

PATHS, VECTORS = "paths", "vectors"
"""The tensors of a safetensors file, the columns of a parquet file."""


@dataclass(frozen=True)
class VectorFile:
    """Vectors and the pictures that they are of.

    Attributes:
        path: The file.
        vectors: (n, d) float; mapped from the file where its form allows it.
        keys: (n,) paths of the pictures, relative to the folder of their image set, with ``/`` between folders.
        header: What made the vectors, as :func:`write_vectors` was told.
    """

    path: Path
    vectors: np.ndarray
    keys: Sequence[str]
    header: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or not np.issubdtype(self.vectors.dtype, np.floating) or 0 in self.vectors.shape:
            found = f"{self.vectors.dtype} {tuple(self.vectors.shape)}"
            raise InputError(f"{self.path} must hold vectors (n, d) of floating point numbers; it holds {found}")
        if len(self.keys) != len(self.vectors):
            raise InputError(f"{self.path} has {len(self.vectors):,} vectors but {len(self.keys):,} paths")

    def rows_of(self, keys: Sequence[str], name: str) -> np.ndarray:
        """The rows (len(keys),) of these pictures.

        Args:
            keys: Paths, relative to the folder of their image set.
            name: Of the image set, for messages.

        Raises:
            InputError: If a path stands twice in the file, or a picture has no vector; the first of them is named.
        """
        row_of = {key: row for row, key in enumerate(self.keys)}
        if len(row_of) < len(self.keys):
            twice, count = Counter(self.keys).most_common(1)[0]
            raise InputError(f"{self.path} has {count} vectors of {twice}: one for each picture is needed")
        missing = [key for key in keys if key not in row_of]
        if missing:
            raise InputError(
                f"{self.path} has no vector for {len(missing):,} of {len(keys):,} pictures of {name}, the first is "
                f"{missing[0]}; its first path is {self.keys[0]}"
            )
        return np.array([row_of[key] for key in keys], dtype=np.int64)


def is_vector_file(path: Path) -> bool:
    """Whether a path is that of a file of vectors; a safetensors file may also hold a network."""
    if path.suffix == ".safetensors" and path.is_file():
        try:
            with safe_open(path, framework="np") as file:
                return "embedding_transfer" not in (file.metadata() or {})
        except SafetensorError:
            return False
    return path.suffix in ENDINGS


def read_vectors(path: Path) -> VectorFile:
    """Read a file of vectors.

    Args:
        path: A ``.npy`` file with its paths, a line each, in a ``.txt`` file of the same name; a ``.safetensors`` file
            with the tensors ``vectors`` and ``paths`` (UTF-8, a line each); or a ``.parquet`` file with such columns.

    Raises:
        UsageError: If there is no such file, or it has none of these endings.
        InputError: If it cannot be read, or numbers do not agree.
    """
    readers = {".npy": _read_npy, ".safetensors": _read_safetensors, ".parquet": _read_parquet}
    if path.suffix not in readers:
        raise UsageError(f"{path} is no file of vectors: these end in {', '.join(ENDINGS)}")
    if not path.is_file():
        raise UsageError(f"no file {path}")
    return readers[path.suffix](path)


def plain_key(key: str) -> str:
    """A path as it is compared: ``/`` between folders, no ``./`` before it."""
    return key.strip().replace("\\", "/").removeprefix("./")


def _read_npy(path: Path) -> VectorFile:
    listed = path.with_suffix(".txt")
    if not listed.is_file():
        raise InputError(f"{path} needs the paths of its pictures, a line each, in {listed}")
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
        keys = listed.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    described = path.with_suffix(".json")
    header = json.loads(described.read_text(encoding="utf-8")) if described.is_file() else {}
    return VectorFile(path, vectors, [plain_key(key) for key in keys], header)


def _read_safetensors(path: Path) -> VectorFile:
    try:
        with safe_open(path, framework="np") as file:
            names, metadata = list(file.keys()), file.metadata() or {}
            if not {PATHS, VECTORS} <= set(names):
                raise InputError(f"{path} must hold the tensors {VECTORS} and {PATHS}; it holds {', '.join(names)}")
            vectors, paths = file.get_tensor(VECTORS), file.get_tensor(PATHS)
    except SafetensorError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    keys = paths.tobytes().decode("utf-8").splitlines()
    return VectorFile(path, vectors, [plain_key(key) for key in keys], json.loads(metadata.get(HEADER, "{}")))


def _read_parquet(path: Path) -> VectorFile:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise UsageError(f"reading {path} needs pyarrow: pip install 'embedding-transfer[parquet]'") from error
    try:
        table = parquet.read_table(path)
        columns = table.column_names
        if not {PATHS[:-1], VECTORS[:-1]} <= set(columns):
            raise InputError(f"{path} must have the columns path and vector; it has {', '.join(columns)}")
        rows = table.column("vector").combine_chunks()
        vectors = rows.flatten().to_numpy(zero_copy_only=False).reshape(len(rows), -1)
        keys = table.column("path").to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    metadata = (table.schema.metadata or {}).get(HEADER.encode(), b"{}")
    return VectorFile(path, vectors, [plain_key(str(key)) for key in keys], json.loads(metadata))
