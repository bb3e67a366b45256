"""The table of a grid: what was measured over seeds, beside what was published."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from embedding_transfer.grid.costs import NO_SIZE, Size
from embedding_transfer.grid.published import PublishedRecall, published_recall
from embedding_transfer.report.tables import markdown_table
from embedding_transfer.retrieval.lengths import name_at, scores_by_length
from embedding_transfer.training.run_directory import START

COSTS = ("bytes per vector", "parameters", "ms per picture")
"""What a network costs to run, as heads of columns."""


@dataclass(frozen=True)
class Row:
    """What one method reached under one recipe.

    Attributes:
        recipe: Its name, such as ``self-transfer/cub``.
        method: Of the paper, of your own, or a baseline.
        best: For each K, Recall@K (a fraction) of every seed's best epoch; of a baseline, its one number.
        last: The same of the last epochs; empty for a baseline.
        published: For each K that the paper reports.
        seconds: Of each training.
        start: Recall@K of each training before its first epoch, for the smallest K; empty for a baseline.
        size: Length of its vectors, and what its network costs to run.
    """

    recipe: str
    method: str
    best: Mapping[int, Sequence[float]]
    last: Mapping[int, Sequence[float]]
    published: Mapping[int, PublishedRecall]
    seconds: Sequence[float]
    start: Sequence[float] = ()
    size: Size = NO_SIZE


def row_of_runs(
    recipe: str,
    images: str,
    method: str,
    runs: Sequence[Path],
    ks: Sequence[int],
    chosen_on: str = "",
    length: int | None = None,
    size: Size = NO_SIZE,
) -> Row:
    """The row of some finished runs, which differ in their seeds.

    Args:
        recipe: Its name, setting first.
        images: The image set.
        method: Its name.
        runs: The run directories.
        ks: The K of Recall@K.
        chosen_on: What precedes ``recall@K`` in the name of the number that chooses the best epoch.
        length: Of the vectors' leading dimensions that the row is of; ``None``: all of them.
        size: Of its network.
    """
    best: dict[int, list[float]] = {k: [] for k in ks}
    last: dict[int, list[float]] = {k: [] for k in ks}
    seconds, start = [], []
    for run in runs:
        lines: list[dict[str, Any]] = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        kind = "recall" if f"recall@{min(ks)}" in lines[-1] else "overlap"
        score = f"{chosen_on}recall@{min(ks)}" if kind == "recall" else f"overlap@{max(ks)}"
        of_best_epoch = max((line for line in lines if score in line), key=lambda line: line[score])
        for k in ks:
            name = f"{kind}@{k}" if length is None else name_at(length, f"{kind}@{k}")
            best[k].append(of_best_epoch[name])
            last[k].append(lines[-1][name])
        seconds.append(sum(line["seconds"] for line in lines))
        if (run / START).exists():
            begun = f"{kind}@{min(ks)}" if length is None else name_at(length, f"{kind}@{min(ks)}")
            start.append(json.loads((run / START).read_text())[begun])
    if length is not None:
        return Row(recipe, f"{method}, first {length}", best, last, {}, seconds, start, size._replace(dim=length))
    return Row(recipe, method, best, last, _published(recipe, images, method), seconds, start, size)


def lengths_of_run(run: Path) -> list[int]:
    """The leading dimensions that a finished run measured beside the whole vectors, longest first."""
    return list(scores_by_length(json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])))


def row_of_baseline(recipe: str, images: str, method: str, recall: Mapping[str, float], size: Size = NO_SIZE) -> Row:
    """The row of a network that was not trained here: ``{"recall@1": ...}`` as fractions."""
    best = {int(name.partition("@")[2]): [value] for name, value in recall.items()}
    return Row(recipe, method, best, {}, _published(recipe, images, method), [], size=size)


def head_and_cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """The table of one recipe as text: scores in percent of best epoch, last epoch, published (if anything is); costs.

    Columns of costs of which nothing is known are left out.
    """
    ks = list(rows[0].best)
    published = sorted({k for row in rows for k in row.published})
    starts = [f"start R@{min(ks)}"] if any(row.start for row in rows) else []
    head = ["method", "runs", *starts, *(f"R@{k}" for k in ks), *(f"last R@{k}" for k in ks)]
    head += [f"published R@{k}" for k in published]
    costs = [_costs(row) for row in rows]
    kept = [column for column in range(len(COSTS)) if any(cells[column] for cells in costs)]
    head += [*(COSTS[column] for column in kept), "minutes"]
    return head, [
        [*_scores(row, ks, published, bool(starts)), *(cells[column] for column in kept), _minutes(row)]
        for row, cells in zip(rows, costs, strict=True)
    ]


def as_markdown(tables: Mapping[str, Sequence[Row]]) -> str:
    """All tables, by the names of their recipes."""
    parts = [f"## {recipe}\n\n{markdown_table(*head_and_cells(rows))}\n" for recipe, rows in tables.items()]
    return "\n".join(
        [
            "Recall@K in % (without labels: overlap@K, the share of the source's K nearest that are among the "
            "target's), mean and standard deviation over seeds. *start R@K* is that of the network "
            "before its first epoch, *R@K* of the best epoch, *last R@K* of the last one. Bytes are of a vector in "
            "float32, *ms per picture* the quickest of many calls for one picture on the machine that made this table. "
            "Minutes are those of one training, evaluation included.\n",
            *parts,
        ]
    )


def as_csv(tables: Mapping[str, Sequence[Row]]) -> str:
    """All numbers, one line for each recipe, method and K, in percent."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    protocols = ("best_mean", "best_std", "last_mean", "last_std")
    costs = [name.replace(" ", "_") for name in COSTS]
    writer.writerow(["recipe", "method", "k", "runs", *protocols, "published", "published_note", *costs])
    for row in (row for rows in tables.values() for row in rows):
        for k, best in row.best.items():
            numbers = [*_mean_and_std(best), *_mean_and_std(row.last.get(k, []))]
            shown = ["" if number is None else f"{number:.3f}" for number in numbers]
            published = row.published.get(k, ("", ""))
            costs = [cell.replace(",", "") for cell in _costs(row)]
            writer.writerow([row.recipe, row.method, k, len(row.seconds), *shown, *published, *costs])
    return text.getvalue()


