"""The table of a grid as a picture: one dot for each training."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from embedding_transfer.grid.table import Row

MEASURED, PUBLISHED, BASELINE = "tab:blue", "tab:orange", "0.35"


def as_picture(tables: Mapping[str, Sequence[Row]]) -> Image.Image:
    """:func:`figure_of` as pixels."""
    buffer = io.BytesIO()
    figure_of(tables).savefig(buffer, format="png")
    return Image.open(buffer)


def figure_of(tables: Mapping[str, Sequence[Row]]) -> Figure:
    """Recall@K of the smallest K in percent, a panel for each recipe, best methods above.

    A dot is the best epoch of one training, a bar their mean, a diamond the published number; baselines without
    training, the source first of all, are lines across the panel.
    """
    heights = [1.2 + 0.3 * len(_trained(rows)) for rows in tables.values()]
    figure = Figure(figsize=(8, sum(heights)), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(tables), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel, (recipe, rows) in zip(panels, tables.items(), strict=True):
        _draw(panel, recipe, rows)
    figure.supxlabel("dot: best epoch of one training · bar: their mean · diamond: published", fontsize="small")
    return figure


def _draw(panel: Axes, recipe: str, rows: Sequence[Row]) -> None:
    trained = sorted(_trained(rows), key=lambda row: mean(_percent(row)))  # the best one comes last, at the top
    for height, row in enumerate(trained):
        values = _percent(row)
        panel.plot(values, [height] * len(values), "o", color=MEASURED, alpha=0.6, markersize=5)
        panel.plot([mean(values)], [height], "|", color=MEASURED, markersize=14, markeredgewidth=2)
        published = row.published.get(min(row.best))
        if published is not None:
            panel.plot([published.percent], [height], "D", color=PUBLISHED, markerfacecolor="none")
    for number, row in enumerate(row for row in rows if not row.last):
        (value,) = _percent(row)
        panel.axvline(value, color=BASELINE, linestyle="--", linewidth=1)
        panel.annotate(
            f"{row.method} {value:.1f}", (value, 1), (0, 2 + 11 * number), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", va="bottom", fontsize="small", color=BASELINE,
        )  # fmt: skip
    panel.set_yticks(range(len(trained)), [row.method for row in trained])
    panel.set_ylim(-0.6, len(trained) - 0.4)
    panel.set_title(recipe, loc="left", pad=30, fontweight="bold")
    panel.set_xlabel(f"Recall@{min(rows[0].best)} in %")
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(alpha=0.25)


def _trained(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.last]


def _percent(row: Row) -> list[float]:
    return [100 * value for value in row.best[min(row.best)]]
