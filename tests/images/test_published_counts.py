"""Published numbers of images: what is counted, and what other numbers are called."""

from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.images.published_counts import PUBLISHED, published_splits

ROOT = Path("data")


def images_of(train: int, test: int, train_classes: int, test_classes: int) -> tuple[ImageSet, np.ndarray]:
    """As many images, all of them this file, and which of them train."""
    labels = np.concatenate([np.arange(train) % train_classes, train_classes + np.arange(test) % test_classes])
    names = tuple(map(str, range(train_classes + test_classes)))
    return ImageSet("some", [Path(__file__)] * len(labels), labels, names), np.arange(len(labels)) < train


def test_the_numbers_of_the_papers() -> None:
    totals = {name: counts["training images"] + counts["test images"] for name, counts in PUBLISHED.items()}
    assert totals == {"cub": 11788, "cars": 16185, "sop": 120053, "inshop": 52712}  # as their own papers have it
    classes = {name: counts["training classes"] + counts["test classes"] for name, counts in PUBLISHED.items()}
    assert classes == {"cub": 200, "cars": 196, "sop": 22634, "inshop": 7982}
    assert PUBLISHED["inshop"]["queries"] + PUBLISHED["inshop"]["gallery images"] == PUBLISHED["inshop"]["test images"]


@pytest.mark.parametrize("name", ["cub", "cars", "sop"])
def test_published_numbers_pass(name: str) -> None:
    train, train_classes, test, test_classes = PUBLISHED[name].values()
    splits = published_splits(name, *images_of(train, test, train_classes, test_classes), ROOT, False)
    assert [len(part) for part in splits] == [train, test]
    assert [len(part.class_names) for part in splits] == [train_classes, test_classes]


@pytest.mark.parametrize(
    ("name", "numbers", "message"),
    [
        ("cub", (2990, 3043, 100, 100), r"2,990 training images instead of 5,864, 3,043 test.*CUB-200 of 2010"),
        ("cub", (2980, 3040, 100, 100), r"looks like CUB-200 of 2010"),
        ("cub", (2997, 2997, 100, 100), r"looks like the training half of the classification split"),
        (
            "cub",
            (5863, 5924, 100, 100),
            r"^data is not the published 'cub': 5,863 training images instead of 5,864; 1 im",
        ),
        ("cub", (5864, 5926, 100, 100), r"5,926 test images instead of 5,924; 2 images do not belong to it"),
        ("cub", (5924, 5864, 100, 100), r"its classes are named or split differently"),
        (
            "cub",
            (5864, 5924, 99, 101),
            r": 99 training classes instead of 100, 101 test classes instead of 100; its cl",
        ),
        ("cars", (4054, 4090, 98, 98), r"looks like cars_train alone, .* cars_test is needed, too"),
        ("sop", (100, 100, 10, 10), r"100 training images instead of 59,551.*; 119,853 images are missing: unpack"),
    ],
)
def test_other_numbers_are_named(name: str, numbers: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        published_splits(name, *images_of(*numbers), ROOT, False)
    assert "--allow-incomplete" in str(error.value)
    with pytest.warns(IncompleteImages, match=message):
        splits = published_splits(name, *images_of(*numbers), ROOT, True)
    assert tuple(len(part) for part in splits) == numbers[:2]


def test_queries_and_gallery_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    images, is_train = images_of(4, 6, 2, 3)
    flags = np.arange(10) % 2 == 0
    images = ImageSet("q", images.images, images.labels, images.class_names, is_query=flags, is_gallery=~flags)
    numbers = {"training images": 4, "test images": 6, "queries": 3, "gallery images": 4}
    monkeypatch.setitem(PUBLISHED, "inshop", numbers)
    with pytest.raises(InputError, match=r"'inshop': 3 gallery images instead of 4; "):
        published_splits("inshop", images, is_train, ROOT, False)
    monkeypatch.setitem(PUBLISHED, "inshop", {**numbers, "gallery images": 3})
    assert published_splits("inshop", images, is_train, ROOT, False).train.is_query is None
