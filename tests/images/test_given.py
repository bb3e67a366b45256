"""Image sets given as objects: ImageSplits, image sets, torch datasets of many kinds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset
from torchvision.datasets import ImageFolder

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet, ImageSplits, load_images


class Grays(Dataset[Any]):
    """Picture i is of gray i; its label is 5 times i // 2."""

    def __init__(self, count: int, **known: Any) -> None:
        self.count, self.decoded = count, 0
        self.__dict__.update(known)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Image.Image, Any]:
        self.decoded += 1
        return Image.new("L", (6, 4), index), self.label(index)

    def label(self, index: int) -> Any:
        return 5 * (index // 2)


LABELS = [0, 0, 5, 5]


def test_splits_stay_as_they_are() -> None:
    half = ImageSet("a", ["x.png"])
    splits = ImageSplits(half, half)
    assert load_images(splits) is splits
    assert load_images((half, half)) == splits


def test_labels_in_one_pass() -> None:
    train, test = load_images((Grays(4), Grays(6)))
    assert (train.name, test.name) == ("Grays/train", "Grays/test")
    assert (train.labels.tolist(), train.class_names) == ([0, 0, 1, 1], ("0", "5"))
    assert test.class_names == ("0", "5", "10")
    assert test.image(3).getpixel((0, 0)) == (3, 3, 3)
    assert train.keys + test.keys == [str(number) for number in range(10)]


@pytest.mark.parametrize(
    "known", [{"targets": LABELS}, {"labels": np.array(LABELS)}, {"targets": torch.tensor(LABELS)}]
)
def test_labels_that_are_known_are_read_without_decoding(known: dict[str, Any]) -> None:
    grays = Grays(4, **known)
    train, _ = load_images((grays, Grays(2)))
    assert train.labels.tolist() == [0, 0, 1, 1]
    assert grays.decoded == 1  # the first says whether there are labels


def test_parts_of_datasets_know_what_the_whole_knows() -> None:
    grays = Grays(4, targets=LABELS, classes=list("abcdef"))
    both = ConcatDataset([Subset(grays, [3, 0]), grays])
    train, test = load_images((both, Subset(grays, [2])))
    assert train.labels.tolist() == [1, 0, 0, 0, 1, 1]
    assert test.class_names == ("f",)
    assert test.name == "Grays/test"
    assert grays.decoded == 2
    assert test.image(0).getpixel((0, 0)) == (2, 2, 2)


def test_labels_are_asked_for_where_they_are_changed() -> None:
    grays = Grays(4, targets=[9, 9, 9, 9], target_transform=abs)
    assert load_images((grays, Grays(2))).train.class_names == ("0", "5")


def test_pictures_alone_have_no_labels() -> None:
    pixels = torch.arange(4, dtype=torch.uint8)[:, None, None, None].expand(4, 3, 5, 6)
    for alone in (TensorDataset(pixels), pixels, [*pixels.permute(0, 2, 3, 1).numpy()]):
        train, _ = load_images((alone, alone))
        assert not train.is_labeled
        assert (train.image(2).size, train.image(2).getpixel((0, 0))) == ((6, 5), (2, 2, 2))


def test_an_image_folder_is_read_as_its_files(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    paths = [draw(tmp_path / name) for name in ("cat/0.png", "cat/1.png", "dog/0.png")]
    train, test = load_images((ImageFolder(tmp_path), ImageFolder(tmp_path, transform=lambda picture: picture)))
    assert train.images == paths
    assert train.class_names == test.class_names == ("cat", "dog")
    assert test.keys == ["3", "4", "5"]
    assert test.image(0).tobytes() == train.image(0).tobytes()


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield Image.new("L", (2, 2)), 0


@pytest.mark.parametrize("images", [Grays(4), (Grays(4),), (Stream(), Stream()), ("a", "b"), None, 3])
def test_what_is_no_image_set(images: Any) -> None:
    with pytest.raises(UsageError, match="images are given by name, as ImageSplits, or as two datasets"):
        load_images(images)


def test_a_root_belongs_to_a_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="belongs to an image set that is given by name: leave it out"):
        load_images((Grays(4), Grays(4)), tmp_path)


class OddLabels(Grays):
    def __init__(self, label: Any) -> None:
        super().__init__(4)
        self.odd = label

    def label(self, index: int) -> Any:
        return self.odd


class Broken(Grays):
    def __getitem__(self, index: int) -> Any:
        raise OSError("the disk is gone")


class Rows(Grays):
    def __getitem__(self, index: int) -> Any:
        return {"image": 1}


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (OddLabels(0.5), r"OddLabels/train has labels \(4,\) of float64 for 4 images: a label is one whole number"),
        (OddLabels([1, 2]), r"OddLabels/train has labels \(4, 2\) of int64 for 4 images"),
        (OddLabels("cat"), r"OddLabels/train has labels \(4,\) of <U3 for 4 images"),
        (Broken(4), r"cannot read item 0 of Broken/train: OSError: the disk is gone"),
        (Rows(4), r"Rows/train gives dictionaries, not \(picture, label\)"),
        (Grays(0), r"Grays/train has no images"),
        (TensorDataset(torch.zeros(4, 3, 2, 2)), r"TensorDataset/train has no labels, but|has labels, but"),
    ],
)
def test_what_cannot_be_used_is_named(dataset: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_images((dataset, Grays(4)))
