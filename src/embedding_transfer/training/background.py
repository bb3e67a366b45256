"""Files are written while the training goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch


class Background:
    """Does one job at a time in a thread of its own; what goes wrong there is raised by the next call.

    Example::

        >>> background, done = Background(), []
        >>> background.do(lambda: done.append(1))
        >>> background.close()
        >>> done
        [1]
    """

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="write")
        self.job: Future[None] | None = None

    def do(self, job: Callable[[], None]) -> None:
        """Start a job, once the one before it is done."""
        self.wait()
        self.job = self.pool.submit(job)

    def check(self) -> None:
        """Raise what went wrong, if the job is done."""
        if self.job is not None and self.job.done():
            self.wait()

    def wait(self) -> None:
        """Wait until the job is done, and raise what went wrong."""
        job, self.job = self.job, None
        if job is not None:
            job.result()

    def close(self) -> None:
        """Let the job come to its end, and raise what went wrong."""
        try:
            self.wait()
        finally:
            self.pool.shutdown()


def copy_of(state: Any) -> Any:
    """A state with all tensors copied to the CPU, so that it stays what it is while the training goes on."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {key: copy_of(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(copy_of(value) for value in state)
    return state
