"""Curves of a training: loss and Recall@K over epochs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image


def score_names(line: Mapping[str, Any]) -> list[str]:
    """The numbers of test images in a line of metrics.jsonl: Recall@K, or agreement with the source."""
    return [name for name in line if name.startswith(("recall@", "overlap@")) or name == "rank_correlation"]


def training_curves(lines: Sequence[dict[str, Any]], start: Mapping[str, Any] | None = None) -> Image.Image:
    """Loss (left) and what was measured in percent (right), from the lines of metrics.jsonl and that of the start."""
    figure = Figure(figsize=(10, 3.2), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharex=True)
    for name in (name for name in lines[0] if name == "loss" or name.endswith("_loss")):
        left.plot([line["epoch"] for line in lines], [line[name] for line in lines], label=name.replace("_", " "))
    evaluated = [*([] if start is None else [start]), *(line for line in lines if score_names(line))]
    for name in score_names(evaluated[-1]):
        percent = [100 * line[name] for line in evaluated]
        right.plot([line["epoch"] for line in evaluated], percent, marker=".", label=name.replace("recall@", "R@"))
    left.set(xlabel="epoch", ylabel="loss")
    right.set(xlabel="epoch", ylabel="Recall@K in %" if "recall@" in str(evaluated[-1]) else "agreement in %")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize="small")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer)
