"""Listed files: which of them are there, in whatever way their paths are written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from unicodedata import normalize


def find_files(paths: Iterable[str]) -> list[str | None]:
    """Each path as it is written on the disk, ``None`` where there is no such file; every folder is listed only once.

    Example::

        find_files(["cat/0.png", "cat\\\\0.png", "nowhere.png"])  # cat/0.png, cat/0.png, None
    """
    names: dict[str, frozenset[str]] = {}  # of the files in a folder

    def is_there(path: str) -> bool:
        folder, name = os.path.split(path)
        if folder not in names:
            try:
                names[folder] = frozenset(os.listdir(folder or "."))
            except OSError:  # no folder, or none that may be listed
                names[folder] = frozenset()
        return name in names[folder]

    return [next((spelled for spelled in _spellings(path) if is_there(spelled)), None) for path in paths]


def _spellings(path: str) -> Iterator[str]:
    """As it stands; with the slashes of this system; with accents in one letter (most systems) or two (Apple's)."""
    yield path
    slashed = path.replace("\\", "/")
    if slashed != path:
        yield slashed
    if not path.isascii():
        yield normalize("NFC", slashed)
        yield normalize("NFD", slashed)
