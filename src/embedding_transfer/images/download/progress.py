"""How far a transfer is: a bar on a terminal, elsewhere a line at the beginning, every minute and at the end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import NoReturn

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


class Progress:
    """Shows how far a transfer is while the block lasts.

    Args:
        what: Is going on, ``fetching cub.tgz``.
        total: Bytes in all, if that is known.
        start: Bytes that are there already.
    """

    def __init__(self, what: str, total: int | None, start: int = 0) -> None:
        self.what, self.total, self.start = what, total, start
        self.position = start
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Progress:
        self._began = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = tqdm(
                desc=self.what, total=self.total, initial=self.start, file=sys.stderr, unit="B", unit_scale=True
            )
        else:
            of_all = in_words(self.total) if self.total is not None else "of unknown size"
            there = f", of which {in_words(self.start)} are there" if self.start else ""
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
            share = f" of {in_words(self.total)} ({position / self.total:.0%})" if self.total else ""
            say(f"{self.what}: {in_words(position)}{share}, {self._rate(now)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif error is None:
            now = time.monotonic()
            say(f"{self.what}: done, {in_words(self.position)} in {now - self._began:.0f} s, {self._rate(now)}")

    def _rate(self, now: float) -> str:
        return f"{in_words((self.position - self.start) / max(now - self._began, 1e-3))}/s"
