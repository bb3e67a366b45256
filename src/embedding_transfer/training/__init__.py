"""Training: the loop, its objectives, options, optimizers, run directory, processes.

Importing this room costs no torch: options are read, and help is printed, without it.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("Training", "TrainingResult"):
        from embedding_transfer.training import loop

        return getattr(loop, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
