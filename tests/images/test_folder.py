"""Class folders: train and test given, or split by class."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.folder import load_folder


def test_train_and_test_folders_are_the_split(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    for path in ("train/b/1.png", "train/b/0.png", "train/a/0.jpg", "test/c/0.PNG", "test/c/1.webp"):
        draw(tmp_path / path)
    splits = load_folder(tmp_path)
    assert splits.train.class_names == ("a", "b")
    assert splits.train.images == [tmp_path / f"train/{name}" for name in ("a/0.jpg", "b/0.png", "b/1.png")]
    assert splits.train.labels.tolist() == [0, 1, 1]
    assert splits.test.labels.tolist() == [0, 0]
    assert splits.test.name == f"{tmp_path.name}/test"


@pytest.mark.parametrize(("n_classes", "n_train"), [(2, 1), (5, 3), (6, 3)])
def test_other_folders_are_split_by_class(
    tmp_path: Path, draw: Callable[[Path], Path], n_classes: int, n_train: int
) -> None:
    for c in range(n_classes):
        draw(tmp_path / f"class{c}" / "0.png")
        draw(tmp_path / f"class{c}" / "1.png")
    splits = load_folder(tmp_path)
    names = tuple(f"class{c}" for c in range(n_classes))
    assert (splits.train.class_names, splits.test.class_names) == (names[:n_train], names[n_train:])
    assert splits.test.labels.tolist() == np.repeat(np.arange(n_classes - n_train), 2).tolist()


def test_what_is_no_image_is_left_out(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    for path in ("a/0.png", "b/0.png", "a/._0.png", "b/.hidden.png", ".thumbnails/0.png"):
        draw(tmp_path / path)
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / "list.csv").write_text("no folder")
    splits = load_folder(tmp_path)
    assert splits.train.images == [tmp_path / "a/0.png"]
    assert splits.test.images == [tmp_path / "b/0.png"]


def test_errors_say_what_to_do(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere: give the folder that holds train/ and test/"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds no class folders with images: expected .*<class>/<image>"):
        load_folder(tmp_path)
    draw(tmp_path / "a" / "0.png")
    with pytest.raises(InputError, match=r"holds one class folder, a; a split by class needs two"):
        load_folder(tmp_path)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match=r"class folder .*b holds no images: remove it or fill it"):
        load_folder(tmp_path)
