"""File names that can be printed and written, whatever bytes they are made of."""

from __future__ import annotations

import os

from embedding_transfer.errors import escaped


def printable(path: str | os.PathLike[str]) -> str:
    r"""A path with escapes in place of bytes that are no UTF-8, line breaks and control characters.

    Example::

        >>> printable("caf\udce9.png")
        'caf\\udce9.png'
    """
    return escaped(os.fspath(path))
