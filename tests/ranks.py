"""The processes of a run, as torchrun starts them, but forked from one that has imported torch: a start is quick."""

from __future__ import annotations

import multiprocessing.connection
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
OURS = ["embedding_transfer.cli", "embedding_transfer.training.train_target"]
THEIRS = ["matplotlib.pyplot", "datasets", "docstring_parser"]  # imported when needed, which takes time
FORKS.set_forkserver_preload(OURS + THEIRS)

LONGEST = 900
"""Seconds after which processes count as ones that hang; it is generous, since the machine may be busy."""

PATIENCE = 30
"""Seconds that torchrun leaves to processes which it has told to end."""

BEGUN = b"."
"""What a process says once it is about to do its work."""


class Ranks:
    """Processes that do the same work, each with its rank, and what they say; all have begun when one is made.

    Args:
        work: Called in each of them; what it returns is the exit code. It must be importable.
        arguments: Of ``work``.
        processes: How many; one alone is no run of several processes.
    """

    def __init__(self, work: Callable[..., int | None], *arguments: Any, processes: int = 1) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.started = time.monotonic()
        self.processes, self.heard, self.texts = [], [], [""] * processes
        for rank in range(processes):
            hears, says = FORKS.Pipe(duplex=False)
            process = FORKS.Process(target=_begin, args=(says, rank, processes, port, work, arguments))
            process.start()
            says.close()
            self.processes.append(process)
            self.heard.append(hears)
        for hears in self.heard:
            os.read(hears.fileno(), len(BEGUN))

    def send(self, number: int) -> None:
        """A signal to every process that is still there."""
        for process in self.processes:
            if process.is_alive():
                os.kill(process.pid or 0, number)

    def end_together(self) -> bool:
        """Wait for one that ends; half a minute later kill what is left, as torchrun does; whether there was any."""
        multiprocessing.connection.wait([process.sentinel for process in self.processes], LONGEST)
        end = time.monotonic() + PATIENCE
        for process in self.processes:
            process.join(max(0.0, end - time.monotonic()))
        left = [process for process in self.processes if process.is_alive()]
        for process in left:
            process.kill()
        return bool(left)

    def codes(self) -> list[int]:
        """Wait for all of them; their exit codes, or minus the signal that killed them.

        Raises:
            TimeoutError: If one does not end; all are killed then.
        """
        end = time.monotonic() + LONGEST
        for process in self.processes:
            process.join(max(0.0, end - time.monotonic()))
        hang = [rank for rank, process in enumerate(self.processes) if process.is_alive()]
        if hang:
            for process in self.processes:
                process.kill()
            raise TimeoutError(f"processes {hang} do not end; they said {self.said()}")
        self.seconds = time.monotonic() - self.started
        return [int(process.exitcode or 0) for process in self.processes]

    def said(self) -> list[str]:
        """What each of them has said, once they have ended."""
        self.texts = [text + _all_of(hears) for text, hears in zip(self.texts, self.heard, strict=True)]
        return self.texts

    def groups(self) -> list[int]:
        """The process groups that hold them and whatever they started."""
        return [process.pid or 0 for process in self.processes]


def run(work: Callable[..., int | None], *arguments: Any, processes: int = 1) -> list[str]:
    """What processes say that do some work and end well."""
    ranks = Ranks(work, *arguments, processes=processes)
    codes, said = ranks.codes(), ranks.said()
    assert codes == [0] * processes, (codes, said)
    return said


def are_gone(groups: list[int]) -> bool:
    """Whether all process groups end; workers look every five seconds whether they are needed."""
    end = time.monotonic() + LONGEST
    while any(_exists(group) for group in groups):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _all_of(hears: Connection) -> str:
    """A worker that outlives its process for a moment keeps the pipe open: what is there is all."""
    os.set_blocking(hears.fileno(), False)
    parts = []
    while True:
        try:
            part = os.read(hears.fileno(), 65536)
        except BlockingIOError:
            part = b""
        if not part:
            return b"".join(parts).decode(errors="replace")
        parts.append(part)


def _begin(
    says: Connection, rank: int, processes: int, port: int, work: Callable[..., int | None], arguments: tuple[Any, ...]
) -> None:
    os.setsid()
    multiprocessing.set_start_method(None, force=True)  # loaders start as users' do, not as these processes do
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which programs in the background ignore
    for name, number in (("stdout", 1), ("stderr", 2)):
        os.dup2(says.fileno(), number)
        setattr(sys, name, open(number, "w", buffering=1, closefd=False))  # noqa: SIM115
    os.write(says.fileno(), BEGUN)
    if processes > 1:
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)}
    sys.exit(work(*arguments))
