"""Pages of a grid: one for each recipe, and the index of all with its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from embedding_transfer.grid.table import Row, head_and_cells
from embedding_transfer.report import markup
from embedding_transfer.report.page import Page
from embedding_transfer.report.runs.page import RunsPage
from embedding_transfer.report.runs.side import Side
from embedding_transfer.report.runs.sides import sides_of
from embedding_transfer.training.run_record import read_runs


def write_pages(tables: Mapping[str, Sequence[Row]], runs: Mapping[str, Sequence[Path]], output: Path) -> Path:
    """Write ``OUTPUT/RECIPE/report.html`` for each recipe and ``OUTPUT/index.html``; returns the latter.

    They show what the runs have written down; no network is opened.

    Args:
        tables: The rows of each recipe.
        runs: Its finished run directories.
        output: Folder of the grid.
    """
    index = Page(f"Trainings in {output}")
    index.text("Scores in %, mean ± standard deviation over seeds; last: of the last epoch.")
    for recipe, rows in tables.items():
        page = _page_of(recipe, rows, runs[recipe])
        page.write(output / recipe / "report.html")
        index.heading(recipe)
        index.table(*head_and_cells(rows), title=recipe)
        index.markup(
            f'<p><a href="{markup.text(recipe)}/report.html">curves and options of {markup.name(recipe)}</a></p>'
        )
    index.write(output / "index.html")
    return output / "index.html"


def _page_of(recipe: str, rows: Sequence[Row], folders: Sequence[Path]) -> RunsPage:
    """Baselines first, then the runs by method."""
    records = read_runs(folders)
    score = next((name.partition("@")[0] for run in records for name in run.scores), "recall")
    baselines = [
        Side(
            row.method,
            "baseline",
            row.size.dim,
            {f"{score}@{k}": tuple(values) for k, values in row.best.items()},
            row.size.cost,
        )
        for row in rows
        if not row.seconds
    ]
    by_method = {row.method: row.size.cost for row in rows if row.seconds}
    costs = {run.name: by_method[run.folder.parent.name] for run in records if run.folder.parent.name in by_method}
    notes = [f"embedding-transfer report {folders[0]} ... shows what runs find."]
    return RunsPage(records, [*baselines, *sides_of(records, None, costs)], None, notes)
