"""Tables: a CSV file with a row for each image, for any images in any place."""

from __future__ import annotations

import csv
import io
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.halves import TEST_NAMES, TRAIN_NAMES, half_of
from embedding_transfer.images.hash_split import is_for_training
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.left_out import ImagesNote
from embedding_transfer.images.listed import train_and_test, without_missing_files
from embedding_transfer.images.path_list import PathList
from embedding_transfer.images.table_columns import columns_of
from embedding_transfer.images.text_file import read_text

TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
FLAGS = ("is_query", "is_gallery")


class Table(NamedTuple):
    """The columns of a table, one value for each image; ``None`` where there is no such column."""

    paths: PathList
    labels: list[str] | None
    is_train: np.ndarray | None
    flags: dict[str, np.ndarray]


def load_table(root: str | Path, allow_incomplete: bool = False, with_labels: bool = True) -> ImageSplits:
    """Read a CSV file with the columns ``path``, ``label``, ``split`` and, if wanted, ``is_query``, ``is_gallery``.

    Columns may be called otherwise (``filename``, ``class``, ...), in any case, and set apart by commas, semicolons,
    tabs or bars. Spaces around values do not count. Without the column ``label`` the images have no labels, and a note
    (:class:`~embedding_transfer.images.ImagesNote`) says so; ``split`` may then be left out, too.

    Args:
        root: The file. Paths in it are relative to its folder. ``split`` is train or test (or validation, which is
            test), in any case; ``is_query`` and ``is_gallery`` are true or false and count for test images. Other
            columns are left alone.
        allow_incomplete: Warn instead of raising where images are missing.
        with_labels: False leaves labels alone.

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
    table = _read(root, with_labels)
    names = () if table.labels is None else tuple(sorted(set(table.labels)))
    number = {name: label for label, name in enumerate(names)}
    images = ImageSet(
        root.stem,
        table.paths,
        None if table.labels is None else np.array([number[name] for name in table.labels]),  # type: ignore[arg-type]
        names,
        is_query=table.flags.get("is_query"),
        is_gallery=table.flags.get("is_gallery"),
        root=root.parent,
    )
    is_train = is_for_training(images) if table.is_train is None else table.is_train
    _check_halves(root, is_train, table.flags)
    if table.labels is None and with_labels:
        warnings.warn(f"{root} has no column 'label': its images have no labels", ImagesNote, stacklevel=2)
    return train_and_test(*without_missing_files(images, is_train, allow_incomplete))


def load_table_without_labels(root: str | Path, allow_incomplete: bool = False) -> ImageSplits:
    """Read a CSV file as :func:`load_table` does, and leave its labels alone."""
    return load_table(root, allow_incomplete, with_labels=False)


def _check_halves(root: Path, is_train: np.ndarray, flags: dict[str, np.ndarray]) -> None:
    if is_train.all() or not is_train.any():
        half = "training" if is_train.all() else "test"
        raise InputError(f"all {len(is_train)} rows of {root} are {half} images: the column split needs train and test")
    for flag, values in flags.items():
        if not values[~is_train].any():
            raise InputError(f"no test image of {root} has {flag} true")


def _read(path: Path, with_labels: bool) -> Table:
    """Columns whose values are all allowed."""
    lines = io.StringIO(read_text(path), newline="")
    first_line = lines.readline().rstrip("\r\n")
    skipped = 1
    if first_line.casefold().startswith("sep="):  # a line for Excel alone
        first_line, skipped = lines.readline().rstrip("\r\n"), 2
    delimiter, places = columns_of(first_line, path, with_labels)
    width = len(next(csv.reader([first_line], delimiter=delimiter)))
    values: dict[str, list[Any]] = {column: [] for column in places}
    meanings: dict[str, dict[str, Any]] = {column: {} for column in places}  # each value is looked at once
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row):
                continue
            if any(row[width:]):
                raise InputError(
                    f"{path}: line {reader.line_num + skipped} has {len(row)} values for {width} columns: put values "
                    f"that hold {delimiter!r} in quotes"
                )
            for column, place in places.items():
                value = row[place] if place < len(row) else ""
                if column == "path" and value:
                    values[column].append(value)
                    continue
                if value not in meanings[column]:
                    meanings[column][value] = _meaning(column, value, f"{path}: line {reader.line_num + skipped}")
                values[column].append(meanings[column][value])
    except csv.Error as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if not values["path"]:
        raise InputError(f"{path} has no rows")
    folder = os.fspath(path.parent)
    return Table(
        PathList(os.path.join(folder, value) for value in values["path"]),
        values.get("label"),
        np.array(values["split"]) if "split" in values else None,
        {flag: np.array(values[flag]) for flag in FLAGS if flag in values},
    )


def _meaning(column: str, value: str, where: str) -> str | bool:
    """What a value of a column means: a class, whether the image trains, whether a flag is set.

    Raises:
        InputError: If the column does not allow it.
    """
    if column in FLAGS:
        if value.lower() not in TRUTH:
            raise InputError(f"{where} has {column} {value!r} instead of true or false")
        return TRUTH[value.lower()]
    if not value:
        raise InputError(f"{where} has no {column}")
    if column == "label":
        return normalize("NFC", value)
    half = half_of(value)
    if half is None:
        raise InputError(f"{where} has the split {value!r}; there are {', '.join((*TRAIN_NAMES, *TEST_NAMES))}")
    return half == "train"
