"""Annotation files: found, read row by row, and what they list but is not there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.listed import (
    IncompleteImages,
    find_place,
    read_rows,
    train_and_test,
    without_missing_files,
)


def test_the_first_place_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "c").touch()
    assert find_place(tmp_path, ("a", "b", "c"), "some") == tmp_path / "b"


def test_a_place_that_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere: --root must be the folder of the image set 'some'"):
        find_place(tmp_path / "nowhere", ("a",), "some")
    with pytest.raises(InputError, match=r"does not hold 'some': looked for x or y/z; found nothing"):
        find_place(tmp_path, ("x", "y/z"), "some")
    for name in ("h", "g", "f", "e", "d", "c", "b", ".hidden"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"found b, c, d, e, f, g and 1 more$"):
        find_place(tmp_path, ("x",), "some")


def test_rows_below_the_header(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("2\nname   kind\na.jpg   x\n\nb.jpg\ty\n")
    assert read_rows(tmp_path / "list.txt", ("name", "kind"), skipped=1) == [["a.jpg", "x"], ["b.jpg", "y"]]


def test_a_list_that_is_another_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    with pytest.raises(InputError, match=r"cannot read .*list\.txt: "):
        read_rows(path, ("name", "kind"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"cannot read .*list\.txt: "):
        read_rows(path, ("name", "kind"))
    path.write_text("")
    with pytest.raises(InputError, match=r"list\.txt: line 1 should be 'name kind'; it is ''"):
        read_rows(path, ("name", "kind"))
    path.write_text("2\nname sort\n")
    with pytest.raises(InputError, match=r"list\.txt: line 2 should be 'name kind'; it is 'name sort'"):
        read_rows(path, ("name", "kind"), skipped=1)
    path.write_text("name kind\na x\nb\n")
    with pytest.raises(InputError, match=r"list\.txt: line 3 has 1 columns instead of 2"):
        read_rows(path, ("name", "kind"))


def test_missing_files_are_named_or_left_out(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    there = [draw(tmp_path / name) for name in ("a/0.png", "b/0.png")]
    paths = [there[0], tmp_path / "a/1.png", there[1], tmp_path / "nowhere/0.png"]
    images = ImageSet("some", paths, np.array([0, 1, 2, 2]), ("x", "y", "z"))
    is_train = np.array([True, True, False, False])
    with pytest.raises(InputError, match=r"some: 2 of 4 listed images are missing, the first is .*a/1\.png \(--allow-"):
        without_missing_files(images, is_train, allow_incomplete=False)
    with pytest.warns(IncompleteImages, match=r"2 of 4 listed images are missing"):
        kept, is_train = without_missing_files(images, is_train, allow_incomplete=True)
    assert kept.images == there
    assert kept.class_names == ("x", "z")
    assert kept.labels.tolist() == [0, 1]
    assert is_train.tolist() == [True, False]


def test_only_test_images_keep_queries_and_gallery() -> None:
    flags = np.array([False, False, True, False])
    paths = [Path("some.png")] * 4
    images = ImageSet("some", paths, np.array([0, 0, 1, 1]), ("x", "y"), is_query=flags, is_gallery=~flags)
    train, test = train_and_test(images, np.array([True, True, False, False]))
    assert train.is_query is None
    assert train.is_gallery is None
    assert test.is_query is not None
    assert test.is_query.tolist() == [True, False]
    assert test.is_gallery is not None
    assert test.is_gallery.tolist() == [False, True]
    assert (train.name, test.name) == ("some/train", "some/test")
