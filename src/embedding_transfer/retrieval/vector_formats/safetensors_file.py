"""A safetensors file with the tensors ``vectors`` (n, d) and ``paths`` (bytes of UTF-8, a line each)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from embedding_transfer.errors import InputError, reason
from embedding_transfer.files import whole_file
from embedding_transfer.retrieval.vector_formats.contents import HEADER, Contents, parts_of, read_header

PATHS, VECTORS = "paths", "vectors"

DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "<i1", "U8": "<u1"}
"""Types of numbers, and of the codes that vectors may be made of, as safetensors and as NumPy call them."""


def read(path: Path) -> Contents:
    """Map the vectors from the file, and read the rest.

    Raises:
        InputError: If it is no safetensors file, or not one of vectors.
    """
    try:
        with safe_open(path, framework="np") as file:  # also checks that every tensor is within the file
            names, metadata = list(file.keys()), file.metadata() or {}
            if not {PATHS, VECTORS} <= set(names):
                raise InputError(f"{path} must hold the tensors {VECTORS} and {PATHS}; it holds {', '.join(names)}")
            paths = file.get_tensor(PATHS)
            dtype, shape = file.get_slice(VECTORS).get_dtype(), file.get_slice(VECTORS).get_shape()
        if dtype not in DTYPES:
            raise InputError(f"{path} has vectors of {dtype}: {', '.join(DTYPES)} are read")
        text = paths.tobytes().decode("utf-8")
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    empty = np.zeros(shape, DTYPES[dtype])
    vectors = np.memmap(path, DTYPES[dtype], "r", _offset(path), tuple(shape)) if 0 not in shape else empty
    keys = text.removesuffix("\n").split("\n") if text else []
    return Contents(vectors, keys, read_header(metadata.get(HEADER, "{}"), f"the header of {path}"))


def write(path: Path, contents: Contents) -> None:
    """Write the file, all of it or nothing; the vectors are copied a part at a time."""
    vectors = contents.vectors.astype(contents.vectors.dtype.newbyteorder("<"), copy=False)
    paths = "".join(f"{key}\n" for key in contents.keys).encode()
    n_bytes = vectors.size * vectors.itemsize
    name = next(name for name, dtype in DTYPES.items() if np.dtype(dtype) == vectors.dtype)
    description = json.dumps(
        {
            "__metadata__": {HEADER: json.dumps(contents.header)},
            VECTORS: {"dtype": name, "shape": vectors.shape, "data_offsets": [0, n_bytes]},
            PATHS: {"dtype": "U8", "shape": [len(paths)], "data_offsets": [n_bytes, n_bytes + len(paths)]},
        }
    ).encode()
    description += b" " * (-len(description) % 8)  # so that vectors start at a multiple of 8
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        file.write(len(description).to_bytes(8, "little") + description)
        for _, rows in parts_of(vectors):
            file.write(rows.data)
        file.write(paths)


def _offset(path: Path) -> int:
    """Where the vectors begin in a file that was opened before."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return 8 + length + int(json.loads(file.read(length))[VECTORS]["data_offsets"][0])
