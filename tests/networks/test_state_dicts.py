"""Weights in the middle of whatever else a checkpoint holds; whole files are in test_weights.py."""

from typing import Any

import pytest
import torch

from embedding_transfer.errors import InputError
from embedding_transfer.networks.state_dicts import fitting_weights, state_dicts

ONE, TWO = torch.ones(1), torch.full((1,), 2.0)


def test_every_mapping_with_tensors_is_found_by_its_place_but_no_optimizer() -> None:
    content = {
        "epoch": 3,
        "model": {"a": ONE, "steps": 4, "deep": {"b": TWO}},
        "optimizer": {"exp_avg": {"a": TWO}},
        "optim": {"a": TWO},
        7: {"a": TWO},
    }
    found = [(weights.place, list(weights.state)) for weights in state_dicts(content)]
    assert found == [("model.", ["a"]), ("model.deep.", ["b"])]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"a.w": ONE, "b.w": TWO}, ""),
        ({"x.a.w": ONE, "x.b.w": TWO, "y.a.w": ONE}, "x."),
        ({"net": {"x.a.w": ONE, "x.b.w": TWO}, "other": {"a.w": TWO}}, "net.x."),
        ({"last": {"a.w": TWO, "b.w": TWO}, "ema": {"m.a.w": ONE, "m.b.w": TWO}}, "ema.m."),
        ({"schema": {"a.w": ONE, "b.w": TWO}, "copy": {"a.w": ONE, "b.w": TWO}}, "schema."),
    ],
)
def test_the_weights_with_most_of_the_names_are_taken(content: dict[str, Any], place: str) -> None:
    found = fitting_weights(content, {"a.w", "b.w"}, "file.pth")
    assert found.place == place
    assert {name: value.item() for name, value in found.state.items()} == {"a.w": 1, "b.w": 2}


def test_several_that_fit_equally_well_are_refused_by_their_places() -> None:
    content = {"student": {"a.w": ONE}, "teacher": {"a.w": TWO}}
    with pytest.raises(InputError, match=r"file\.pth holds this network 2 times, under 'student' and 'teacher'"):
        fitting_weights(content, {"a.w"}, "file.pth")


@pytest.mark.parametrize("content", [None, [ONE], ONE, {}, {"epoch": 3}, {"model": {3: ONE}}])
def test_what_has_no_tensors_by_name_is_refused(content: Any) -> None:
    with pytest.raises(InputError, match=r"file\.pth holds no state dict of tensors by name: .*torch\.save"):
        fitting_weights(content, {"a.w"}, "file.pth")
