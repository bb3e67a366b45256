"""An end that was asked for: by a cluster, a closed terminal or the keyboard; wherever it comes, it is not lost."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_told: list[KeyboardInterrupt] = []
"""What has come since :func:`ends_by_signal` was entered."""


class ToldToEnd(KeyboardInterrupt):
    """SIGTERM or SIGHUP came; ends what runs just as Ctrl-C does.

    Args:
        number: Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)


@contextmanager
def ends_by_signal() -> Iterator[None]:
    """Inside, SIGTERM (a cluster wants its machine back) and SIGHUP (a closed terminal) raise :class:`ToldToEnd`.

    Python drops what is raised while it forks (a loader's process) or finalizes an object; :func:`end_if_told` raises
    that, and a Ctrl-C of that moment, once more.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        _told.append(ToldToEnd(number))
        raise _told[-1]

    def keep(dropped: UnraisableHookArgs) -> None:
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            _told.append(dropped.exc_value)
        else:
            hook_before(dropped)

    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in wanted}
    hook_before, sys.unraisablehook = sys.unraisablehook, keep
    try:
        yield
    finally:
        sys.unraisablehook = hook_before
        for number, handler in before.items():
            signal.signal(number, handler)
        _told.clear()


def end_if_told() -> None:
    """Whatever takes long calls this again and again.

    Raises:
        KeyboardInterrupt: If an end was asked for, though nothing has come of it.
    """
    if _told:
        raise _told[-1]
