"""Names of the two halves."""

import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.halves import half_of, like_a_half, two_halves


@pytest.mark.parametrize(
    ("names", "half"),
    [
        (["train", "Train", "TRAINING", " training "], "train"),
        (["test", "Testing", "val", "VALID", "validation", "eval", "Evaluation"], "test"),
        (["cat", "trains", "valley", "", "train2"], None),
    ],
)
def test_names_of_halves(names: list[str], half: str | None) -> None:
    assert [half_of(name) for name in names] == [half] * len(names)


def test_names_that_look_like_halves() -> None:
    found = [like_a_half(name) for name in ("cars_train", "Train2017", "val2017", "test-set", "cats")]
    assert found == ["train", "train", "test", "test", None]


def test_the_test_half_goes_before_validation() -> None:
    assert two_halves(["val", "train", "Test", "cats"], "x") == ("train", "Test")
    assert two_halves(["valid", "Training"], "x") == ("Training", "valid")
    assert two_halves(["train", "cats"], "x") is None
    assert two_halves(["test", "cats"], "x") is None


@pytest.mark.parametrize("names", [["train", "Training", "test"], ["train", "test", "TEST"]])
def test_it_must_be_clear_which_folder_is_meant(names: list[str]) -> None:
    with pytest.raises(InputError, match=r"^x holds .* and .*: keep one of them$"):
        two_halves(names, "x")
