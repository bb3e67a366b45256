"""Reproduce: a grid of trainings, and the table of what came of them beside what was published."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from embedding_transfer.cli import function_of
from embedding_transfer.errors import TrainingError, UsageError
from embedding_transfer.files import write_bytes
from embedding_transfer.grid.baselines import baselines
from embedding_transfer.grid.methods import AS_RELEASED, chosen_methods, load_methods
from embedding_transfer.grid.picture import as_picture
from embedding_transfer.grid.plan import Cell, plan_cells, read_recipe
from embedding_transfer.grid.table import Row, as_csv, as_markdown, head_and_cells, row_of_baseline, row_of_runs
from embedding_transfer.report.tables import print_table
from embedding_transfer.training.loop import VALIDATION


def reproduce(
    recipes: tuple[Path, ...],
    output: Path = Path("runs/reproduce"),
    methods: tuple[str, ...] = ("Labels", *AS_RELEASED),
    methods_file: Path | None = None,
    seeds: tuple[int, ...] = (0,),
    dry_run: bool = False,
    overrides: tuple[str, ...] = (),
) -> dict[str, list[Row]]:
    """Run recipes with many methods and seeds, and put the results in one table beside the published numbers.

    Every training has an ordinary run directory, OUTPUT/SETTING/IMAGES/METHOD/seed-N. What is finished there is not
    trained again, and what was interrupted goes on. The table compares with the source itself, with the principal
    components of its embeddings where the target's vector is shorter, and (method Labels) with the same target trained
    on labels alone.

    Args:
        recipes: Files of options: of ``transfer``, or of ``train-source``, which are run first.
        output: Folder for the run directories, ``table.md``, ``table.csv`` and ``table.png``.
        methods: Names of methods; Labels, the eight of the research code by default. There are also FitNet-tuned,
            Attention-tuned, CRD-tuned and PKT-tuned, and our own RelaxedContrastive-start (for targets of the source's
            backbone) and RelaxedContrastive-PKT.
        methods_file: YAML file with methods of your own: options by name.
        seeds: Of the trainings.
        dry_run: Print the plan and the commands, and do nothing.
        overrides: Any further option, such as ``--root`` or ``--epochs``, is one of every training.

    Returns:
        The rows of the table by recipe.

    Raises:
        UsageError: If a recipe, method or option does not exist, a run directory holds a run with other options, or
            several processes were started (each command of ``--dry-run`` can have several).
        TrainingError: If trainings failed (UsageError if all of them for wrong options); the others are in the table.

    Example::

        reproduce((Path("recipes/self-transfer/cub.yaml"),), methods=("RelaxedContrastive",), seeds=(0, 1, 2))
    """
    if any(option.startswith("--seed=") for option in overrides):
        raise UsageError("reproduce has --seeds, not --seed")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UsageError("reproduce runs in one process: give the commands of --dry-run to torchrun, then reproduce")
    chosen = chosen_methods(methods, load_methods(methods_file))
    cells = plan_cells([read_recipe(file) for file in recipes], chosen, seeds, output, overrides)
    states = [cell.state() for cell in cells]
    counts = Counter(states)
    print(f"{len(cells)} trainings: {counts['finished']} finished, {counts['begun']} begun, {counts['new']} new")
    to_do = [cell for cell, state in zip(cells, states, strict=True) if state != "finished"]
    if dry_run:
        print("\n".join(cell.command for cell in to_do))
        return {}
    failures = {cell.output: error for n, cell in enumerate(to_do, 1) if (error := _train(cell, n, len(to_do)))}
    tables = _tables([cell for cell in cells if cell.method and cell.state() == "finished"], output)
    _write(tables, output)
    if failures:
        folder, first = next(iter(failures.items()))
        kind = UsageError if all(isinstance(error, UsageError) for error in failures.values()) else TrainingError
        raise kind(f"{len(failures)} of {len(cells)} trainings failed, the first: {folder}: {first}")
    return tables


def _train(cell: Cell, number: int, count: int) -> TrainingError | UsageError | None:
    """Train one cell; returns why it failed, if it did."""
    print(f"\ntraining {number} of {count}: {cell.command}", flush=True)
    try:
        function_of(cell.verb)(**{**cell.options, "resume": True})
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
        images, ks, chosen_on = options["images"], options["ks"], VALIDATION if options["validation"] else ""
        found = baselines(options, output / name / "baselines.json")
        rows = [row_of_baseline(name, images, baseline, recall) for baseline, recall in found.items()]
        for method in dict.fromkeys(cell.method for cell in cells):
            runs = [cell.output for cell in cells if cell.method == method]
            rows.append(row_of_runs(name, images, method, runs, ks, chosen_on))
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
