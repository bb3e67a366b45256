"""Runs a grid: what is finished is left alone, what failed stops no other, and all of it becomes one table."""

from __future__ import annotations

import dataclasses
import io
import shutil
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from embedding_transfer.errors import InputError, TrainingError, UsageError
from embedding_transfer.files import write_bytes
from embedding_transfer.grid.baselines import baselines
from embedding_transfer.grid.costs import Costs
from embedding_transfer.grid.pages import write_pages
from embedding_transfer.grid.picture import as_picture
from embedding_transfer.grid.plan import Cell
from embedding_transfer.grid.rehearsal import Rehearsal
from embedding_transfer.grid.shared_vectors import FOLDER, with_shared_vectors
from embedding_transfer.grid.table import (
    Row,
    as_csv,
    as_markdown,
    head_and_cells,
    lengths_of_run,
    row_of_baseline,
    row_of_runs,
)
from embedding_transfer.report.tables import print_table
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.training.evaluation import VALIDATION
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.train_source import train_source_network
from embedding_transfer.training.train_target import train_target_network
from embedding_transfer.training.transfer_options import TransferOptions


def run_cells(cells: Sequence[Cell], output: Path, dry_run: bool) -> dict[str, list[Row]]:
    """Train what is not finished, then write and print the table (see :func:`embedding_transfer.reproduce`)."""
    states = [cell.state() for cell in cells]
    counts = Counter(states)
    print(f"{len(cells)} trainings: {counts['finished']} finished, {counts['begun']} begun, {counts['new']} new")
    to_do = [cell for cell, state in zip(cells, states, strict=True) if state != "finished"]
    to_do = _fitting(cells, to_do, dry_run)
    if dry_run:
        print("\n".join(cell.command for cell in to_do))
        return {}
    try:
        failures = _train_all(with_shared_vectors(to_do, output))
    finally:
        shutil.rmtree(output / FOLDER, ignore_errors=True)
    finished = [cell for cell in cells if cell.method and cell.state() == "finished"]
    tables = _tables(finished, output)
    _write(tables, output)
    if tables:
        runs = {name: [cell.options.output for cell in finished if cell.recipe.name == name] for name in tables}
        print(f"page: {write_pages(tables, runs, output)}")
    if failures:
        folder, first = next(iter(failures.items()))
        kind = UsageError if all(isinstance(error, UsageError) for error in failures.values()) else TrainingError
        raise kind(f"{len(failures)} of {len(to_do)} trainings failed, the first: {folder}: {first}")
    return tables


def _fitting(cells: Sequence[Cell], to_do: list[Cell], dry_run: bool) -> list[Cell]:
    """What of a plan can be trained; says which methods do not fit their recipes.

    Raises:
        UsageError, InputError: If a recipe cannot be trained; of a dry run that is a note.
    """
    try:
        misfits = Rehearsal(to_do, downloads=not dry_run).misfits()
    except (UsageError, InputError) as error:
        if not dry_run:
            raise
        warnings.warn(f"this plan cannot be trained as it is: {error}", stacklevel=2)
        return to_do
    left_out = {id(to_do[number]): why for number, why in misfits.items()}
    for number, why in misfits.items():
        print(f"left out: {to_do[number].options.output}: {why}")
    for recipe in dict.fromkeys(cell.recipe.name for cell in cells):
        of_recipe = [cell for cell in cells if cell.recipe.name == recipe]
        if all(id(cell) in left_out for cell in of_recipe):
            raise UsageError(f"no method fits {of_recipe[0].recipe.file}, the first: {left_out[id(of_recipe[0])]}")
    return [cell for cell in to_do if id(cell) not in left_out]


def _train_all(cells: Sequence[Cell]) -> dict[Path, TrainingError | UsageError]:
    """Train cells; returns why those failed that did, by their folders."""
    errors = {cell.options.output: _train(cell, number, len(cells)) for number, cell in enumerate(cells, 1)}
    return {folder: error for folder, error in errors.items() if error is not None}


def _train(cell: Cell, number: int, count: int) -> TrainingError | UsageError | None:
    """Train one cell; returns why it failed, if it did."""
    print(f"\ntraining {number} of {count}: {cell.command}", flush=True)
    try:
        options = dataclasses.replace(cell.options, resume=True)
        if isinstance(options, SourceOptions):
            train_source_network(options)
        elif isinstance(options, TransferOptions):
            train_target_network(options)
    except (TrainingError, UsageError) as error:  # a method may not fit every recipe
        print(f"failed: {error}")
        return error
    return None


def _tables(finished: Sequence[Cell], output: Path) -> dict[str, list[Row]]:
    """The rows by recipe: baselines, then methods, in the order of the plan."""
    tables: dict[str, list[Row]] = {}
    for name in dict.fromkeys(cell.recipe.name for cell in finished):
        cells = [cell for cell in finished if cell.recipe.name == name]
        options = cells[0].options
        assert isinstance(options, TransferOptions)
        images, ks, chosen_on = options.images, options.ks, VALIDATION if options.validation else ""
        found = baselines(options, output / name / "baselines.json")
        costs = Costs(output / name / "costs.json", accelerator_on(options.device))
        of_source = costs.of_source(options)
        shorter = min(options.embedding_dim or of_source.dim or 0, of_source.dim or 0)
        rows = [
            row_of_baseline(name, images, baseline, recall, of_source._replace(dim=length))
            for (baseline, recall), length in zip(found.items(), (of_source.dim, shorter), strict=False)
        ]
        for method in dict.fromkeys(cell.method for cell in cells):
            runs = [cell.options.output for cell in cells if cell.method == method]
            lengths, size = [None, *lengths_of_run(runs[0])], costs.of_run(runs[0])
            rows += [row_of_runs(name, images, method, runs, ks, chosen_on, length, size) for length in lengths]
        tables[name] = rows
    return tables


def _write(tables: dict[str, list[Row]], output: Path) -> None:
    """Print the tables and write them."""
    for name, rows in tables.items():
        print(f"\n{name}")
        print_table(*head_and_cells(rows))
    if not tables:
        return
    picture = io.BytesIO()
    as_picture(tables).save(picture, format="png")
    for name, content in (
        ("table.md", as_markdown(tables).encode()),
        ("table.csv", as_csv(tables).encode()),
        ("table.png", picture.getvalue()),
    ):
        write_bytes(output / name, content)
    print(f"\ntable: {output / 'table.md'}  numbers: {output / 'table.csv'}  picture: {output / 'table.png'}")
