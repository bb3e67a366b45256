"""Memory that is freed is kept for the next step, where the C library would hand it back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""What glibc's mallopt calls how much it hands back at a time, and how many blocks it maps on their own."""


def keep_freed_memory() -> None:
    """Let glibc take large blocks from its heap, and keep them there once they are freed.

    It maps every block of more than 32 MiB on its own and gives it back when it is freed, so that the activations of
    each step are new pages again, which the system has to clear. On a CPU that was a quarter of the time of a training
    step of MobileNetV2, and 4 % of ResNet's (docs/results/speed.md). The process keeps what it once needed, until it
    ends. Other C libraries are left as they are.
    """
    with suppress(AttributeError, OSError, TypeError):  # no glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, -1)
