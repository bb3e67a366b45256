"""Axes of drawn charts: where numbers lie, round numbers to write beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from embedding_transfer.report import markup

WIDTH, HEIGHT = 460, 260  # of a chart, in its own units
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 12, 40  # of it for what stands around


@dataclass(frozen=True)
class Axis:
    """Numbers from ``low`` to ``high`` along a line from ``start`` to ``end``.

    Args:
        low, high: The smallest and the largest number.
        start, end: Where they lie.
        is_log: Whether equal ratios, not equal differences, are equally far apart.

    Example::

        >>> axis = Axis(0, 10, 100, 200)
        >>> axis.at(5), axis.ticks()
        (150.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Where a number lies, to a tenth."""
        low, high, value = (math.log(v) for v in (self.low, self.high, value)) if self.is_log else (
            self.low, self.high, value
        )  # fmt: skip
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Round numbers along it: about five, on a scale of ratios powers of ten and what lies between them."""
        if self.is_log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
                found = [step * 10.0**power for power in powers for step in steps]
                found = [value for value in found if self.low <= value <= self.high]
                if len(found) >= 3:
                    break
            return found[:: math.ceil(len(found) / 8)]
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, 12) for number in range(first, last + 1)]


def spanning(values: Iterable[float], start: float, end: float, is_log: bool = False) -> Axis:
    """An axis on which all these numbers lie, with some room around them."""
    values = list(values) or [0.0, 1.0]
    low, high = min(values), max(values)
    if is_log:
        return Axis(low / 1.5, high * 1.5, start, end, is_log)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return Axis(max(low - room, 0.0) if low >= 0 else low - room, high + room, start, end)


def frame(x: Axis, y: Axis, x_title: str, y_title: str, x_ticks: Iterable[float] | None = None) -> str:
    """The lines and numbers of both axes, as SVG."""
    parts = []
    for value in y.ticks():
        parts.append(f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{y.at(value)}" y2="{y.at(value)}"/>')
        parts.append(f'<text x="{x.start - 6}" y="{y.at(value) + 4:.1f}" text-anchor="end">{short(value)}</text>')
    for value in x.ticks() if x_ticks is None else x_ticks:
        parts.append(f'<text x="{x.at(value)}" y="{y.start + 16}" text-anchor="middle">{short(value)}</text>')
    parts.append(f'<line class="axis" x1="{x.start}" x2="{x.end}" y1="{y.start}" y2="{y.start}"/>')
    middle = (x.start + x.end) / 2
    parts.append(f'<text x="{middle}" y="{y.start + 33}" text-anchor="middle">{markup.text(x_title)}</text>')
    if y_title:
        middle = (y.start + y.end) / 2
        turned = f'transform="rotate(-90 12 {middle})"'
        parts.append(f'<text x="12" y="{middle}" text-anchor="middle" {turned}>{markup.text(y_title)}</text>')
    return "".join(parts)


def short(value: float) -> str:
    """A number in few characters.

    Example::

        >>> [short(value) for value in (0, 0.00025, 0.1, 12, 70000, 1.8e9)]
        ['0', '2.5e-4', '0.1', '12', '70k', '1.8G']
    """
    if value != 0 and abs(value) < 0.001:
        mantissa, _, power = f"{value:.3e}".partition("e")
        return f"{float(mantissa):g}e{int(power)}"
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.4g}{letter}"
    return f"{value:.4g}"
