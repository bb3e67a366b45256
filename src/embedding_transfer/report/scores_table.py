"""Scores of networks: a table for the terminal, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedding_transfer.files import write_text
from embedding_transfer.report.tables import print_table

ABOUT = ("network", "gallery", "dim", "bytes", "parameters")
"""What a row says besides its scores."""


def print_scores(what: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what was measured, and a line for each network; where there are several, with what each costs.

    Args:
        what: The images and the distance.
        rows: :data:`ABOUT` of it and the scores as fractions; ``gallery`` where another network was searched in.
    """
    scores = [name for name in rows[0] if name not in ABOUT]
    costs = ["bytes per vector", "parameters"] if len(rows) > 1 else []
    print(what)
    print_table(
        ["network", "dimensions", *costs, *scores],
        [
            [
                _named(row),
                str(row["dim"]),
                *([f"{row['bytes']:,}", f"{row['parameters']:,}" if row["parameters"] else ""] if costs else []),
                *(f"{100 * row[name]:.2f} %" for name in scores),
            ]
            for row in rows
        ],
    )


def write_scores(path: Path, images: str, metric: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the same as JSON: ``{"images": ..., "metric": ..., "networks": [rows]}``."""
    data = {"images": images, "metric": metric, "networks": list(rows)}
    write_text(path, json.dumps(data, indent=2) + "\n")


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['network']} in {row['gallery']}" if "gallery" in row else str(row["network"])
