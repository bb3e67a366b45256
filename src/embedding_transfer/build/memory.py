"""What cannot be held in memory is refused before any of it is allocated."""

from __future__ import annotations

import os

from embedding_transfer.errors import UsageError


def require_memory(n_bytes: int, what: str, remedy: str) -> None:
    """Refuse what is larger than the memory of this machine, where the system tells its size.

    Args:
        n_bytes: How much is needed at least.
        what: What needs it, for the message.
        remedy: What to do, for the message.

    Raises:
        UsageError: If it cannot fit.

    Example::

        >>> require_memory(10**18, "a batch of 10", "lower --batch-size")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        embedding_transfer.errors.UsageError: a batch of 10 needs 1,000,000,000.0 GB, and this machine has ... GB: ...
    """
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on this system
        return
    if n_bytes > there > 0:
        sizes = f"{n_bytes / 1e9:,.1f} GB, and this machine has {there / 1e9:,.1f} GB"
        raise UsageError(f"{what} needs {sizes}: {remedy}")


def require_memory_for_pictures(count: int, size: int, remedy: str) -> None:
    """Refuse more square pictures at a time, as floats, than the memory holds."""
    what = f"a batch of {count:,} views of {size:,} x {size:,} pixels"
    require_memory(count * 3 * size * size * 4, what, remedy)
