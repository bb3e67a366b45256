"""Hugging Face datasets on disk become image sets: every way they are stored, halves, labels, pictures."""

import pickle
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.images.hf.dataset_pictures import DatasetPictures
from embedding_transfer.images.left_out import LeftOut
from embedding_transfer.images.views import EvaluationViews

datasets = pytest.importorskip("datasets")
NAMES = ["cat", "dog", "owl", "yak"]


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cache is in a folder of the test, and whoever asks for the network fails."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def gray(number: int) -> Image.Image:
    return Image.fromarray(np.full((4, 6, 3), number, dtype=np.uint8))


def dataset(numbers: range, labels: str | None = "label") -> Any:
    """Pictures of these grays, of class number % 4."""
    features = {"image": datasets.Image(), "note": datasets.Value("string")}
    values: dict[str, list[Any]] = {"image": [gray(n) for n in numbers], "note": [f"note {n}" for n in numbers]}
    if labels:
        features[labels] = datasets.ClassLabel(names=NAMES)
        values[labels] = [n % 4 for n in numbers]
    return datasets.Dataset.from_dict(values, features=datasets.Features(features))


TWO = {"train": range(8), "test": range(8, 14)}


def stored_as_dict(root: Path) -> Path:
    datasets.DatasetDict({split: dataset(numbers) for split, numbers in TWO.items()}).save_to_disk(root)
    return root


def stored_as_parquet(root: Path) -> Path:
    (root / "data").mkdir(parents=True)
    for split, numbers in TWO.items():
        dataset(numbers).to_parquet(root / "data" / f"{split}-00000-of-00001.parquet")
    return root


def stored_as_arrow(root: Path) -> Path:
    for split, numbers in TWO.items():
        dataset(numbers).save_to_disk(root / "whole" / split)
        for file in (root / "whole" / split).glob("*.arrow"):
            (root / "set").mkdir(exist_ok=True)
            file.rename(root / "set" / f"some-{split}.arrow")
    return root / "set"


def stored_as_image_folder(root: Path) -> Path:
    for split, numbers in TWO.items():
        for number in numbers:
            path = root / split / NAMES[number % 4] / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            gray(number).save(path)
    return root


@pytest.mark.parametrize("store", [stored_as_dict, stored_as_parquet, stored_as_arrow, stored_as_image_folder])
def test_every_way_a_dataset_is_stored(tmp_path: Path, store: Callable[[Path], Path]) -> None:
    train, test = load_images("hf", store(tmp_path / "set"))
    assert (train.name, test.name) == ("set/train", "set/test")
    assert train.class_names == test.class_names == tuple(NAMES)
    for images, numbers in ((train, TWO["train"]), (test, TWO["test"])):
        seen = {images.image(i).getpixel((5, 3))[0]: int(images.labels[i]) for i in range(len(images))}
        assert seen == {number: number % 4 for number in numbers}
    if store is stored_as_image_folder:
        assert train.keys[0] == "train/cat/00.png"
    else:
        assert train.keys + test.keys == [str(number) for number in range(14)]
        assert test.describe(1) == "set/test[1] (dog)"


def test_a_single_split_is_split_by_class(tmp_path: Path) -> None:
    dataset(range(12)).save_to_disk(tmp_path / "one")
    train, test = load_images("hf", tmp_path / "one")
    assert (train.class_names, test.class_names) == (("cat", "dog"), ("owl", "yak"))
    assert train.keys == ["0", "1", "4", "5", "8", "9"]
    assert test.image(0).getpixel((0, 0)) == (2, 2, 2)
    dataset(range(0, 12, 4)).save_to_disk(tmp_path / "class")
    with pytest.raises(InputError, match="has one class, cat; a split by class needs two"):
        load_images("hf", tmp_path / "class")


