"""A chart of named points, drawn by hand: what each costs and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from embedding_transfer.report import markup
from embedding_transfer.report.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, frame, short, spanning


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
    marks, taken = [], list[tuple[float, float]]()
    for point in sorted(points, key=lambda point: point.y):
        a, b = across.at(point.x), up.at(point.y)
        tip = f"{point.name}\n{x_title}: {short(point.x)}\n{y_title}: {point.y:.2f} {unit}"
        label = b + 4
        while any(abs(label - other) < 13 and abs(a - beside) < 150 for beside, other in taken):
            label -= 13
        taken.append((a, label))
        on_left = a > WIDTH * 0.6
        words = point.name if len(point.name) <= 24 else point.name[:23] + "…"
        color = f"var(--s{point.color % 10})"
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


def _lines(tip: str) -> str:
    return "&#10;".join(markup.text(line) for line in tip.split("\n"))
