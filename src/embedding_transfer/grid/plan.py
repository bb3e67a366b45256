"""The plan of a grid: the options of each training, and one ordinary run directory for it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from embedding_transfer.build import merged, read_options
from embedding_transfer.errors import UsageError
from embedding_transfer.grid.command import as_command
from embedding_transfer.grid.methods import Method
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.run_directory import RunDirectory
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.transfer_options import TransferOptions


@dataclass(frozen=True)
class Recipe:
    """A file of options: of a transfer if it names a source, of the training of a source if not."""

    file: Path
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Setting and image set, such as ``self-transfer/cub``: the last two parts of its path."""
        return f"{self.file.resolve().parent.name}/{self.file.stem}"

    @property
    def trains_a_source(self) -> bool:
        return "source" not in self.options

    @property
    def verb(self) -> str:
        return "train-source" if self.trains_a_source else "transfer"

    @property
    def kind(self) -> type[TrainingOptions]:
        """The options of its trainings."""
        return SourceOptions if self.trains_a_source else TransferOptions


@dataclass(frozen=True)
class Cell:
    """One training of the grid.

    Attributes:
        recipe: Its recipe.
        method: The name of its method; empty for the training of a source.
        options: All its options.
        command: What to type to run it alone.
    """

    recipe: Recipe
    method: str
    options: TrainingOptions
    command: str

    def state(self) -> Literal["finished", "begun", "new"]:
        """How far its run directory is.

        Raises:
            UsageError: If the run there had other options.
        """
        run = RunDirectory(dataclasses.replace(self.options, resume=True))
        if not run.config_file.exists():
            return "new"
        done = run.epochs_done() == self.options.epochs and (run.folder / "report.html").exists()
        return "finished" if done else "begun"


def read_recipe(file: Path) -> Recipe:
    """A recipe.

    Raises:
        UsageError: If there is no such file, or it trains a source without saying where to.
        InputError: If it does not hold options.
    """
    if not file.is_file():
        raise UsageError(f"no recipe {file}")
    recipe = Recipe(file, read_options(file))
    if recipe.trains_a_source and "output" not in recipe.options:
        raise UsageError(f"{file} names neither a source to transfer nor an output of a source to train")
    return recipe


def plan_cells(
    recipes: list[Recipe],
    methods: dict[str, Method],
    seeds: tuple[int, ...],
    output: Path,
    overrides: Mapping[str, Any],
) -> list[Cell]:
    """All cells: sources first, then seed by seed, so that a grid that is stopped early has whole rows.

    Args:
        recipes: What is trained, and how.
        methods: Options beside the recipe's, by method.
        seeds: Seeds of the trainings by transfer.
        output: Folder of their run directories.
        overrides: Options of every training, which win over recipes and methods.

    Raises:
        UsageError: If an option does not exist or fit, or two cells have one run directory.
    """
    cells = [_cell(recipe, "", [overrides]) for recipe in recipes if recipe.trains_a_source]
    for seed in seeds:
        for recipe in (recipe for recipe in recipes if not recipe.trains_a_source):
            for name, method in methods.items():
                own = {"seed": seed, "output": output / recipe.name / name / f"seed-{seed}"}
                cells.append(_cell(recipe, name, [method, _without_weights(method, overrides), own]))
    folder, count = Counter(cell.options.output for cell in cells).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{count} trainings would write to {folder}: give their recipes different names")
    return cells


def _without_weights(method: Method, overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is typed for all trainings; a target that starts as its source takes no other weights."""
    if not method.get("start_from_source"):
        return overrides
    return {name: value for name, value in overrides.items() if name not in ("weights", "pretrained")}


def _cell(recipe: Recipe, method: str, layers: list[Mapping[str, Any]]) -> Cell:
    fields = dataclasses.fields(recipe.kind)
    classes: dict[str, Any] = {field.name: field.default for field in fields if "class_of" in field.metadata}
    options = recipe.kind.of(merged([recipe.options, *layers], classes))
    return Cell(recipe, method, options, as_command(recipe.verb, recipe.file, layers))
