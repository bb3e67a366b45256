"""Files of vectors, one row for each picture, found by the picture's path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.retrieval.vector_formats import FORMS
from embedding_transfer.retrieval.vector_formats.contents import Contents, parts_of

ENDINGS = tuple(FORMS)


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
        check_vectors(self.vectors, str(self.path))
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
        self.check_keys()
        row_of = {key: row for row, key in enumerate(self.keys)}
        missing = [key for key in keys if plain_key(key) not in row_of]
        if missing:
            raise InputError(
                f"{self.path} has no vector for {len(missing):,} of {len(keys):,} pictures of {name}, the first is "
                f"{missing[0]}; its first path is {self.keys[0]}"
            )
        return np.array([row_of[plain_key(key)] for key in keys], dtype=np.int64)

    def check_keys(self) -> None:
        """Raises InputError if there are several vectors of one picture, or a path is empty."""
        if len(set(self.keys)) < len(self.keys):
            twice, count = Counter(self.keys).most_common(1)[0]
            raise InputError(f"{self.path} has {count} vectors of {twice or 'an empty path'}: one for each is needed")
        if "" in self.keys:
            raise InputError(f"{self.path} has an empty path, of vector {self.keys.index('')} (counted from 0)")

    def check_finite(self) -> None:
        """Raises InputError if a vector is not finite; the first one is named."""
        for start, rows in parts_of(self.vectors):
            broken = ~np.isfinite(rows).all(axis=1)
            if broken.any():
                first = start + int(broken.argmax())
                raise InputError(f"{self.path} has a vector that is not finite, of {self.keys[first]} (row {first})")


def check_vectors(vectors: np.ndarray, name: str) -> None:
    """Raises InputError unless these are vectors (n, d) of floating point; the message calls them by the name."""
    if vectors.ndim != 2 or not np.issubdtype(vectors.dtype, np.floating) or 0 in vectors.shape:
        found = f"{vectors.dtype} {tuple(vectors.shape)}"
        raise InputError(f"{name} must hold vectors (n, d) of floating point numbers; it holds {found}")


def is_vector_file(path: Path) -> bool:
    """Whether a path is that of a file of vectors; a safetensors file may also hold a network."""
    if path.suffix == ".safetensors" and path.is_file():
        try:
            with safe_open(path, framework="np") as file:
                return "embedding_transfer" not in (file.metadata() or {})
        except (SafetensorError, OSError):
            return False
    return path.suffix in ENDINGS


def read_vectors(path: str | Path) -> VectorFile:
    """Read a file of vectors.

    Args:
        path: A ``.npy`` file with its paths, a line each, in a ``.txt`` file of the same name; a ``.safetensors`` file
            with the tensors ``vectors`` and ``paths`` (UTF-8, a line each); or a ``.parquet`` file with the columns
            ``vector`` and ``path``. The first two stay on the disk until their rows are looked at.

    Raises:
        UsageError: If there is no such file, or it has none of these endings.
        InputError: If it cannot be read, or numbers do not agree.

    Example::

        file = read_vectors("photos.npy")
        print(file.vectors.shape, file.keys[0], file.header)
    """
    path = Path(path)
    check_ending(path)
    if not path.is_file():
        raise UsageError(f"no file {path}")
    contents = FORMS[path.suffix].read(path)
    return VectorFile(path, contents.vectors, [plain_key(key) for key in contents.keys], contents.header)


def write_vectors(
    path: str | Path, vectors: np.ndarray | Tensor, keys: Sequence[str], header: Mapping[str, Any] | None = None
) -> None:
    """Write a file of vectors that :func:`read_vectors` reads, all of it or nothing.

    Args:
        path: ``.npy`` (the paths go to ``.txt`` and the header to ``.json`` beside it), ``.safetensors`` or
            ``.parquet``.
        vectors: (n, d) float16, float32 or float64; they may be mapped from a file.
        keys: (n,) path of each picture, relative to the folder of its image set.
        header: What made the vectors, as data that JSON can hold.

    Raises:
        UsageError: If the ending is none of these.
        InputError: If there is not one key for each vector, a key stands twice, or a vector is not finite.

    Example::

        write_vectors("photos.npy", embed_images(network, "photos"), names, {"network": "runs/short"})
    """
    path = Path(path)
    check_ending(path)
    rows = vectors.detach().cpu().numpy() if isinstance(vectors, Tensor) else vectors
    file = VectorFile(path, rows, list(keys), dict(header or {}))
    if file.vectors.dtype.itemsize > 8:
        raise InputError(f"{path} cannot hold vectors of {file.vectors.dtype}: give float16, float32 or float64")
    check_writable(path, file.keys)
    file.check_finite()
    FORMS[path.suffix].write(path, Contents(file.vectors, file.keys, file.header))


def check_ending(path: Path) -> None:
    """Raises UsageError unless a path ends as files of vectors do."""
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path} is no file of vectors: these end in {', '.join(ENDINGS)}")


def check_writable(path: Path, keys: Sequence[str]) -> None:
    """Raises InputError unless a file of vectors can hold these paths and find them again."""
    seen: set[str] = set()
    for key in keys:
        if "\n" in key or "\r" in key or not key:
            raise InputError(f"{path} cannot hold the path {key!r}, which is empty or has a line break: rename it")
        try:
            key.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InputError(f"{path} cannot hold the path {key!r}, which is no UTF-8: rename it") from error
        if plain_key(key) in seen:
            raise InputError(f"{path} would hold two vectors of {key}: one for each picture is needed")
        seen.add(plain_key(key))


def plain_key(key: str) -> str:
    """A path as it is compared: ``/`` between folders, no ``./`` before it."""
    return key.replace("\\", "/").removeprefix("./")
