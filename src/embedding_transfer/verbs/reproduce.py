"""Reproduce: a grid of trainings, and the table of what came of them beside what was published."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedding_transfer.build.ranges import Seed
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import UsageError
from embedding_transfer.grid.methods import AS_RELEASED, chosen_methods, load_methods

if TYPE_CHECKING:
    from embedding_transfer.grid.table import Row


@in_range
def reproduce(
    recipes: tuple[Path, ...],
    output: Path = Path("runs/reproduce"),
    methods: tuple[str, ...] = ("Labels", *AS_RELEASED),
    methods_file: Path | None = None,
    seeds: tuple[Seed, ...] = (0,),
    dry_run: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, list[Row]]:
    """Run recipes with many methods and seeds, and put the results in one table beside the published numbers.

    Every training has an ordinary run directory, OUTPUT/SETTING/IMAGES/METHOD/seed-N. What is finished there is not
    trained again, and what was interrupted goes on. The table compares with the source itself, with the principal
    components of its embeddings where the target's vector is shorter, and (method Labels) with the same target trained
    on labels alone, and says what each network costs: bytes of a vector, parameters, time for a picture. Images,
    batches and weights are tried before anything is trained; a method that does not fit a recipe is left out by name.

    Args:
        recipes: Files of options: of ``transfer``, or of ``train-source``, which are run first.
        output: Folder for the run directories, ``index.html``, ``table.md``, ``table.csv`` and ``table.png``.
        methods: Names of methods; Labels, the eight of the research code by default. There are also FitNet-tuned,
            Attention-tuned, CRD-tuned and PKT-tuned; RAML, S2SD, CSD, QueueKL, D3still, Contextual and Matryoshka,
            which came later; our own RelaxedContrastive-start and RKD-start (for targets of the source's backbone) and
            RelaxedContrastive-PKT.
        methods_file: YAML file with methods of your own: options by name.
        seeds: Random seeds; each method is trained with each of them.
        dry_run: Print the plan, the commands and what would stop them, and do nothing.
        overrides: Options of every training by name; on the command line any further option, such as ``--root`` or
            ``--epochs``, is one of them.

    Returns:
        The rows of the table by recipe.

    Raises:
        UsageError: If a recipe, method or option does not exist, a run directory holds a run with other options, or
            several processes were started (each command of ``--dry-run`` can have several), or a recipe cannot be
            trained with these images and weights (InputError if one of these cannot be read).
        TrainingError: If trainings failed (UsageError if all of them for wrong options); the others are in the table.

    Example::

        reproduce((Path("recipes/self-transfer/cub.yaml"),), methods=("RelaxedContrastive",), seeds=(0, 1, 2))
    """
    overrides = overrides or {}
    if "seed" in overrides:
        raise UsageError("reproduce has --seeds, not --seed")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UsageError("reproduce runs in one process: give the commands of --dry-run to torchrun, then reproduce")
    chosen = chosen_methods(methods, load_methods(methods_file))

    from embedding_transfer.grid.plan import plan_cells, read_recipe  # imports torch
    from embedding_transfer.grid.run import run_cells

    cells = plan_cells([read_recipe(Path(file)) for file in recipes], chosen, seeds, Path(output), overrides)
    return run_cells(cells, Path(output), dry_run)
