"""The columns of a table of images: what they are called, and how the first line sets them apart."""

from __future__ import annotations

import csv

from embedding_transfer.errors import InputError

NAMES = {
    "path": "path image_path img_path file_path filepath filename file_name file image img image_name img_name picture",
    "label": "label labels class class_name classname class_label category category_name label_name target",
    "split": "split subset set partition",
    "is_query": "is_query query",
    "is_gallery": "is_gallery gallery",
}
"""Each column and what else people call it, in any case; the first name wins over the others."""

DELIMITERS = ",;\t|"


def columns_of(first_line: str, path: object, with_labels: bool = True) -> tuple[str, dict[str, int]]:
    """The delimiter of a table, and the place of each of its columns.

    Args:
        first_line: The header.
        path: Of the table, for messages.
        with_labels: False leaves a column of labels alone.

    Raises:
        InputError: If there is no path, or a label without a split, or two columns could be one.

    Example::

        >>> columns_of("Filename;Class;Split", "t.csv")
        (';', {'path': 0, 'label': 1, 'split': 2})
    """
    headers = {delimiter: _names(first_line, delimiter) for delimiter in DELIMITERS}
    delimiter = max(
        DELIMITERS, key=lambda d: (sum(named(headers[d], column) != [] for column in NAMES), len(headers[d]))
    )
    names = headers[delimiter]
    places: dict[str, int] = {}
    for column in NAMES if with_labels else [name for name in NAMES if name != "label"]:
        found = named(names, column)
        if len(found) > 1:
            raise InputError(f"{path} has more than one column {column!r}: {' and '.join(names[i] for i in found)}")
        if found:
            places[column] = found[0]
        elif column == "path" or (column == "split" and "label" in places):
            raise InputError(
                f"{path} has no column {column!r}; its first line is {first_line[:80]!r}, and should name path, label "
                "and split, with commas between them"
            )
    return delimiter, places


def _names(first_line: str, delimiter: str) -> list[str]:
    """The names in a header, in small letters, with underscores for spaces and dashes."""
    cells = next(csv.reader([first_line], delimiter=delimiter, skipinitialspace=True), [])
    return [plain_name(cell) for cell in cells]


def plain_name(name: str) -> str:
    """The name of a column in small letters, with underscores for spaces and dashes.

    Example::

        >>> plain_name(" File-Path ")
        'file_path'
    """
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def named(names: list[str], column: str) -> list[int]:
    """Places of the names that mean a column: its own name, or if that is not there, any other.

    Args:
        names: Of all columns, each as :func:`plain_name` makes it.
        column: A key of :data:`NAMES`.

    Example::

        >>> named(["image", "class", "category"], "label")
        [1, 2]
    """
    own = [place for place, name in enumerate(names) if name == column]
    others = NAMES[column].split()
    return own or [place for place, name in enumerate(names) if name in others]
