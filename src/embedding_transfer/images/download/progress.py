"""How far a transfer is: a bar on a terminal, elsewhere a line at the beginning, every minute and at the end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, ClassVar, NoReturn, TypeVar

from tqdm import tqdm

EVERY = 60.0
"""Seconds between two lines."""


def in_words(n_bytes: float) -> str:
    """``1.15 GB``: a number of bytes in the unit that suits it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 999.5 or unit == "GB":
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    raise AssertionError


def say(line: str) -> None:
    """A line on standard error, at once and above a bar."""
    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()


Shown = TypeVar("Shown", bound="Progress")


class Progress:
    """Shows how far something is while the block lasts; bytes, unless a subclass counts something else.

    Args:
        what: Is going on, ``fetching cub.tgz``.
        total: Bytes in all, if that is known.
        start: Bytes that are there already.
    """

    bar: ClassVar[dict[str, Any]] = {"unit": "B", "unit_scale": True}
    """How a bar counts."""

    def __init__(self, what: str, total: int | None, start: int = 0) -> None:
        self.what, self.total, self.start = what, total, start
        self.position = start
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self: Shown) -> Shown:
        self._began = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = tqdm(desc=self.what, total=self.total, initial=self.start, file=sys.stderr, **self.bar)
        else:
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
        if self._bar is None and now - self._said >= EVERY:
            self._said = now
            share = f" of {self.many(self.total)} ({position / self.total:.0%})" if self.total else ""
            say(f"{self.what}: {self.many(position)}{share}, {self._rate(now)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif error is None:
            now = time.monotonic()
            say(f"{self.what}: done, {self.many(self.position)} in {now - self._began:.0f} s, {self._rate(now)}")

    def _rate(self, now: float) -> str:
        return f"{self.many((self.position - self.start) / max(now - self._began, 1e-3))}/s"

    def many(self, count: float) -> str:
        """So much, in words."""
        return in_words(count)
