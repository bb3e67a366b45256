"""Paths of a million files in little memory: one string of bytes, and where each path ends in it."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import index
from pathlib import Path
from typing import overload

import numpy as np

CODING = ("utf-8", "surrogatepass")
"""Of the bytes; takes names of any bytes, which Python holds as surrogates."""


class PathList(Sequence[Path]):
    """A list of paths that are made on access; it does not change.

    A list of a million ``Path`` objects takes some 500 bytes each, and processes that share it copy all of them, since
    to look at an object is to count its references. This takes the characters and 8 bytes for each path, in two
    objects.

    Args:
        paths: Paths or strings.

    Example::

        >>> paths = PathList(["a/0.png", "a//1.png"])
        >>> paths[1].name, len(paths), paths == [Path("a/0.png"), Path("a/1.png")]
        ('1.png', 2, True)
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]] = ()) -> None:
        joined, ends = bytearray(), array("q", [0])
        for path in paths:
            joined += _plain(path).encode(*CODING)
            ends.append(len(joined))
        self._joined = bytes(joined)
        self._ends = np.array(ends, dtype=np.int64)  # (n + 1,): path i reaches from place i to place i + 1

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Path: ...

    @overload
    def __getitem__(self, place: slice) -> PathList: ...

    def __getitem__(self, place: int | slice) -> Path | PathList:
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        number = index(place)
        if not -len(self) <= number < len(self):
            raise IndexError(f"no path {number} in a list of {len(self)}")
        number %= len(self)
        return Path(self._joined[self._ends[number] : self._ends[number + 1]].decode(*CODING))

    def __iter__(self) -> Iterator[Path]:
        return map(Path, self.strings())

    def strings(self) -> Iterator[str]:
        """The paths as strings, several times faster than as ``Path``."""
        ends = iter(self._ends.tolist())
        start = next(ends)
        for end in ends:
            yield self._joined[start:end].decode(*CODING)
            start = end

    def take(self, rows: np.ndarray) -> PathList:
        """The paths at some places, in the order that is asked for."""
        taken = PathList()
        starts, stops = self._ends[:-1][rows], self._ends[1:][rows]
        taken._joined = b"".join(
            self._joined[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
        )
        taken._ends = np.concatenate([[0], np.cumsum(stops - starts)])
        return taken

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PathList):
            return self._joined == other._joined and np.array_equal(self._ends, other._ends)
        return isinstance(other, Sequence) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        shown = ", ".join(str(path) for path in self[:3])
        return f"PathList({len(self):,}: {shown}{', ...' if len(self) > 3 else ''})"


def _plain(path: str | os.PathLike[str]) -> str:
    """A path as ``Path`` writes it; most are written so already, and then no object is made."""
    text = path if type(path) is str else os.fspath(path)
    is_plain = os.sep == "/" and "//" not in text and "/." not in text and text[:1] not in (".", "") and text[-1] != "/"
    return text if isinstance(path, Path) or is_plain else str(Path(text))
