"""Pictures for evaluation: chosen by what they are called, about one in ten."""

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.hash_split import MOST, is_for_training


def evaluated(numbers: range) -> set[str]:
    images = ImageSet("photos", [f"{number}.jpg" for number in numbers])
    return {key for key, learns in zip(images.keys, is_for_training(images), strict=True) if not learns}


def test_about_one_tenth() -> None:
    assert 900 < len(evaluated(range(10_000))) < 1100


def test_the_choice_stays_while_pictures_are_added_or_come_in_another_order() -> None:
    few, many = evaluated(range(5000)), evaluated(range(20_000))
    assert few == {key for key in many if int(key.removesuffix(".jpg")) < 5000}
    assert evaluated(range(4999, -1, -1)) == few


@pytest.mark.parametrize("count", [4, 5, 10])
def test_at_least_two(count: int) -> None:
    assert 2 <= len(evaluated(range(count))) <= 3


def test_at_most_five_thousand() -> None:
    images = ImageSet("many", np.zeros((60_000, 1, 1), dtype=np.uint8))
    assert (~is_for_training(images)).sum() == MOST


def test_too_few_for_two_halves() -> None:
    with pytest.raises(InputError, match="photos has 3 images: 2 to learn from and 2 for evaluation are the least"):
        evaluated(range(3))
