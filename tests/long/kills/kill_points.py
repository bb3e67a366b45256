"""A training that is ended at a chosen one of its file events; runs in a process of its own."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, Literal

from embedding_transfer.cli import main

How = Literal["SIGKILL", "SIGTERM", "SIGINT", "full disk"]

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
"""Python's names of what it is about to do to a file, which is opened to be written and once more to be fsynced."""


def train(arguments: list[str], folder: Path, stop_at: int | None = None, how: How = "SIGKILL") -> int:
    """Run a command; end it right before it touches a file in ``folder`` for the ``stop_at``-th time.

    Says at its end how often it did. A full disk stays full: from then on nothing can be written.
    """
    count = itertools.count()

    def look(event: str, given: tuple[Any, ...]) -> None:
        if event in EVENTS and _is_inside(given[0], folder) and next(count) == stop_at:
            if how == "full disk":
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            else:
                os.kill(os.getpid(), getattr(signal, how))

    sys.addaudithook(look)
    code = main(arguments)
    print(f"events: {next(count)}")
    return code


def _is_inside(path: object, folder: Path) -> bool:
    return isinstance(path, (str, Path)) and str(path).startswith(str(folder))
