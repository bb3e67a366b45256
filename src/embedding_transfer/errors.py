"""Every error this package raises on purpose, and how its one line is written."""

from collections.abc import Iterable
from difflib import get_close_matches


class EmbeddingTransferError(Exception):
    """Base of all errors raised on purpose: catch this to catch them all (exit code 1)."""


class UsageError(EmbeddingTransferError, ValueError):
    """The call is wrong: an unknown name, a missing path, options that contradict each other (exit code 2)."""


class InputError(EmbeddingTransferError, ValueError):
    """What was given cannot be used: a corrupt image, an empty folder, tensors of shapes that do not fit."""


class TrainingError(EmbeddingTransferError, RuntimeError):
    """A training had to stop, for example because its loss was no longer finite."""


class DownloadError(EmbeddingTransferError, RuntimeError):
    """A file could not be fetched: the server is away, breaks off, or sends something else."""


LONGEST_NAME = 100
"""Nobody mistypes a longer one, and comparing it would take long."""


def nearest(wrong: str, names: Iterable[str]) -> str:
    """``", did you mean NAME?"``, or nothing if no name is near.

    Capitals, dashes and underscores do not count, and a whole word of a name (``dim``) is near to it.
    """

    def plain(name: str) -> str:
        return name.lower().replace("_", "").replace("-", "")

    if len(wrong) > LONGEST_NAME:
        return ""
    by_plain_name = {plain(name): name for name in names}
    found = [by_plain_name[near] for near in get_close_matches(plain(wrong), by_plain_name, n=1, cutoff=0.6)]
    found += [name for name in by_plain_name.values() if wrong in name.split("_")]
    return f", did you mean {found[0]}?" if found else ""


def reason(error: BaseException) -> str:
    """The first line of another library's error, or its class if it has no message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def one_line(message: object) -> str:
    r"""A message without its line breaks; characters that cannot be printed are written as escapes.

    Example::

        >>> one_line("two\nlines\x1b[2J")
        'two lines\\x1b[2J'
    """
    return escaped(" ".join(str(message).split()))


def escaped(text: str) -> str:
    r"""A text with escapes in place of what cannot be printed: control characters, bytes that are no UTF-8.

    Example::

        >>> escaped("caf\udce9\n.png")
        'caf\\udce9\\n.png'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shown(value: object, most: int = 60) -> str:
    """A value as messages show it: on one line, and not longer than ``most`` characters.

    Example::

        >>> shown("x" * 100, most=5)
        'xxxxx...'
    """
    try:
        text = escaped(str(value))
    except (ValueError, RecursionError):  # whole numbers of thousands of digits, data that refers to itself
        return f"a {type(value).__name__} that is too long to be shown"
    return text if len(text) <= most else f"{text[:most]}..."
