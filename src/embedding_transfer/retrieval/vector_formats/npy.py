"""``X.npy`` of vectors (n, d), ``X.txt`` with a path a line, and ``X.json`` with what made them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from embedding_transfer.errors import InputError, reason
from embedding_transfer.files import whole_file, write_text
from embedding_transfer.images.text_file import read_text
from embedding_transfer.retrieval.vector_formats.contents import Contents, parts_of, read_header


def files_beside(path: Path) -> tuple[Path, Path]:
    """The files of the paths and of the header that belong to an ``.npy`` file."""
    return path.with_suffix(".txt"), path.with_suffix(".json")


def read(path: Path) -> Contents:
    """Map the vectors from the file, and read the files beside it; a file without a header will do.

    Raises:
        InputError: If one of them cannot be read.
    """
    listed = files_beside(path)[0]
    if not listed.is_file():
        raise InputError(f"{path} needs the paths of its pictures, a line each, in {listed}")
    vectors, header = read_bare(path)
    text = read_text(listed)
    keys = text.removesuffix("\n").split("\n") if text else []
    return Contents(vectors, [key.removesuffix("\r") for key in keys], header)


def read_bare(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Map the vectors from the file, without paths; and what made them, if that stands beside it.

    Raises:
        InputError: If one of the files cannot be read.
    """
    described = files_beside(path)[1]
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy evaluates the header, and raises what it meets
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    if not isinstance(vectors, np.ndarray):
        raise InputError(f"cannot read {path}: it is an archive of several arrays; save the vectors alone")
    return vectors, read_header(described.read_bytes(), str(described)) if described.is_file() else {}


def write(path: Path, contents: Contents) -> None:
    """Write the three files, each whole; the one with the vectors comes last."""
    with whole_file(path) as unfinished:
        with unfinished.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header_data(contents.vectors.shape, contents.vectors.dtype))
            for _, rows in parts_of(contents.vectors):
                file.write(rows.data)
        write_beside(path, contents)


def write_beside(path: Path, contents: Contents) -> None:
    """Write the files of the paths, where there are any, and of the header."""
    listed, described = files_beside(path)
    if contents.keys:
        write_text(listed, "".join(f"{key}\n" for key in contents.keys))
    write_text(described, json.dumps(contents.header, indent=2) + "\n")


def header_data(shape: tuple[int, ...], dtype: np.dtype) -> dict[str, object]:
    """What stands at the beginning of an ``.npy`` file of rows one after the other."""
    return {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
