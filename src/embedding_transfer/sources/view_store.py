"""A folder with the source's vectors of the views of each epoch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from embedding_transfer.errors import InputError, UsageError, reason
from embedding_transfer.files import write_text

ABOUT = "store.json"


class ViewStore:
    """Vectors by epoch, picture and view, in files that are mapped into memory; several processes may share them.

    Whether a vector is there is written down only after the vector itself is on the disk, at the end of its epoch. So a
    run that is killed leaves nothing that is wrong.

    Args:
        folder: Where; made if it is missing.
        about: What the vectors depend on, plain data by name.
        shape: (n, views, d) of the vectors of an epoch.
        dtype: ``"float32"`` or ``"float16"``.

    Raises:
        UsageError: If the folder holds something else, or vectors of something else.
        InputError: If what it holds cannot be read.
    """

    def __init__(self, folder: Path, about: dict[str, Any], shape: tuple[int, int, int], dtype: str) -> None:
        self.folder, self.shape, self.dtype = folder, shape, np.dtype(dtype)
        about = {**about, "shape": list(shape), "dtype": dtype}
        file = folder / ABOUT
        if not file.exists():
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise UsageError(f"{folder} is in use for something else: give another --store-source")
            write_text(file, json.dumps(about, indent=1))
        try:
            was = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise InputError(f"{file} cannot be read: {reason(error)}") from error
        for name, now in about.items():
            if not isinstance(was, dict) or was.get(name) != now:
                before = was.get(name) if isinstance(was, dict) else was
                raise UsageError(f"{folder} holds vectors of another {name} ({before}, now {now}): give another folder")

    def open(self, epoch: int) -> None:
        """Take up the vectors of an epoch.

        Raises:
            OSError: If the disk is too full for them.
        """
        self.close()
        n, _, _ = self.shape
        self.vectors = self._mapped(self.folder / f"vectors-{epoch:04d}.npy", self.dtype, self.shape)
        self.written = self._mapped(self.folder / f"written-{epoch:04d}.npy", np.dtype(np.uint8), (n,))
        self.is_there = np.array(self.written, dtype=bool)  # (n,), in memory until the vectors are on the disk

    def _mapped(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
        """A file of zeros if there was none; other processes find the same one."""
        if not path.exists():
            unfinished = path.with_name(f".{path.name}.part")
            try:
                np.lib.format.open_memmap(unfinished, mode="w+", dtype=dtype, shape=shape).flush()
                _take_up_space(unfinished)
                unfinished.rename(path)
            finally:
                unfinished.unlink(missing_ok=True)
        mapped = np.lib.format.open_memmap(path, mode="r+")
        if mapped.shape != shape or mapped.dtype != dtype:
            raise InputError(f"{path} is damaged: it holds {mapped.dtype} {mapped.shape}, not {dtype} {shape}")
        return mapped

    @property
    def is_open(self) -> bool:
        """Whether the vectors of an epoch are at hand."""
        return hasattr(self, "vectors")

    def close(self) -> None:
        """Write to the disk what this epoch brought: vectors first, then that they are there."""
        if not self.is_open:
            return
        self.vectors.flush()  # type: ignore[attr-defined]
        new = self.is_there & (self.written == 0)
        self.written[new] = 1
        self.written.flush()  # type: ignore[attr-defined]
        del self.vectors, self.written


def _take_up_space(path: Path) -> None:
    """Raises OSError now if the disk is too full for a file; later, a mapped file could only kill the process."""
    if hasattr(os, "posix_fallocate"):
        with path.open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
