"""Tables: a CSV file with a row for each image, for any images in any place."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.halves import TEST_NAMES, TRAIN_NAMES, half_of
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.listed import train_and_test, without_missing_files
from embedding_transfer.images.table_columns import REQUIRED, columns_of
from embedding_transfer.images.text_file import read_text

TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


class Table(NamedTuple):
    """The columns of a table, one value for each image."""

    paths: list[str]
    labels: list[str]
    is_train: np.ndarray
    flags: dict[str, np.ndarray]


def load_table(root: str | Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read a CSV file with the columns ``path``, ``label``, ``split`` and, if wanted, ``is_query``, ``is_gallery``.

    Columns may be called otherwise (``filename``, ``class``, ...), in any case, and set apart by commas, semicolons,
    tabs or bars. Spaces around values do not count.

    Args:
        root: The file. Paths in it are relative to its folder. ``split`` is train or test (or validation, which is
            test), in any case; ``is_query`` and ``is_gallery`` are true or false and count for test images. Other
            columns are left alone.
        allow_incomplete: Warn instead of raising where images are missing.

    Raises:
        UsageError: If there is no such file.
        InputError: If a column is missing, a value is none of the above, or images are missing.

    Example::

        splits = load_table("shoes/images.csv")
    """
    root = Path(root)
    if not root.is_file():
        held = sorted(path.name for path in root.glob("*.csv"))
        hint = f"; {root} is a folder that holds {', '.join(held[:3])}" if held else ""
        raise UsageError(f"no file {root}: --root must be the CSV file of the image set 'table'{hint}")
    table = _read(root)
    names, labels = np.unique(table.labels, return_inverse=True)
    paths = [root.parent / path for path in table.paths]
    images = ImageSet(
        root.stem,
        paths,
        labels,
        tuple(names.tolist()),
        is_query=table.flags.get("is_query"),
        is_gallery=table.flags.get("is_gallery"),
    )
    if table.is_train.all() or not table.is_train.any():
        half = "training" if table.is_train.all() else "test"
        raise InputError(f"all {len(images)} rows of {root} are {half} images: the column split needs train and test")
    for flag, values in table.flags.items():
        if not values[~table.is_train].any():
            raise InputError(f"no test image of {root} has {flag} true")
    return train_and_test(*without_missing_files(images, table.is_train, allow_incomplete))


def _read(path: Path) -> Table:
    """Columns whose values are all allowed."""
    lines = io.StringIO(read_text(path), newline="")
    first_line = lines.readline().rstrip("\r\n")
    skipped = 1
    if first_line.casefold().startswith("sep="):  # a line for Excel alone
        first_line, skipped = lines.readline().rstrip("\r\n"), 2
    delimiter, places = columns_of(first_line, path)
    width = len(next(csv.reader([first_line], delimiter=delimiter)))
    values: dict[str, list[str]] = {column: [] for column in places}
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row):
                continue
            where = f"{path}: line {reader.line_num + skipped}"
            if any(row[width:]):
                raise InputError(
                    f"{where} has {len(row)} values for {width} columns: put values that hold {delimiter!r} in quotes"
                )
            for column, place in places.items():
                values[column].append(_value(column, row[place] if place < len(row) else "", where))
    except csv.Error as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if not values["path"]:
        raise InputError(f"{path} has no rows")
    return Table(
        values["path"],
        values["label"],
        np.array([half_of(value) == "train" for value in values["split"]]),
        {flag: np.array([TRUTH[v.lower()] for v in values[flag]]) for flag in places if flag not in REQUIRED},
    )


def _value(column: str, value: str, where: str) -> str:
    """A value that its column allows."""
    if column in REQUIRED and not value:
        raise InputError(f"{where} has no {column}")
    if column == "split" and half_of(value) is None:
        raise InputError(f"{where} has the split {value!r}; there are {', '.join((*TRAIN_NAMES, *TEST_NAMES))}")
    if column not in REQUIRED and value.lower() not in TRUTH:
        raise InputError(f"{where} has {column} {value!r} instead of true or false")
    return normalize("NFC", value) if column == "label" else value
