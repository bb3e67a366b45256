"""In-shop Clothes Retrieval of DeepFashion: ``list_eval_partition.txt``, with queries apart from their gallery."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.listed import find_place, read_rows
from embedding_transfer.images.published_counts import published_splits

LIST = "list_eval_partition.txt"
PLACES = (f"Eval/{LIST}", f"Anno/{LIST}", LIST, f"Inshop_Clothes/Eval/{LIST}")
COLUMNS = ("image_name", "item_id", "evaluation_status")
STATUSES = ("train", "query", "gallery")


def load_inshop(root: str | Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read In-shop Clothes Retrieval (Liu et al. 2016) with its own split; queries are searched in the gallery.

    Args:
        root: The folder that holds ``Eval/list_eval_partition.txt`` (or ``Anno/``) and ``img/`` (or ``Img/img/``).
        allow_incomplete: Warn instead of raising where numbers are not the published ones or images are missing.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If the list is not there, is that of another DeepFashion benchmark, or images in it are missing.
    """
    listed = find_place(root, PLACES, "inshop")
    home = listed.parent.parent if listed.parent.name in ("Eval", "Anno") else listed.parent
    rows = _read(listed)
    folder = find_place(home, ("Img/img", "img"), "inshop").parent
    status = np.array([status for *_, status in rows])
    names, labels = np.unique([item for _, item, _ in rows], return_inverse=True)
    images = ImageSet(
        "inshop",
        [folder / path for path, *_ in rows],
        labels,
        tuple(names.tolist()),
        is_query=status == "query",
        is_gallery=status == "gallery",
    )
    return published_splits("inshop", images, status == "train", root, allow_incomplete)


def _read(path: Path) -> list[list[str]]:
    """Rows (path, item, status) of the list, below a line with their number."""
    try:
        rows = read_rows(path, COLUMNS, skipped=1)
    except InputError as error:
        raise InputError(
            f"{error}; other benchmarks of DeepFashion have a {LIST}, too: take that of In-shop"
        ) from error
    for number, (_, _, status) in enumerate(rows, start=3):
        if status not in STATUSES:
            raise InputError(f"{path}: line {number} has the status {status!r} instead of {', '.join(STATUSES)}")
    return rows
