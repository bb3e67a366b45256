"""Which column of a dataset holds the pictures, and which the labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from embedding_transfer.errors import InputError
from embedding_transfer.images.table_columns import named, plain_name

PICTURE_NAMES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "webp")


def picture_column(features: Mapping[str, Any], where: str) -> str:
    """The column of the type ``Image``; else one that is called so and holds bytes.

    Args:
        features: The types of the columns, by their names.
        where: What messages call the dataset.

    Raises:
        InputError: If there is none, or it is open which.
    """
    import datasets

    of_type = [name for name, feature in features.items() if isinstance(feature, datasets.Image)]
    called = [name for name in (of_type or features) if plain_name(name) in PICTURE_NAMES]
    found = of_type if len(of_type) == 1 else called[:1]
    if found:
        return found[0]
    if of_type:
        raise InputError(f"{where} has more than one column of pictures: {' and '.join(of_type)}; call one 'image'")
    raise InputError(f"{where} has no column of pictures; its columns are {', '.join(features)}")


def label_column(features: Mapping[str, Any], where: str) -> str | None:
    """The column of the type ``ClassLabel``, or one that is called ``label``, ``class``, ...; ``None``: no labels.

    Args:
        features: The types of the columns, by their names.
        where: What messages call the dataset.

    Raises:
        InputError: If it is open which is meant.
    """
    import datasets

    names = list(features)
    called = [names[place] for place in named([plain_name(name) for name in names], "label")]
    of_type = [name for name, feature in features.items() if isinstance(feature, datasets.ClassLabel)]
    found = [name for name in called if name in of_type] or of_type or called
    if len(found) > 1:
        raise InputError(f"{where} has more than one column of labels: {' and '.join(found)}; call one 'label'")
    return found[0] if found else None


def labels_in(dataset: Any, column: str, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The classes (n,) of a dataset's pictures in their order, and their names; no picture is touched.

    Raises:
        InputError: If a label is missing, or labels are neither numbers nor words.
    """
    table = dataset.select_columns([column]).with_format("arrow")[:]
    encoded = table.column(column).combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    feature = dataset.features[column]
    has_names = getattr(feature, "names", None) is not None
    missing = encoded.null_count + (sum(values[i] == -1 for i in encoded.indices.to_numpy()) if -1 in values else 0)
    if missing and (encoded.null_count or has_names):
        raise InputError(f"{where}: {missing:,} of {len(encoded):,} pictures have no {column}")
    if not all(isinstance(value, (int, str)) for value in values):
        raise InputError(f"{where}: the labels in {column} are of the type {feature}: whole numbers or text are read")
    order = sorted(range(len(values)), key=lambda place: values[place])
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    names = [feature.int2str(values[place]) if has_names else str(values[place]) for place in order]
    return rank[encoded.indices.to_numpy(zero_copy_only=False)], tuple(names)
