"""Pictures without classes as image sets, and both halves of a set as one."""

from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.images.left_out import LeftOut
from embedding_transfer.images.together import whole_set
from embedding_transfer.retrieval.pictures import listed_pictures, picture_set


def test_a_folder_is_all_pictures_in_it(tiny_folder: Path) -> None:
    images = picture_set(str(tiny_folder))
    assert len(images) == 55
    assert images.keys[0] == "test/test-class0/0.png"
    assert images.keys == sorted(images.keys)


def test_files_and_folders_may_be_strings(tiny_folder: Path) -> None:
    folder = tiny_folder / "test/test-class1"
    images = picture_set([str(folder / "3.png"), folder], root=tiny_folder)
    assert images.keys == [f"test/test-class1/{n}.png" for n in (3, 0, 1, 2, 3, 4)]
    assert picture_set(folder / "3.png").keys == [str(folder / "3.png")]
    assert picture_set(np.array([str(folder / "3.png")])).keys == [str(folder / "3.png")]


def test_pixels_are_called_by_their_number() -> None:
    assert picture_set(np.zeros((3, 4, 4, 3), np.uint8)).keys == ["0", "1", "2"]


def test_an_image_set_stays_as_it_is(tiny_folder: Path) -> None:
    images = load_images("folder", tiny_folder).test
    assert picture_set(images) is images


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no picture or folder .*nowhere\.png"):
        picture_set([tmp_path / "nowhere.png"])
    with pytest.raises(InputError, match="holds no pictures"):
        picture_set(tmp_path)
    with pytest.raises(InputError, match="no pictures were given"):
        picture_set([])
    (tmp_path / "strange.abc").write_text("no picture")
    with pytest.warns(LeftOut, match="1 file"), pytest.raises(InputError, match="holds no pictures"):
        picture_set(tmp_path)


def test_lists_stand_for_what_they_list(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("a.png\r\n\r\nb/ü.png\n", encoding="utf-8")
    assert listed_pictures([Path("0.png"), listed]) == [Path("0.png"), Path("a.png"), Path("b/ü.png")]
    listed.write_text("\n")
    with pytest.raises(InputError, match=r"list\.txt lists no pictures"):
        listed_pictures([listed])


@pytest.mark.parametrize("name", ["folder", "glyphs"])
def test_both_halves_are_one_set_with_all_keys(name: str, tiny_folder: Path) -> None:
    splits = load_images(name, tiny_folder)
    whole = whole_set(splits)
    assert len(whole) == sum(map(len, splits))
    assert set(whole.keys) == {key for half in splits for key in half.keys}
    assert whole.name == splits.train.name.removesuffix("/train")
    for row in (0, len(splits.train) - 1, len(splits.train), len(whole) - 1):
        half, place = (splits.train, row) if row < len(splits.train) else (splits.test, row - len(splits.train))
        assert whole.keys[row] == half.keys[place]
        assert whole.class_names[whole.labels[row]] == half.class_names[half.labels[place]]
        assert np.array_equal(whole.image(row), half.image(place))
