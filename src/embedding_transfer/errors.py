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


def nearest(wrong: str, names: Iterable[str]) -> str:
    """``", did you mean NAME?"``, or nothing if no name is near.

    Capitals, dashes and underscores do not count, and a whole word of a name (``dim``) is near to it.
    """

    def plain(name: str) -> str:
        return name.lower().replace("_", "").replace("-", "")

    by_plain_name = {plain(name): name for name in names}
    found = [by_plain_name[near] for near in get_close_matches(plain(wrong), by_plain_name, n=1, cutoff=0.6)]
    found += [name for name in by_plain_name.values() if wrong in name.split("_")]
    return f", did you mean {found[0]}?" if found else ""


def reason(error: BaseException) -> str:
    """The first line of another library's error, or its class if it has no message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def one_line(message: object) -> str:
    """A message without its line breaks."""
    return " ".join(str(message).split())
