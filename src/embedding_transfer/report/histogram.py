"""Histograms of shares, drawn by hand."""

from __future__ import annotations

from collections.abc import Sequence

from embedding_transfer.report import markup
from embedding_transfer.report.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, frame


def histogram(title: str, shares: Sequence[float], x_title: str) -> str:
    """A figure with a bar for each of the shares, over numbers from 0 to 1 in equal steps.

    Args:
        title: Over it.
        shares: They sum to 1.
        x_title: What the numbers are.
    """
    count = len(shares)
    across = Axis(0, 1, LEFT, WIDTH - RIGHT)
    up = Axis(0, 100 * max(*shares, 0.01) * 1.05, HEIGHT - BOTTOM, TOP)
    bars = []
    for number, share in enumerate(shares):
        a, b = across.at(number / count), across.at((number + 1) / count)
        top = up.at(100 * share)
        tip = f"{number / count:.2g} to {(number + 1) / count:.2g}: {100 * share:.1f} % of the pairs"
        bars.append(
            f'<rect x="{a + 1:g}" width="{b - a - 2:.1f}" y="{top:g}" height="{up.start - top:.1f}" '
            f'fill="var(--s0)" data-tip="{markup.text(tip)}"/>'
        )
    shown = "; ".join(f"{number / count:.2g}: {100 * share:.1f} %" for number, share in enumerate(shares))
    return (
        f'<figure class="chart"><figcaption>{markup.text(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{markup.text(f"{title}. From {shown}")}">'
        f"{frame(across, up, x_title, '% of pairs')}{''.join(bars)}</svg></figure>"
    )