def test_a_file(tmp_path: Path) -> None:
    dataset(range(12)).to_parquet(tmp_path / "some.parquet")
    assert len(load_images("hf", tmp_path / "some.parquet").train) == 6
    (tmp_path / "some.zip").touch()
    with pytest.raises(UsageError, match=r"some\.zip is no dataset: --root must be a folder, or a \.parquet"):
        load_images("hf", tmp_path / "some.zip")


def test_without_labels(tmp_path: Path) -> None:
    dataset(range(20), labels=None).save_to_disk(tmp_path / "photos")
    train, test = load_images("hf", tmp_path / "photos")
    assert not train.is_labeled
    assert sorted(int(key) for key in train.keys + test.keys) == list(range(20))
    parts = {"train": dataset(range(8)), "test": dataset(range(4), labels=None)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "half")
    with pytest.raises(InputError, match=r"the split train of .* has labels, but test has none"):
        load_images("hf", tmp_path / "half")


def test_validation_is_the_test_half_where_there_is_no_other(tmp_path: Path) -> None:
    parts = {"train": dataset(range(8)), "validation": dataset(range(8, 12)), "extra": dataset(range(4))}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "set")
    with pytest.warns(LeftOut, match=r"left out extra of .*set: train trains and validation is the test half"):
        assert len(load_images("hf", tmp_path / "set").test) == 4
    del parts["train"]
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "other")
    with pytest.raises(InputError, match="has the splits validation, extra: call two of them train and test"):
        load_images("hf", tmp_path / "other")


def test_workers_read_the_pictures(tmp_path: Path) -> None:
    from torch.utils.data import DataLoader

    images = load_images("hf", stored_as_dict(tmp_path / "set")).train
    again = pickle.loads(pickle.dumps(images))
    assert again.image(3).getpixel((0, 0)) == (3, 3, 3)
    loader = DataLoader(EvaluationViews(images, 4, 1.0), batch_size=4, num_workers=2)
    assert [int(view[0, 0, 0]) for batch in loader for view in batch] == list(range(8))


def test_a_picture_that_is_damaged_is_named(tmp_path: Path) -> None:
    stored = dataset(range(8)).cast_column("image", datasets.Image(decode=False)).to_list()
    stored[2]["image"]["bytes"] = b"no picture"
    stored[3]["image"] = None
    datasets.Dataset.from_list(stored, features=dataset(range(1)).features).save_to_disk(tmp_path / "set")
    train, test = load_images("hf", tmp_path / "set")
    with pytest.raises(InputError, match=r"cannot read image set/test\[0\] \(owl\): it is damaged"):
        test.image(0)
    with pytest.raises(InputError, match="row 3 of column image is empty"):
        test.image(1)
    assert train.image(0).size == (6, 4)


def test_pictures_elsewhere_are_not_fetched(tmp_path: Path) -> None:
    urls = {"image": [{"bytes": None, "path": f"https://example.com/{n}.png"} for n in range(4)]}
    features = datasets.Features({"image": datasets.Image(decode=False)})
    whole = datasets.Dataset.from_dict(urls, features=features)
    with pytest.raises(InputError, match=r"row 0 is https://example\.com/0\.png, and nothing is fetched"):
        DatasetPictures(whole, "image")[0]


def test_what_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere: --root must be the folder of a dataset"):
        load_images("hf", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"cannot read the dataset in .*empty: "):
        load_images("hf", tmp_path / "empty")
    (tmp_path / "code").mkdir()
    (tmp_path / "code/code.py").write_text("raise SystemExit")
    with pytest.raises(InputError, match=r"holds the script code\.py, which is not run: save the dataset as Parquet"):
        load_images("hf", tmp_path / "code")
    datasets.Dataset.from_dict({"text": ["a", "b"]}).save_to_disk(tmp_path / "text")
    with pytest.raises(InputError, match="has no column of pictures; its columns are text"):
        load_images("hf", tmp_path / "text")


def test_the_library_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r'needs pip install "embedding-transfer\[hf\]"'):
        load_images("hf", tmp_path)
