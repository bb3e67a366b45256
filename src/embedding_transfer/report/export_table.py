"""Exported files side by side: a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedding_transfer.report.tables import print_table


def print_exports(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """Print a line for each file, and how it was measured.

    Args:
        rows: :func:`embedding_transfer.exports.measured.measure` gave.
        about: ``test``, ``threads`` and ``onnxruntime``.
    """
    has_recall = "recall@1" in rows[0]
    searched = f"Recall@1 among {about['test']}; " if has_recall else ""
    print(f"{searched}onnxruntime {about['onnxruntime']} on the CPU, threads: {about['threads']}, quickest of 7 calls")
    print_table(
        ["network", "MB", *(["recall@1"] if has_recall else []), "ms, batch of 1", "ms, batch of 32"],
        [
            [
                str(row["network"]),
                f"{row['bytes'] / 1e6:.2f}",
                *([f"{100 * row['recall@1']:.2f} %"] if has_recall else []),
                f"{row['ms_batch_1']:.2f}",
                f"{row['ms_batch_32']:.1f}",
            ]
            for row in rows
        ],
    )
