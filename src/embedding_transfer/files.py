"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path, lasting: bool = True) -> Iterator[Path]:
    """Where to write what shall become ``path``: it takes that name when the block ends, and vanishes if it fails.

    So ``path`` holds its old content or the whole new one, never a part, also after a crash of the machine. The folder
    is made if it is missing.

    Args:
        path: The file.
        lasting: Wait until it is on the disk, some 10 ms. ``False`` is for what can be made again and whose length is
            checked when it is read: after a crash of the machine, not of a process, it may be shorter.

    Raises:
        OSError: If it cannot be written, or there is a folder.

    Example::

        with whole_file(Path("table.csv")) as unfinished:
            unfinished.write_text("a,b")
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder, not a file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        if lasting:
            _to_disk(unfinished)
        os.replace(unfinished, path)
        if lasting:
            _to_disk(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Where to fill what shall become the folder ``path``: it takes that name when the block ends, or vanishes.

    What a killed process left there is removed first, so one process at a time may fill a folder.

    Raises:
        OSError: If there is something at ``path`` by then.

    Example::

        with whole_folder(Path("birds")) as unfinished:
            (unfinished / "wren.txt").write_text("small")
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        yield unfinished
        if hasattr(os, "sync"):  # all files at once: one by one takes minutes where there are 100,000
            os.sync()
        os.rename(unfinished, path)
        _to_disk(path.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, all of it or nothing."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, all of them or nothing."""
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)


def _to_disk(path: Path) -> None:
    """Wait until the system has written a file, or a folder's names, to the disk; Windows cannot open folders."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
