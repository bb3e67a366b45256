"""What Python does while it reads a hostile input: written files, started programs, imported code, time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "pty.spawn")
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree")
REACHES = ("socket.connect", "socket.getaddrinfo", "webbrowser.open")

LONGEST = 120
"""Seconds after which an input counts as one that hangs; it is generous, since the machine may be busy."""

_allowed: Path | None = None
_seen: list[str] = []


class Hang(BaseException):
    """Not an Exception, so that nobody catches it."""


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """The deeds of the block that are none of its business: it may write below ``folder`` alone, and start nothing."""
    global _allowed
    _seen.clear()
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST)
    _allowed = folder.resolve()
    try:
        yield _seen
    finally:
        _allowed = None
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise Hang(f"no end after {LONGEST} seconds")


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _allowed is None:
        return
    writes = (event == "open" and _writes(arguments)) or event in CHANGES
    if event.startswith(STARTS) or event in REACHES or (writes and _is_outside(arguments[0])):
        _seen.append(f"{event} {arguments!r:.200}")


def _writes(arguments: tuple[object, ...]) -> bool:
    mode, flags = arguments[1:3]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _is_outside(path: object) -> bool:
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str | Path) or _allowed is None:
        return False
    place = os.path.realpath(path)
    return (
        place != os.devnull and "__pycache__" not in place and not place.startswith((f"{_allowed}{os.sep}", "/proc/"))
    )


sys.addaudithook(_hook)
