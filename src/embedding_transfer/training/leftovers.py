"""What a killed training leaves in its folder, and what belongs to no run."""

from __future__ import annotations

import re
from pathlib import Path

LOCK = ".lock"
"""Held by the training that writes to a folder."""

UNFINISHED = re.compile(
    r"\.?(config\.yaml|start\.json|metrics\.jsonl|state(-before)?\.pt|(best(-in-source-space)?|last)\.safetensors|report\.html)(\.\d+)?\.(part|tmp)"
)
"""Names of files of a run that were never written to their end, by this version and by earlier ones."""


def is_in_use(folder: Path) -> bool:
    """Whether a folder holds anything besides what a killed training left."""
    return any(not _is_left_over(path) for path in folder.iterdir())


def sweep(folder: Path) -> None:
    """Remove what a killed training left."""
    for path in folder.iterdir():
        if UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _is_left_over(path: Path) -> bool:
    return path.name == LOCK or UNFINISHED.fullmatch(path.name) is not None
