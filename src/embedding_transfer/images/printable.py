"""File names that can be printed and written, whatever bytes they are made of."""

from __future__ import annotations

import os


def printable(path: str | os.PathLike[str]) -> str:
    r"""A path with escapes in place of bytes that are no UTF-8.

    Example::

        >>> printable("caf\udce9.png")
        'caf\\udce9.png'
    """
    return os.fspath(path).encode("utf-8", "backslashreplace").decode("utf-8")
