"""A chart of named points, drawn by hand: what each costs and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from embedding_transfer.report import markup
from embedding_transfer.report.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, frame, short, spanning

LINE, LETTER = 13, 6.5
"""Height of a line of words, and about the width of a letter, in a chart's units."""


class Point(NamedTuple):
    """A thing, where it lies, and the number of its color."""

    name: str
    x: float
    y: float
    color: int


def point_chart(title: str, points: Sequence[Point], x_title: str, y_title: str, unit: str = "%") -> str:
    """A figure with the points, their names beside them; costs on a scale of ratios.

    Args:
        title: Over it.
        points: At least one; their x is positive.
        x_title: What x is.
        y_title: What y is.
        unit: Behind y.
    """
    across = spanning([point.x for point in points], LEFT, WIDTH - RIGHT, is_log=True)
    up = spanning([point.y for point in points], HEIGHT - BOTTOM, TOP)
    marks, taken = [], list[tuple[float, float, float]]()
    for point in sorted(points, key=lambda point: point.y):
        a, b = across.at(point.x), up.at(point.y)
        tip = f"{point.name}\n{x_title}: {short(point.x)}\n{y_title}: {point.y:.2f} {unit}"
        on_left = a > WIDTH * 0.6
        words = point.name if len(point.name) <= 24 else point.name[:23] + "…"
        label = _free_line(b + 4, a - LETTER * len(words) if on_left else a, LETTER * len(words), taken)
        color = f"var(--s{point.color % 10})"
        beside = a - 8 if on_left else a + 8
        if abs(label - b - 4) > LINE / 2:  # words that had to move: a line leads to their point
            marks.append(f'<line class="grid" x1="{a:g}" y1="{b:g}" x2="{beside:g}" y2="{label - 4:g}"/>')
        marks.append(
            f'<circle cx="{a:g}" cy="{b:g}" r="6" fill="{color}" tabindex="0" role="img" '
            f'aria-label="{markup.text(tip)}" data-tip="{_lines(tip)}"/>'
            f'<text class="label" x="{a - 10 if on_left else a + 10:g}" y="{label:g}" '
            f'text-anchor="{"end" if on_left else "start"}">{markup.text(words)}</text>'
        )
    return (
        f'<figure class="chart"><figcaption>{markup.text(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{markup.text(title)}">'
        f"{frame(across, up, x_title, f'{y_title} in {unit}')}{''.join(marks)}</svg></figure>"
    )


def _free_line(wanted: float, left: float, width: float, taken: list[tuple[float, float, float]]) -> float:
    """Where words begin that overlap no others: as near to ``wanted`` as may be; keeps in mind what it gives away."""
    steps = sorted((LINE * step for step in range(-16, 17)), key=abs)
    inside = [wanted + step for step in steps if TOP + LINE <= wanted + step <= HEIGHT - BOTTOM - 2]
    free = (
        line
        for line in inside
        if not any(abs(line - y) < LINE and left < x + size and x < left + width for x, size, y in taken)
    )
    line = next(free, wanted)
    taken.append((left, width, line))
    return line


def _lines(tip: str) -> str:
    return "&#10;".join(markup.text(line) for line in tip.split("\n"))
