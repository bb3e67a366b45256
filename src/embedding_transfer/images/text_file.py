"""Text files that lists and tables come in, in the encodings that spreadsheets write."""

from __future__ import annotations

import codecs
from pathlib import Path

from embedding_transfer.errors import InputError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""First bytes that say how a file is encoded."""

UNMARKED = ("utf-8", "cp1252", "latin-1")
"""Tried in this order; the last reads any bytes."""


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, UTF-16, cp1252 (Windows) or Latin-1.

    Raises:
        InputError: If it cannot be read or is no text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError(f"cannot read {path}: it is no text; save it as CSV or text in UTF-8")


def _encodings(content: bytes) -> tuple[str, ...]:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return (encoding,)
    if content[1:2] == b"\0":  # a letter of ASCII in UTF-16 without a mark
        return ("utf-16-le",)
    return ("utf-16-be",) if content[:1] == b"\0" else UNMARKED
