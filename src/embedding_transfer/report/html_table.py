"""Tables of pages, whose columns sort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from embedding_transfer.report import markup


class Cell(NamedTuple):
    """What a cell shows, and the number by which its column sorts; ``None``: by what it shows, or last if empty."""

    shown: str
    value: float | None = None


def html_table(head: Sequence[str], rows: Sequence[Sequence[str | Cell]], title: str) -> str:
    """A table in a frame that scrolls sideways; the first cell of a row is its name.

    Args:
        head: A word for each column.
        rows: Their cells.
        title: What the table is about, for those who do not see it.
    """
    columns = "".join(_head(word, len(rows) > 1) for word in head)
    body = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{markup.text(title)}"><table>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _head(word: str, sorts: bool) -> str:
    inside = f'<button type="button">{markup.text(word)}</button>' if sorts and word else markup.text(word)
    return f'<th scope="col">{inside}</th>' if word else "<td></td>"


def _row(row: Sequence[str | Cell]) -> str:
    first, *others = (cell if isinstance(cell, Cell) else Cell(cell) for cell in row)
    cells = "".join(f"<td{_value(cell)}>{markup.name(cell.shown)}</td>" for cell in others)
    return f'<th scope="row"{_value(first)}>{markup.name(first.shown)}</th>{cells}'


def _value(cell: Cell) -> str:
    return "" if cell.value is None else f' data-value="{cell.value:.9g}"'
