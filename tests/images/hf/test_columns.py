"""Which column holds the pictures and which the labels, and what labels may be."""

from typing import Any

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.hf.columns import label_column, labels_in, picture_column

datasets = pytest.importorskip("datasets")
PICTURE, NUMBER, TEXT = datasets.Image(), datasets.Value("int64"), datasets.Value("string")
BYTES, CLASS = datasets.Value("binary"), datasets.ClassLabel(names=["b", "a"])


@pytest.mark.parametrize(
    ("features", "column"),
    [
        ({"x": NUMBER, "y": PICTURE}, "y"),
        ({"mask": PICTURE, "Image": PICTURE}, "Image"),
        ({"jpg": BYTES, "cls": NUMBER}, "jpg"),
        ({"image": PICTURE, "img": BYTES}, "image"),
    ],
)
def test_pictures(features: dict[str, Any], column: str) -> None:
    assert picture_column(features, "it") == column


def test_pictures_that_are_not_clear() -> None:
    with pytest.raises(InputError, match="it has more than one column of pictures: left and right; call one 'image'"):
        picture_column({"left": PICTURE, "right": PICTURE}, "it")
    with pytest.raises(InputError, match="it has no column of pictures; its columns are x, y"):
        picture_column({"x": NUMBER, "y": TEXT}, "it")


@pytest.mark.parametrize(
    ("features", "column"),
    [
        ({"image": PICTURE, "fine": CLASS}, "fine"),
        ({"image": PICTURE, "label": CLASS, "coarse": CLASS}, "label"),
        ({"image": PICTURE, "label": NUMBER, "target": NUMBER}, "label"),
        ({"image": PICTURE, "Class Name": TEXT}, "Class Name"),
        ({"image": PICTURE, "category": TEXT, "kind": CLASS}, "kind"),
        ({"image": PICTURE, "caption": TEXT}, None),
    ],
)
def test_labels(features: dict[str, Any], column: str | None) -> None:
    assert label_column(features, "it") == column


def test_labels_that_are_not_clear() -> None:
    with pytest.raises(InputError, match="more than one column of labels: fine and coarse; call one 'label'"):
        label_column({"fine": CLASS, "coarse": CLASS}, "it")


@pytest.mark.parametrize(
    ("feature", "values", "labels", "names"),
    [
        (CLASS, [1, 0, 1], [1, 0, 1], ("b", "a")),
        (datasets.ClassLabel(names=["x", "y", "z"]), [2, 0, 2], [1, 0, 1], ("x", "z")),
        (NUMBER, [10, 9, -1, 10], [2, 1, 0, 2], ("-1", "9", "10")),
        (TEXT, ["dog", "cat", "dog"], [1, 0, 1], ("cat", "dog")),
    ],
)
def test_classes_are_numbered_anew(feature: Any, values: list[Any], labels: list[int], names: tuple[str, ...]) -> None:
    dataset = datasets.Dataset.from_dict({"label": values}, features=datasets.Features({"label": feature}))
    found, found_names = labels_in(dataset, "label", "it")
    assert (found.tolist(), found_names) == (labels, names)
    rows = np.array([1, 0])
    assert labels_in(dataset.select(rows), "label", "it")[0].tolist() == ([0, 1] if labels[1] < labels[0] else [1, 0])


@pytest.mark.parametrize(
    ("feature", "values", "message"),
    [
        (CLASS, [1, -1, -1], "it: 2 of 3 pictures have no label"),
        (TEXT, ["a", None, "b"], "it: 1 of 3 pictures have no label"),
        (datasets.Value("float32"), [1.0, 2.0], "it: the labels in label are of the type .*: whole numbers or text"),
    ],
)
def test_labels_that_are_none(feature: Any, values: list[Any], message: str) -> None:
    dataset = datasets.Dataset.from_dict({"label": values}, features=datasets.Features({"label": feature}))
    with pytest.raises(InputError, match=message):
        labels_in(dataset, "label", "it")
