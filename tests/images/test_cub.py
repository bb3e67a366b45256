"""CUB-200-2011 in its real layout, and what is taken for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.cub import load_cub
from embedding_transfer.images.listed import IncompleteImages


def tree(root: Path, n_train: int, n_test: int) -> Path:
    """ROOT/images/NNN.Bird/ with 200 classes of empty files; nothing is decoded."""
    for first, total in ((1, n_train), (101, n_test)):
        for index in range(total):
            number = first + index % 100
            folder = root / "images" / f"{number:03d}.Bird_{number}"
            if index < 100:
                folder.mkdir(parents=True)
                (folder / "._Bird.jpg").touch()  # as unpacked by other systems
            (folder / f"Bird_{index:04d}.jpg").touch()
    return root


def test_the_published_set(tmp_path: Path) -> None:
    home = tree(tmp_path / "CUB_200_2011", 5864, 5924)
    (home / "images.txt").write_text("1 001.Bird_1/Bird_0000.jpg\n")
    for root in (tmp_path, home):
        train, test = load_cub(root)
        assert (len(train), len(test)) == (5864, 5924)
        assert train.class_names == tuple(f"{n:03d}.Bird_{n}" for n in range(1, 101))
        assert test.class_names == tuple(f"{n:03d}.Bird_{n}" for n in range(101, 201))
        assert all(f"Bird_{label + 101}/" in str(path) for path, label in zip(test.images, test.labels, strict=True))
    assert train.name == "cub/train"


def test_the_set_of_2010_is_named(tmp_path: Path) -> None:
    root = tree(tmp_path, 2990, 3043)
    with pytest.raises(InputError, match=r"3,043 test images instead of 5,924; this looks like CUB-200 of 2010"):
        load_cub(root)


def test_classes_go_by_their_numbers_even_if_some_are_missing(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    for name in ("003.C", "100.Last_of_training", "101.First_of_test"):
        draw(tmp_path / "images" / name / "0.jpg")
    with pytest.warns(IncompleteImages, match=r"2 training images instead of 5,864, 2 training classes instead of 100"):
        train, test = load_cub(tmp_path, allow_incomplete=True)
    assert train.class_names == ("003.C", "100.Last_of_training")
    assert test.class_names == ("101.First_of_test",)


def test_half_of_the_classes_is_told_with_what_is_missing(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    draw(tmp_path / "images/001.A/0.jpg")
    with pytest.raises(InputError, match=r"0 test images instead of 5,924, 0 test classes instead of 100; 11,787 im"):
        load_cub(tmp_path)


def test_other_layouts_are_told_with_what_was_looked_for(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere: --root must be the folder of the image set 'cub'"):
        load_cub(tmp_path / "nowhere")
    (tmp_path / "CUB_200_2011.tgz").touch()
    with pytest.raises(InputError, match=r"looked for images or CUB_200_2011/images or .*; found CUB_200_2011\.tgz"):
        load_cub(tmp_path)
    draw(tmp_path / "images" / "Black_footed_Albatross" / "0.jpg")
    with pytest.raises(InputError, match=r"images/Black_footed_Albatross should be called NNN\.Name"):
        load_cub(tmp_path)
