"""Runs on a terminal: their table, and the course of their numbers in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from embedding_transfer.errors import escaped
from embedding_transfer.report.html_table import Cell
from embedding_transfer.report.runs.hints import hints, leading_score
from embedding_transfer.report.runs.record import RunRecord
from embedding_transfer.report.runs.sentence import sentence_of
from embedding_transfer.report.runs.side import head_and_rows
from embedding_transfer.report.runs.sides import sides_of

if TYPE_CHECKING:
    from rich.console import Console

BARS = "▁▂▃▄▅▆▇█"
LONGEST = 40  # bars in a line


def show_runs(runs: Sequence[RunRecord], console: Console | None = None) -> None:
    """Print what the runs have written down; no network is opened.

    Args:
        runs: The runs.
        console: Of rich; default: standard output.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console()
    sides = sides_of(runs, None)
    for run in runs:
        console.print(Text(escaped(sentence_of(run, sides))))
    head, rows = head_and_rows(sides)
    numbers = Table(*head[:2])
    for word in head[2:]:
        numbers.add_column(word, justify="right")
    for row in rows:
        numbers.add_row(*(Text(escaped(cell.shown if isinstance(cell, Cell) else cell)) for cell in row))
    console.print(numbers)
    courses = Table("run", "number", "over the epochs", "first", "last")
    for run in runs:
        for name in ("loss", leading_score(run) or "", "lr", "images_per_second"):
            values = [float(line[name]) for line in run.lines if name in line]
            if values:
                ends = (f"{values[0]:.4g}", f"{values[-1]:.4g}")
                courses.add_row(Text(escaped(run.name)), Text(name), Text(sparkline(values)), *ends)
    console.print(courses)
    for hint in hints(runs, sides):
        console.print(Text(escaped(hint)))


def sparkline(values: Sequence[float], longest: int = LONGEST) -> str:
    """Numbers as bars of eight heights, from the smallest to the largest; of many numbers some, evenly spread.

    Example::

        >>> sparkline([0, 1, 7, 3.5])
        '▁▂█▄'
    """
    if len(values) > longest:
        values = [values[round(i * (len(values) - 1) / (longest - 1))] for i in range(longest)]
    low, high = min(values), max(values)
    if high == low:
        return BARS[0] * len(values)
    return "".join(BARS[int((value - low) / (high - low) * 7)] for value in values)
