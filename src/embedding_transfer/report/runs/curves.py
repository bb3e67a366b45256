"""Curves of runs over epochs: losses, what was measured, learning rate, speed."""

from __future__ import annotations

from collections.abc import Sequence

from embedding_transfer.report.line_chart import line_chart
from embedding_transfer.report.runs.record import RunRecord
from embedding_transfer.report.runs.side import Side, column_name
from embedding_transfer.report.scores import score_names


def curves_of(runs: Sequence[RunRecord], sides: Sequence[Side] = ()) -> str:
    """Figures as HTML: the parts of one run's loss and all its scores, or one line for each of several runs.

    Args:
        runs: Runs with at least one epoch.
        sides: Sources among them are lines across the chart of scores.
    """
    runs = [run for run in runs if run.lines]
    if not runs:
        return ""
    scored = [*runs[0].lines, *([] if runs[0].start is None else [runs[0].start])]
    names = list(dict.fromkeys(name for line in scored for name in score_names(line)))
    losses = [name for name in runs[0].lines[0] if name == "loss" or name.endswith("_loss")]
    if len(runs) == 1:
        charts = [
            _chart("Loss", runs, losses),
            _chart("Found among the test pictures", runs, names, sides, percent=True),
        ]
    else:
        charts = [_chart("Loss", runs, losses[:1])]
        charts.append(_chart(f"{column_name(names[0])}", runs, names[:1], sides, percent=True) if names else "")
    charts += [_chart("Learning rate", runs, ["lr"]), _chart("Pictures per second", runs, ["images_per_second"])]
    return f'<div class="charts">{"".join(charts)}</div>'


def _chart(
    title: str, runs: Sequence[RunRecord], names: Sequence[str], sides: Sequence[Side] = (), percent: bool = False
) -> str:
    lines_of = {run.name: [*([run.start] if run.start and percent else []), *run.lines] for run in runs}
    epochs = sorted({int(line["epoch"]) for lines in lines_of.values() for line in lines})
    drawn: dict[str, list[float | None]] = {}
    for run, lines in lines_of.items():
        for name in names:
            at = {int(line["epoch"]): line[name] * (100 if percent else 1) for line in lines if name in line}
            label = column_name(name) if len(runs) == 1 else run
            drawn[label] = [at.get(epoch) for epoch in epochs]
    for side in sides:
        level = side.mean(names[0]) if side.role == "source" and names else None
        if level is not None and not any(run.is_named(side.name) for run in runs):
            drawn[f"{side.name} (source)"] = [level] * len(epochs)
    drawn = {name: values for name, values in drawn.items() if any(value is not None for value in values)}
    return line_chart(title, epochs, drawn, "%" if percent else "") if drawn else ""
