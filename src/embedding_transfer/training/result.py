"""How a training ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended.

    Attributes:
        output: Its run directory.
        best: The line of metrics.jsonl with the best Recall@K for the smallest K, of validation images if there are
            any; its network is best.safetensors.
        last: The line of metrics.jsonl of the last epoch.
        seconds: Of all epochs together.
    """

    output: Path
    best: dict[str, Any]
    last: dict[str, Any]
    seconds: float
