"""Loggers beside metrics.jsonl: are they there, before anything is written?"""

from __future__ import annotations

import importlib.util
import os

from embedding_transfer.errors import UsageError


def check_logger(log: str | None) -> None:
    """That a logger is installed, and that wandb knows who is there.

    Raises:
        UsageError: If it is not; the message says what to do.
    """
    if log is None:
        return
    if importlib.util.find_spec(log) is None:
        raise UsageError(f"{log} is not installed: pip install 'embedding-transfer[{log}]'")
    if log == "wandb" and os.environ.get("WANDB_MODE", "online") == "online" and not _has_wandb_key():
        raise UsageError("wandb knows no login: run wandb login, or set WANDB_MODE=offline to log to a folder")


def _has_wandb_key() -> bool:
    import wandb

    return bool(wandb.api.api_key)
