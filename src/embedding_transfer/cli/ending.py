"""How a call ends that is told to: by a cluster, a closed terminal, or along with other processes."""

from __future__ import annotations

import os
import sys
import time

from embedding_transfer.told_to_end import ToldToEnd

PATIENCE = 2.0
"""Seconds for which a process waits with its end, so that the first one can say what is wrong with all of them."""

SIGNS_OF_LOSS = ("gloo", "Connection closed by peer", "Connection reset by peer", "Broken pipe")
"""What errors of processes say that have lost another one on CPUs."""


def how_it_ended(stop: KeyboardInterrupt) -> tuple[str, int]:
    """In words, and the exit code by convention: 128 and the number of the signal."""
    if isinstance(stop, ToldToEnd):
        return f"stopped by {stop.signal.name}", 128 + stop.signal
    return "stopped by the keyboard", 130


def stop_behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interruption that an error came from: C++ code makes another error of it, such as a SystemError, if any."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def another_has_ended(error: RuntimeError) -> bool:
    """Whether this is how torch says that another process of the run is gone: gloo in words, NCCL by a class."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return False
    return isinstance(error, distributed.DistError) or any(sign in str(error) for sign in SIGNS_OF_LOSS)


def say_once(message: str) -> None:
    """Print what all processes of a run would say by the first one alone; the others give it the time for that."""
    if os.environ.get("RANK", "0") == "0":
        print(message, file=sys.stderr, flush=True)
    else:
        time.sleep(PATIENCE)


def leave_processes() -> None:
    """Part from the other processes of a run, if there are any."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
