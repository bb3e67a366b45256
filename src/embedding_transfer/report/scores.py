"""Which of the numbers of an epoch are scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def score_names(line: Mapping[str, Any]) -> list[str]:
    """The numbers of test images in a line of metrics.jsonl: Recall@K, or agreement with the source.

    Example::

        >>> score_names({"epoch": 1, "loss": 0.5, "recall@1": 0.7, "validation_recall@1": 0.8})
        ['recall@1']
    """
    return [name for name in line if name.startswith(("recall@", "overlap@")) or name == "rank_correlation"]
