"""What shorter vectors keep: a table for the terminal, a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedding_transfer.report.page import Page
from embedding_transfer.report.tables import print_table
from embedding_transfer.vectors.neighborhoods import in_columns

EXPLAINED = (
    "overlap@K: the share of the K true nearest neighbors that are among the K found. nearest in 10: how often the "
    "true nearest is among the 10 found. rank correlation: Spearman's, of distances. recall@1: how often the nearest "
    "is of the same class. bytes: of a vector. million mb: MB of a million of them in an index without structure."
)


def print_comparison(rows: Sequence[Mapping[str, Any]], count: int) -> None:
    """Print a line for each way, and among how many vectors was searched."""
    print(f"among {count:,} vectors")
    print_table(*_cells(rows))


def write_fidelity_page(path: Path, rows: Sequence[Mapping[str, Any]], count: int) -> None:
    """Write the same as a page."""
    page = Page("What the vectors keep")
    page.text(f"Measured among {count:,} vectors.")
    page.table(*_cells(rows))
    page.text(EXPLAINED)
    page.write(path)


def _cells(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    scores = [in_columns({name: value for name, value in row.items() if name != "way"}) for row in rows]
    head = ["vectors", *(name.replace("_", " ") for name in scores[0])]
    return head, [[str(row["way"]), *score.values()] for row, score in zip(rows, scores, strict=True)]
