"""How far the embedding of pictures is: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import NoReturn

from tqdm import tqdm

from embedding_transfer.images.download.progress import EVERY, say


class PictureProgress:
    """Shows how many pictures are embedded while the block lasts: at the beginning, every minute and at the end.

    Args:
        what: Is going on, ``embedding photos``.
        total: Number of pictures.
        done: How many were embedded before.
    """

    def __init__(self, what: str, total: int, done: int = 0) -> None:
        self.what, self.total, self.done, self.before = what, total, done, done
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> PictureProgress:
        self._began = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = tqdm(desc=self.what, total=self.total, initial=self.done, file=sys.stderr, unit="img")
        else:
            there = f", of which {self.done:,} are there already" if self.done else ""
            say(f"{self.what}: {self.total:,} pictures{there}")
        return self

    def more(self, count: int) -> None:
        """Tell that ``count`` more pictures are embedded."""
        self.done += count
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(count)
        elif now - self._said >= EVERY:
            self._said = now
            left = (self.total - self.done) / self._rate(now)
            say(f"{self.what}: {self.done:,} of {self.total:,}, about {left / 60:.0f} min left")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif error is None:
            now = time.monotonic()
            say(f"{self.what}: done in {now - self._began:.0f} s, {self._rate(now):.1f} pictures a second")

    def _rate(self, now: float) -> float:
        """Pictures a second."""
        return max(self.done - self.before, 1e-3) / max(now - self._began, 1e-3)
