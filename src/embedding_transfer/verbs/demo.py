"""The demo: one source, the three settings of the method, on letters; a table and a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def demo(output: Path = Path("demo-run"), quick: bool = False) -> list[dict[str, Any]]:
    """Train a source on Latin letters, transfer it in three settings, test all on scripts never seen.

    Args:
        output: Folder for the runs, the table and the page; networks that are there already are not trained again.
        quick: Thinner networks and one epoch (under 90 seconds on 2 cores): shows the way rather than the result.

    Returns:
        One row of the table for each network.
    """
    from embedding_transfer.grid.demo import run_demo  # imports torch

    return run_demo(Path(output), quick)
