"""Curves of a training: loss and Recall@K over epochs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image


def training_curves(lines: Sequence[dict[str, Any]]) -> Image.Image:
    """Loss (left) and Recall@K in percent (right), from the lines of metrics.jsonl."""
    figure = Figure(figsize=(10, 3.2), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharex=True)
    for name in (name for name in lines[0] if name == "loss" or name.endswith("_loss")):
        left.plot([line["epoch"] for line in lines], [line[name] for line in lines], label=name.replace("_", " "))
    evaluated = [line for line in lines if any(name.startswith("recall@") for name in line)]
    for name in (name for name in evaluated[-1] if name.startswith("recall@")):
        percent = [100 * line[name] for line in evaluated]
        right.plot([line["epoch"] for line in evaluated], percent, marker=".", label=f"R@{name.split('@')[1]}")
    left.set(xlabel="epoch", ylabel="loss")
    right.set(xlabel="epoch", ylabel="Recall@K in %")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize="small")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer)
