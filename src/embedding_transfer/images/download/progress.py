"""How far a transfer is: a bar on a terminal, elsewhere a line at the beginning, every minute and at the end."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, ClassVar, NoReturn, TypeVar

from tqdm import tqdm

EVERY = 60.0
"""Seconds between two lines."""

MOMENT = 2.0
"""Seconds after which it is said what goes on; what is wrong with a call is mostly found before, and is one line."""


def in_words(n_bytes: float) -> str:
    """``1.15 GB``: a number of bytes in the unit that suits it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 999.5 or unit == "GB":
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    raise AssertionError


def time_in_words(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def say(line: str) -> None:
    """A line on standard error, at once and above a bar."""
    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()


@contextmanager
def phase(what: str) -> Iterator[None]:
    """Say what the block does if it lasts and no terminal shows a bar; of several processes the first says it."""
    timer = threading.Timer(MOMENT, say, [f"{what} ..."])
    timer.daemon = True
    if not sys.stderr.isatty() and os.environ.get("RANK", "0") == "0":
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


Shown = TypeVar("Shown", bound="Progress")


class Progress:
    """Shows how far something is while the block lasts; bytes, unless a subclass counts something else.

    Args:
        what: Is going on, ``fetching cub.tgz``.
        total: Bytes in all, if that is known.
        start: Bytes that are there already.
        is_shown: Whether anything is shown: not by each of several processes.
    """

    says_ends: ClassVar[bool] = True
    """Whether a line is said at the beginning and at the end, too, where there is no terminal."""

    bar: ClassVar[dict[str, Any]] = {"unit": "B", "unit_scale": True}
    """How a bar counts."""

    def __init__(self, what: str, total: int | None, start: int = 0, is_shown: bool = True) -> None:
        self.what, self.total, self.start, self.is_shown = what, total, start, is_shown
        self.position = start
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self: Shown) -> Shown:
        self._began = self._said = time.monotonic()
        if self.is_shown and sys.stderr.isatty():
            self._bar = tqdm(desc=self.what, total=self.total, initial=self.start, file=sys.stderr, **self.bar)
        elif self.is_shown and self.says_ends:
            of_all = self.many(self.total) if self.total is not None else "of unknown size"
            there = f", of which {self.many(self.start)} are there" if self.start else ""
            say(f"{self.what}: {of_all}{there}")
        return self

    def at(self, position: int) -> None:
        """Tell that ``position`` bytes are there."""
        if self._bar is not None:
            self._bar.update(position - self.position)
        self.position = position
        now = time.monotonic()
        if self.is_shown and self._bar is None and now - self._said >= EVERY:
            self._said = now
            share = f" of {self.many(self.total)} ({position / self.total:.0%})" if self.total else ""
            say(f"{self.what}: {self.many(position)}{share}, {self._rate(now)}{self._left(now)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif error is None and self.is_shown and self.says_ends:
            now = time.monotonic()
            say(f"{self.what}: done, {self.many(self.position)} in {now - self._began:.0f} s, {self._rate(now)}")

    def _rate(self, now: float) -> str:
        return f"{self.many((self.position - self.start) / max(now - self._began, 1e-3))}/s"

    def _left(self, now: float) -> str:
        if not self.total or self.position <= self.start:
            return ""
        seconds = (self.total - self.position) * (now - self._began) / (self.position - self.start)
        return f", about {time_in_words(seconds)} left"

    def many(self, count: float) -> str:
        """So much, in words."""
        return in_words(count)
