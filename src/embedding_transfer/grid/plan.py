"""The plan of a grid: one ordinary run directory, and one ordinary command, for each cell."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from embedding_transfer.cli import parse
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.grid.methods import Method, as_arguments
from embedding_transfer.training.run_directory import RunDirectory, plain


@dataclass(frozen=True)
class Recipe:
    """A file of options: of ``transfer`` if it names a source, of ``train-source`` if not."""

    file: Path
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Setting and image set, such as ``self-transfer/cub``: the last two parts of its path."""
        return f"{self.file.resolve().parent.name}/{self.file.stem}"

    @property
    def trains_a_source(self) -> bool:
        return "source" not in self.options


@dataclass(frozen=True)
class Cell:
    """One training of the grid.

    Attributes:
        recipe: Its recipe.
        method: The name of its method; empty for the training of a source.
        arguments: What comes after the verb on its command line.
        options: The same, parsed.
    """

    recipe: Recipe
    method: str
    arguments: list[str]
    options: dict[str, Any]

    @property
    def verb(self) -> str:
        return "train-source" if self.recipe.trains_a_source else "transfer"

    @property
    def output(self) -> Path:
        return Path(self.options["output"])

    @property
    def command(self) -> str:
        """What to type to run this cell alone."""
        return shlex.join(["embedding-transfer", self.verb, *self.arguments, "--resume"])

    def state(self) -> Literal["finished", "begun", "new"]:
        """How far its run directory is.

        Raises:
            UsageError: If the run there had other options.
        """
        wanted = {name: plain(value) for name, value in self.options.items() if value is not None}
        run = RunDirectory(self.output, wanted, resume=True)
        if not run.config_file.exists():
            return "new"
        epochs = len(run.metrics_file.read_text().splitlines()) if run.metrics_file.exists() else 0
        done = epochs == self.options["epochs"] and (self.output / "report.html").exists()
        return "finished" if done else "begun"


def read_recipe(file: Path) -> Recipe:
    """A recipe.

    Raises:
        UsageError: If there is no such file, or it trains a source without saying where to.
        InputError: If it does not hold options.
    """
    if not file.is_file():
        raise UsageError(f"no recipe {file}")
    options = yaml.safe_load(file.read_text())
    if not isinstance(options, dict):
        raise InputError(f"{file} is no recipe: it must hold options, such as: source: runs/source")
    recipe = Recipe(file, options)
    if recipe.trains_a_source and "output" not in options:
        raise UsageError(f"{file} names neither a source to transfer nor an output of a source to train")
    return recipe


def plan_cells(
    recipes: list[Recipe],
    methods: dict[str, Method],
    seeds: tuple[int, ...],
    output: Path,
    overrides: tuple[str, ...],
) -> list[Cell]:
    """All cells: sources first, then seed by seed, so that a grid that is stopped early has whole rows.

    Args:
        recipes: What is trained, and how.
        methods: Options beside the recipe's, by method.
        seeds: Of the trainings by transfer.
        output: Folder of their run directories.
        overrides: Options of every training, as typed, which win over recipes and methods.

    Raises:
        UsageError: If an option does not exist or fit, or two cells have one run directory.
    """
    cells = [_cell(recipe, "", [f"--config={recipe.file}", *overrides]) for recipe in recipes if recipe.trains_a_source]
    for seed in seeds:
        for recipe in (recipe for recipe in recipes if not recipe.trains_a_source):
            for name, method in methods.items():
                own = as_arguments(method)
                run = output / recipe.name / name / f"seed-{seed}"
                arguments = [f"--config={recipe.file}", *own, *overrides, f"--seed={seed}", f"--output={run}"]
                cells.append(_cell(recipe, name, arguments))
    folder, count = Counter(cell.output for cell in cells).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{count} trainings would write to {folder}: give their recipes different names")
    return cells


def _cell(recipe: Recipe, method: str, arguments: list[str]) -> Cell:
    options = parse("train-source" if recipe.trains_a_source else "transfer", arguments)
    return Cell(recipe, method, arguments, options)
