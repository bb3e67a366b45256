"""Folders as people have them: other names of halves, one folder too high or too low, halves in odd places."""

from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.folder import load_folder
from embedding_transfer.images.left_out import ImagesNote, LeftOut

Draw = Callable[[Path], Path]


def tree(root: Path, draw: Draw, *folders: str) -> Path:
    """Two pictures in each folder."""
    for folder in folders:
        for number in range(2):
            draw(root / folder / f"{number}.png")
    return root


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "val"),
        ("train", "valid"),
        ("train", "validation"),
        ("Train", "Test"),
        ("TRAIN", "VAL"),
        ("training", "testing"),
        ("Training", "Validation"),
    ],
)
def test_halves_by_other_names(tmp_path: Path, draw: Draw, train: str, test: str) -> None:
    splits = load_folder(tree(tmp_path, draw, f"{train}/a", f"{train}/b", f"{test}/c"))
    assert (splits.train.class_names, splits.test.class_names) == (("a", "b"), ("c",))
    assert (splits.train.name, splits.test.name) == (f"{tmp_path.name}/train", f"{tmp_path.name}/test")


@pytest.mark.parametrize("above", ["set", "download/set"])
def test_one_folder_too_high(tmp_path: Path, draw: Draw, above: str) -> None:
    splits = load_folder(tree(tmp_path, draw, f"{above}/train/a", f"{above}/test/b"))
    assert (splits.train.class_names, splits.test.class_names) == (("a",), ("b",))
    assert splits.train.name == "set/train"


def test_one_folder_above_class_folders(tmp_path: Path, draw: Draw) -> None:
    splits = load_folder(tree(tmp_path, draw, "animals/cat", "animals/dog"))
    assert (splits.train.class_names, splits.test.class_names) == (("cat",), ("dog",))


def test_folders_beside_the_halves_are_told(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "train/a", "test/b", "val/c", "extra/d")
    with pytest.warns(LeftOut, match=r"left out folders extra, val of .*: train trains and test is the test half"):
        load_folder(tmp_path)


def test_a_root_that_is_one_half_is_told(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "train/a", "train/b", "test/c")
    with pytest.warns(
        LeftOut, match=r"train is one half of .*: its classes are split .* test/ beside it is left out; give"
    ):
        splits = load_folder(tmp_path / "train")
    assert (splits.train.class_names, splits.test.class_names) == (("a",), ("b",))


def test_a_root_that_is_a_class_is_told(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "cat")
    with pytest.raises(InputError, match=r"cat holds 2 images and no class folders .* give the folder above it"):
        load_folder(tmp_path / "cat")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (["train/a", "train/b"], r"holds train/: call the two halves train/ and test/, or give .*train to split"),
        (["train/a", "held_out/b"], r"holds held_out/, train/: call the two halves train/ and test/, or give"),
        (["Val/a", "rest/b"], r"holds Val/, rest/: call the two halves train/ and test/"),
        (["train2017/a", "val2017/b"], r"holds train2017/, val2017/: call the two halves train/ and test/$"),
        (["cars_train/a", "cars_test/b"], r"holds cars_test/, cars_train/: call the two halves train/ and test/$"),
        (["a/train", "a/test", "b/train", "b/test"], r"a holds train/ and test/ and is no class folder: .* train/a/$"),
        (
            ["set/train/a", "set/test/b", "other/c"],
            r"set holds train/ and test/ and is no class folder: give it as root",
        ),
    ],
)
def test_halves_that_are_not_understood_are_told_by_name(
    tmp_path: Path, draw: Draw, folders: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load_folder(tree(tmp_path, draw, *folders))


def test_a_class_may_be_called_train(tmp_path: Path, draw: Draw) -> None:
    splits = load_folder(tree(tmp_path, draw, "bus", "car", "train"))
    assert splits.train.class_names + splits.test.class_names == ("bus", "car", "train")


def test_pictures_deeper_in_a_class_belong_to_it(tmp_path: Path, draw: Draw) -> None:
    splits = load_folder(tree(tmp_path, draw, "train/a", "train/a/more", "train/b/images", "test/c/1/2/3"))
    assert (splits.train.class_names, splits.test.class_names) == (("a", "b"), ("c",))
    assert splits.train.labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert splits.train.images[2] == tmp_path / "train/a/more/0.png"


def test_a_class_of_folders_alone_is_one_class_and_told(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "train/animal/cat", "train/animal/dog", "train/thing/cup", "train/thing/pen", "test/x")
    with pytest.warns(
        ImagesNote, match=r"2 class folders hold folders in place of images, such as .*animal with cat/ and"
    ):
        splits = load_folder(tmp_path)
    assert splits.train.class_names == ("animal", "thing")


def test_pictures_outside_of_classes_and_unread_files_are_told_once(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "train/a", "test/b")
    draw(tmp_path / "train/loose.png")
    (tmp_path / "test/b/x.svg").touch()
    with pytest.warns(LeftOut) as caught:
        load_folder(str(tmp_path))
    (warning,) = caught
    assert "left out 2 files of" in str(warning.message)
    assert "1 outside of the class folders" in str(warning.message)


def test_a_class_of_unread_files_is_told_what_to_do(tmp_path: Path, draw: Draw) -> None:
    tree(tmp_path, draw, "a", "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "x.svg").touch()
    with pytest.raises(
        InputError, match=r"c holds no images that are read: remove it or fill it; save pictures as JPEG"
    ):
        load_folder(tmp_path)
