"""Pictures that are fetched one at a time: nothing is fetched before it is needed, faults are named."""

import pickle

import numpy as np
import pytest
import torch

from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.examine import examine
from embedding_transfer.images.path_list import PathList
from embedding_transfer.images.picture_sequence import JoinedPictures, SomePictures
from embedding_transfer.images.stored_pictures import joined
from embedding_transfer.images.views import EvaluationViews


class Frames:
    """Frame i is of gray i; those that were fetched are counted."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.fetched: list[int] = []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> np.ndarray:
        self.fetched.append(index)
        if index == 7:
            raise KeyError("frame 7 is lost")
        return np.full((8, 8, 3), index, dtype=np.uint8)


def test_an_image_set_of_a_sequence_fetches_what_is_looked_at() -> None:
    frames = Frames(20)
    images = ImageSet("film", frames, np.arange(20) // 10, ("a", "b"))
    train, test = images.split(np.arange(20) % 2 == 0)
    part = test.subset(np.array([4, 1]))
    assert part.keys == ["9", "3"]
    assert part.describe(0) == "film/test[0] (a)"
    assert pickle.loads(pickle.dumps(part)).keys == part.keys
    assert frames.fetched == []
    assert part.image(0).getpixel((0, 0)) == (9, 9, 9)
    assert (EvaluationViews(train, 8, 1.0)[3] == 6).all()
    assert frames.fetched == [9, 6]


def test_what_goes_wrong_is_named() -> None:
    images = ImageSet("film", Frames(20))
    with pytest.raises(InputError, match=r"^cannot read image film\[7\]: KeyError: 'frame 7 is lost'$"):
        images.image(7)
    assert [seen.row for seen in examine(images, workers=0) if seen.look.fault] == [7]
    assert examine(images, workers=0)[0].look.mode == "RGB"


def test_some_of_some_are_one_step_away() -> None:
    frames = Frames(6)
    some = SomePictures(SomePictures(frames, np.array([5, 3, 1])), np.array([2, 0]))
    assert some.pictures is frames
    assert some.rows.tolist() == [1, 5]
    assert len(some) == 2


def test_two_together() -> None:
    both = JoinedPictures(Frames(2), Frames(3))
    assert len(both) == 5
    assert [int(both[i][0, 0, 0]) for i in range(5)] == [0, 1, 0, 1, 2]  # type: ignore[call-overload,index]
    assert (
        joined(ImageSet("a", ["x.png"]).images, ImageSet("b", ["y.png"]).images)
        == ImageSet("", ["x.png", "y.png"]).images
    )
    pixels = np.zeros((2, 4, 4), dtype=np.uint8)
    assert np.asarray(joined(pixels, pixels)).shape == (4, 4, 4)
    mixed = joined(PathList(["x.png"]), pixels)
    assert len(mixed) == 3
    assert str(mixed[0]) == "x.png"


def test_a_list_of_pictures_is_a_sequence() -> None:
    images = ImageSet("list", [torch.zeros(3, 4, 5, dtype=torch.uint8)] * 2)
    assert images.image(1).size == (5, 4)
    assert images.keys == ["0", "1"]