def _scores(row: Row, ks: Sequence[int], published: Sequence[int], has_start: bool) -> list[str]:
    measured = [_spread(values.get(k, [])) for values in (row.best, row.last) for k in ks]
    reported = [str(row.published.get(k, "")) for k in published]
    start = [_spread(row.start)] if has_start else []
    runs = f"{len(row.seconds)}" if row.seconds else ""
    return [row.method, runs, *start, *measured, *reported]


def _costs(row: Row) -> list[str]:
    """As many as :data:`COSTS`."""
    dim, (parameters, _, milliseconds) = row.size
    return [
        f"{4 * dim:,}" if dim else "",
        f"{parameters:,}" if parameters else "",
        f"{milliseconds:.2f}" if milliseconds else "",
    ]


def _minutes(row: Row) -> str:
    return f"{mean(row.seconds) / 60:.1f}" if row.seconds else ""


def _spread(values: Sequence[float]) -> str:
    middle, deviation = _mean_and_std(values)
    if middle is None:
        return ""
    return f"{middle:.1f}" if deviation is None else f"{middle:.1f} ± {deviation:.1f}"


def _mean_and_std(values: Sequence[float]) -> tuple[float | None, float | None]:
    """In percent; the standard deviation of a sample needs two values."""
    percent = [100 * value for value in values]
    return (mean(percent) if percent else None), (stdev(percent) if len(percent) > 1 else None)


def _published(recipe: str, images: str, method: str) -> dict[int, PublishedRecall]:
    return published_recall(recipe.partition("/")[0], images, method)
