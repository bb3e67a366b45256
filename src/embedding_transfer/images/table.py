"""Tables: a CSV file with a row for each image, for any images in any place."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.listed import train_and_test, without_missing_files

COLUMNS = ("path", "label", "split")
SPLITS = {"train": True, "test": False, "validation": False}
TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


def load_table(root: Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read a CSV file with the columns ``path``, ``label``, ``split`` and, if wanted, ``is_query``, ``is_gallery``.

    Args:
        root: The file. Paths in it are relative to its folder. ``split`` is train or test (or validation, which is
            test); ``is_query`` and ``is_gallery`` are true or false and count for test images. Other columns are
            left alone.
        allow_incomplete: Warn instead of raising where images are missing.

    Raises:
        UsageError: If there is no such file.
        InputError: If a column is missing, a value is none of the above, or images are missing.
    """
    if not root.is_file():
        raise UsageError(f"no file {root}: --root must be the CSV file of the image set 'table'")
    rows = _read(root)
    names, labels = np.unique([row["label"] for row in rows], return_inverse=True)
    images = ImageSet(
        root.stem,
        [root.parent / row["path"] for row in rows],
        labels,
        tuple(names.tolist()),
        is_query=_flags(rows, "is_query"),
        is_gallery=_flags(rows, "is_gallery"),
    )
    is_train = np.array([SPLITS[row["split"]] for row in rows])
    if is_train.all() or not is_train.any():
        raise InputError(
            f"all {len(rows)} rows of {root} are in the split {rows[0]['split']!r}: train and test are needed"
        )
    for flag, values in (("is_query", images.is_query), ("is_gallery", images.is_gallery)):
        if values is not None and not values[~is_train].any():
            raise InputError(f"no test image of {root} has {flag} true")
    return train_and_test(*without_missing_files(images, is_train, allow_incomplete))


def _read(path: Path) -> list[dict[str, str]]:
    """Rows whose values are all allowed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", skipinitialspace=True)
            columns, rows = reader.fieldnames or [], list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; its first line is {','.join(columns)[:80]!r}")
    if not rows:
        raise InputError(f"{path} has no rows")
    for number, row in enumerate(rows, start=2):
        for column in COLUMNS:
            if not row[column]:
                raise InputError(f"{path}: row {number} has no {column}")
        if row["split"] not in SPLITS:
            raise InputError(f"{path}: row {number} has the split {row['split']!r}; there are {', '.join(SPLITS)}")
        for column in ("is_query", "is_gallery"):
            if row.get(column, "").lower() not in TRUTH:
                raise InputError(f"{path}: row {number} has {column} {row[column]!r} instead of true or false")
    return rows


def _flags(rows: list[dict[str, str]], column: str) -> np.ndarray | None:
    """(n,) bool of a column of true and false, ``None`` if there is no such column."""
    return np.array([TRUTH[row[column].lower()] for row in rows]) if column in rows[0] else None
