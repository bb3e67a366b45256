"""Descriptions of networks: they come back as they were, and whatever is wrong with one is said in a line."""

import json
from typing import Any

import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.networks.backbone import Normalization
from embedding_transfer.networks.description import Description, read_description

DESCRIPTION = Description("resnet18", 8, True, 64, 0.875, None, Normalization((0.1, 0.2, 0.3), (1, 2, 3), "bgr", 255.0))


def as_data() -> dict[str, Any]:
    return json.loads(json.dumps(DESCRIPTION.as_json()))


def test_a_description_comes_back_through_json() -> None:
    assert read_description(as_data()) == DESCRIPTION
    assert read_description({**as_data(), "batch_norm_momentum": 0.9, "something": "new"}).batch_norm_momentum == 0.9


@pytest.mark.parametrize("key", [key for key in as_data() if key != "package_version"])
@pytest.mark.parametrize("wrong", [..., [], {}, "", float("nan"), -1, {"x": [1] * 1000}])
def test_whatever_is_wrong_is_said_in_a_line(key: str, wrong: Any) -> None:
    data = {**as_data(), key: wrong}
    if wrong is ...:
        del data[key]
    if key == "batch_norm_momentum" and wrong == -1:
        return  # odd, but a number
    with pytest.raises(InputError, match=key) as caught:
        read_description(data)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("mean", [0.5, 0.5]),
        ("mean", 0.5),
        ("std", [1, 0, 1]),
        ("std", ["a", "b", "c"]),
        ("channel_order", "grb"),
        ("channel_order", ["rgb"]),
        ("value_range", 0),
        ("value_range", None),
    ],
)
def test_a_normalization_that_none_can_follow_is_refused(key: str, wrong: Any) -> None:
    data = as_data()
    data["normalization"][key] = wrong
    with pytest.raises(InputError, match=rf"damaged: normalization\.{key} is "):
        read_description(data)


@pytest.mark.parametrize("data", [None, 3, "resnet18", [], [as_data()]])
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match=r"the whole of it is .*, not a mapping"):
        read_description(data)


@pytest.mark.parametrize(("key", "wrong"), [("embedding_dim", True), ("l2_normalize", 1), ("crop", True), ("crop", 2)])
def test_kinds_that_python_would_mix_up_are_told_apart(key: str, wrong: Any) -> None:
    with pytest.raises(InputError, match=rf"{key} is {wrong}, not"):
        read_description({**as_data(), key: wrong})
