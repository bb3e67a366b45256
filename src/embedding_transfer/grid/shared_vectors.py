"""One run of the source serves all methods of a grid that see the same views and need nothing but its vectors."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from embedding_transfer.errors import UsageError
from embedding_transfer.grid.plan import Cell
from embedding_transfer.retrieval.vector_file import is_vector_file
from embedding_transfer.sources.settings import SourceSettings
from embedding_transfer.training.fitting_loss import needs_source_maps
from embedding_transfer.training.transfer_options import TransferOptions

FOLDER = ".source-vectors"
"""In the output of a grid, while it runs."""

SAME_VIEWS = (
    *("source", "source_views", "source_precision", "precision", "backbone", "image_size"),
    *(
        "images",
        "root",
        "allow_incomplete",
        "train_on",
        "validation",
        "augmentation",
        "resize",
        "cache",
        "views",
        "seed",
    ),
    *(field.name for field in dataclasses.fields(SourceSettings)),
)
"""Options that decide what the source is shown, and what it makes of it."""


def with_shared_vectors(cells: Sequence[Cell], output: Path) -> list[Cell]:
    """The cells, told to keep the source's vectors where another cell can read them.

    Args:
        cells: What is to be trained.
        output: Of the grid; vectors are in a folder there, which whoever runs the cells removes.
    """
    places = [_place_of(cell, output) for cell in cells]
    uses = Counter(places)
    return [
        cell
        if place is None or uses[place] < 2
        else dataclasses.replace(cell, options=dataclasses.replace(cell.options, store_source=place))  # type: ignore[call-arg]
        for cell, place in zip(cells, places, strict=True)
    ]


def _place_of(cell: Cell, output: Path) -> Path | None:
    """Where its source's vectors belong; ``None`` if it cannot use them, or keeps them by itself."""
    options = cell.options
    if not isinstance(options, TransferOptions) or options.transfer_weight == 0 or options.store_source is not None:
        return None
    if any(is_vector_file(Path(str(source))) for source in options.source):
        return None
    try:
        if needs_source_maps(options.loss):
            return None
    except UsageError:  # the training will say it
        return None
    key = repr([getattr(options, name) for name in SAME_VIEWS])
    return output / FOLDER / hashlib.sha256(key.encode()).hexdigest()[:16]
