"""A chart of lines over epochs, drawn by hand: axes, a legend, values where the pointer or the arrow keys are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedding_transfer.report import markup
from embedding_transfer.report.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, frame, short, spanning
from embedding_transfer.report.html_table import html_table

DASHES = ("", "7 3", "2 3", "9 3 2 3")
"""Lines are told apart by these, too, where colors begin anew or cannot be seen."""


def line_chart(title: str, x: Sequence[int], lines: Mapping[str, Sequence[float | None]], unit: str = "") -> str:
    """A figure with the lines, and their numbers under it, folded.

    Args:
        title: Over it.
        x: The epochs, ascending.
        lines: Values at these by the names of lines; ``None``: there is none.
        unit: Behind the values.
    """
    values = [value for line in lines.values() for value in line if value is not None]
    across = Axis(x[0], max(x[-1], x[0] + 1), LEFT, WIDTH - RIGHT)
    up = spanning(values, HEIGHT - BOTTOM, TOP)
    at = [across.at(epoch) for epoch in x]
    drawn = "".join(_line(number, at, line, up) for number, line in enumerate(lines.values()))
    shown = {name: [_shown(value, unit) for value in line] for name, line in lines.items()}
    hover: dict[str, Any] = {"x": list(x), "at": at}
    hover["series"] = [{"name": name, "shown": texts} for name, texts in shown.items()]
    ticks = [tick for tick in across.ticks() if float(tick).is_integer() and tick <= x[-1]]
    cross = f'<line class="cross" y1="{TOP}" y2="{HEIGHT - BOTTOM}" visibility="hidden"/>'
    described = f"{title}: {_described(lines, unit)}. The arrow keys read values; all are in the table below."
    head, rows = ["epoch", *lines], [[str(e), *(shown[name][i] for name in lines)] for i, e in enumerate(x)]
    return (
        f'<figure class="chart"><figcaption>{markup.text(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" tabindex="0" aria-label="{markup.text(described)}" '
        f'data-curves="{markup.data(hover)}">{frame(across, up, "epoch", unit, ticks)}{drawn}{cross}</svg>'
        f"{_legend(list(lines))}<details><summary>numbers</summary>{html_table(head, rows, title)}</details></figure>"
    )


def _line(number: int, at: Sequence[float], values: Sequence[float | None], up: Axis) -> str:
    """A path through the values that are there, and a dot at each if they are few."""
    points = [(place, up.at(value)) for place, value in zip(at, values, strict=True) if value is not None]
    path = " ".join(f"{a:g},{b:g}" for a, b in points)
    dots = "".join(f'<circle cx="{a:g}" cy="{b:g}" r="2.5"/>' for a, b in points) if len(points) <= 30 else ""
    color = f"var(--s{number % 10})"
    return f'<g fill="{color}"><path stroke="{color}"{_dash(number)} d="M{path}"/>{dots}</g>' if points else ""


def _dash(number: int) -> str:
    dash = DASHES[number % len(DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _legend(names: Sequence[str]) -> str:
    items = "".join(
        f'<li><svg viewBox="0 0 26 10" aria-hidden="true"><path stroke="var(--s{number % 10})"{_dash(number)} '
        f'd="M0,5 26,5"/></svg>{markup.name(name)}</li>'
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'


def _described(lines: Mapping[str, Sequence[float | None]], unit: str) -> str:
    """First and last value of each line in words."""
    parts = []
    for name, line in lines.items():
        there = [value for value in line if value is not None]
        if there:
            parts.append(f"{name} from {_shown(there[0], unit)} to {_shown(there[-1], unit)}")
    return "; ".join(parts)


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.2f} {unit}" if unit == "%" else f"{short(value)} {unit}".strip()
