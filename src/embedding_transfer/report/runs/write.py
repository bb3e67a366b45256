"""From runs to their page: the one that ``report`` writes, and the one that a training ends with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.errors import EmbeddingTransferError
from embedding_transfer.images import ImageSet, ImageSplits, load_images
from embedding_transfer.images.bad_images import splits_without_bad_images
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.report.runs.cost import cost_of
from embedding_transfer.report.runs.measure import Measuring
from embedding_transfer.report.runs.page import RunsPage
from embedding_transfer.report.runs.record import RunRecord
from embedding_transfer.report.runs.side import Side
from embedding_transfer.report.runs.sides import shorter_sides, sides_of, start_sides

QUERIES_AT_THE_END = 8
"""Of each verdict on the page that a training writes, which shall not wait for pictures."""


def write_measured_page(
    path: Path, runs: Sequence[RunRecord], root: Path | None, accelerator: Accelerator, about: str = ""
) -> list[Side]:
    """Open sources and networks, measure them, write the page; what cannot be opened is named there.

    Args:
        path: Of the page.
        runs: What is compared. Those on other test pictures than the first are shown by their own numbers alone.
        root: Where the pictures are now; ``None``: where they were in training.
        accelerator: Where to compute.
        about: What is to be said first; default: a sentence for each of the first runs.

    Returns:
        What stands side by side there.
    """
    notes: list[str] = []
    splits = _images_of(runs[0], root, notes)
    same = [run for run in runs if _pictures_of(run) == _pictures_of(runs[0])]
    others = [run for run in runs if run not in same]
    if others:
        names = ", ".join(run.name for run in others)
        notes.append(f"{names}: of other test pictures than {runs[0].name}, shown by their own numbers alone.")
    measuring = None if splits is None else Measuring(splits, runs[0].config, accelerator)
    sides = [*sides_of(same, measuring), *(sides_of(others, None) if others else [])]
    notes += [] if measuring is None else measuring.notes
    RunsPage(runs, sides, None if splits is None else splits.test, notes, about).write(path)
    return sides


def write_run_page(
    path: Path,
    run: RunRecord,
    images: ImageSet,
    vectors: Tensor,
    network: EmbeddingNetwork,
    taught: Tensor | None,
) -> None:
    """Write the page of a run that has just ended, of what is known then.

    Args:
        path: Of the page.
        run: The run.
        images: The test pictures.
        vectors: (n, d) of these by the network of the best epoch.
        network: Says what it costs.
        taught: (n, e) of these by the source, if they are known.
    """
    sides = [Side(run.name, run.role, run.dim, run.scores, cost_of(network, timed=False), vectors)]
    if taught is not None:
        sides.insert(0, Side(" + ".join(run.sources), "source", taught.shape[1], {}, vectors=taught))
    sides = [*start_sides([run]), *sides, *shorter_sides([run])]
    notes = [f"embedding-transfer report {run.folder} writes this page with its source, baselines and times beside it."]
    RunsPage([run], sides, images, notes, queries=QUERIES_AT_THE_END, are_points_seen=False).write(path)


def _pictures_of(run: RunRecord) -> tuple[object, ...]:
    return tuple(run.config.get(name) for name in ("images", "root", "metric", "ks", "on_bad_image"))


def _images_of(run: RunRecord, root: Path | None, notes: list[str]) -> ImageSplits | None:
    config = run.config
    place = root or config.get("root")
    try:
        splits = load_images(
            config["images"], None if place is None else Path(place), bool(config.get("allow_incomplete"))
        )
        return splits_without_bad_images(splits, 0) if config.get("on_bad_image") == "skip" else splits
    except (EmbeddingTransferError, OSError) as error:
        notes.append(f"The pictures cannot be loaded, so neither neighbors nor a map are shown: {error} (--root DIR).")
        return None
