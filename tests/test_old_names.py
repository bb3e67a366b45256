"""Code that was written for the flat package still imports."""

import importlib

import pytest

import embedding_transfer
from embedding_transfer.old_names import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_a_moved_module_is_found_by_its_old_name(old: str) -> None:
    importlib.sys.modules.pop(f"embedding_transfer.{old}", None)  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match=rf"embedding_transfer\.{old} is now embedding_transfer\.{MOVED[old]}"):
        stand_in = importlib.import_module(f"embedding_transfer.{old}")
    new = importlib.import_module(f"embedding_transfer.{MOVED[old]}")
    public = [name for name in vars(new) if not name.startswith("_")]
    assert all(getattr(stand_in, name) is getattr(new, name) for name in public)


@pytest.mark.parametrize(
    "names",
    [
        "relations: pairwise_distances relative_distances relaxed_labels inner_products full_precision",
        "retrieval: recall_at_k nearest_neighbours",
        "metric_losses: ProxyAnchorLoss MinedLoss MetricLoss",
        "training: Training TrainingResult",
        "build: build find_class",
        "cli: main VERBS parse",
    ],
)
def test_a_module_that_became_a_room_still_has_its_names(names: str) -> None:
    room, _, wanted = names.partition(": ")
    module = importlib.import_module(f"embedding_transfer.{room}")
    assert all(hasattr(module, name) for name in wanted.split())


def test_a_renamed_function_has_its_old_name_too() -> None:
    assert embedding_transfer.nearest_neighbours is embedding_transfer.nearest_neighbors


def test_what_never_was_is_still_not_there() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("embedding_transfer.never")
