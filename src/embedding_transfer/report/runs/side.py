"""What stands side by side on a page: sources, what costs nothing to make of them, starts, targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, stdev

from torch import Tensor

from embedding_transfer.report.axes import short
from embedding_transfer.report.html_table import Cell
from embedding_transfer.report.runs.cost import UNKNOWN, Cost

MILLION = 1_000_000


@dataclass(frozen=True)
class Side:
    """Something that makes vectors, and what is known of it.

    Attributes:
        name: What the page calls it.
        role: ``source``, ``baseline``, ``start``, ``target`` or ``labels alone``.
        dim: Length of its vectors.
        scores: Fractions by the names of scores, one for each seed.
        cost: Of its network.
        vectors: (n, d) of the test pictures, of its first seed.
    """

    name: str
    role: str
    dim: int | None
    scores: Mapping[str, tuple[float, ...]]
    cost: Cost = UNKNOWN
    vectors: Tensor | None = None

    def mean(self, score: str) -> float | None:
        """In percent, over seeds."""
        values = self.scores.get(score)
        return 100 * mean(values) if values else None

    def shown(self, score: str) -> str:
        """In percent, with the standard deviation of a sample where there are several seeds."""
        middle, values = self.mean(score), self.scores.get(score, ())
        if middle is None:
            return ""
        return f"{middle:.2f} ± {100 * stdev(values):.2f}" if len(values) > 1 else f"{middle:.2f}"


def head_and_rows(sides: list[Side]) -> tuple[list[str], list[list[str | Cell]]]:
    """The table of all sides; columns of which nothing is known are left out."""
    scores = list(dict.fromkeys(name for side in sides for name in side.scores))
    columns = [f"{column_name(name)} in %" for name in scores]
    columns += ["dimensions", "bytes per vector", "index of a million", "parameters", "FLOPs", "ms per picture"]
    rows: list[list[str | Cell]] = [
        [side.name, side.role, *(Cell(side.shown(name), side.mean(name)) for name in scores), *_costs(side)]
        for side in sides
    ]
    kept = [0, 1, *(2 + i for i in range(len(columns)) if any(str(_text(row[2 + i])) for row in rows))]
    head = ["network", "what it is", *columns]
    return [head[i] for i in kept], [[row[i] for i in kept] for row in rows]


def column_name(score: str) -> str:
    """``R@1`` for ``recall@1``, ``MAP@R`` for ``map@r``, others in words."""
    return score.replace("recall@", "R@").replace("map@r", "MAP@R").replace("_", " ")


def _costs(side: Side) -> list[Cell]:
    dim, (parameters, flops, milliseconds) = side.dim, side.cost
    return [
        Cell(f"{dim:,}" if dim else "", dim),
        Cell(f"{4 * dim:,}" if dim else "", 4 * dim if dim else None),
        Cell(_bytes(4 * dim * MILLION) if dim else "", 4 * dim if dim else None),
        Cell(f"{parameters:,}" if parameters else "", parameters),
        Cell(short(flops) if flops else "", flops),
        Cell(f"{milliseconds:.2f}" if milliseconds else "", milliseconds),
    ]


def _bytes(count: int) -> str:
    return f"{count / 1e9:.3g} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"


def _text(cell: str | Cell) -> str:
    return cell.shown if isinstance(cell, Cell) else cell
