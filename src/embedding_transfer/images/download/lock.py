"""One process at a time for one file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedding_transfer.errors import DownloadError


@contextmanager
def only_process(path: Path) -> Iterator[None]:
    """While the block lasts, no other process on this machine gets into such a block of the same path.

    The system frees it when the process ends, however it ends. Windows has no such thing; nothing is done there.

    Raises:
        DownloadError: If another process is in it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(f".{path.name}.lock")
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_current = os.path.samestat(os.fstat(lock.fileno()), file.stat())
        except OSError:  # taken, or taken and given back in between
            is_current = False
        if not is_current:
            raise DownloadError(f"another process is fetching {path}: wait for it")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
