from pathlib import Path

import pytest
import torch

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks import EmbeddingNetwork, load_network


def test_a_run_directory_gives_its_best_network(tmp_path: Path) -> None:
    best, other = (EmbeddingNetwork("convnet-4", 3, image_size=28) for _ in range(2))
    best.save(tmp_path / "best.safetensors")
    other.save(tmp_path / "other.safetensors")
    assert torch.equal(load_network(tmp_path).head.weight, best.head.weight)
    assert torch.equal(load_network(str(tmp_path / "other.safetensors")).head.weight, other.head.weight)


def test_a_missing_path_is_an_error_not_a_random_network(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such network: .*runs/source \(expected a run directory"):
        load_network(tmp_path / "runs" / "source")


def test_a_directory_without_best_network_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no best\.safetensors: expected the directory of a training"):
        load_network(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no network")
    with pytest.raises(InputError, match=r"notes\.txt"):
        load_network(tmp_path / "notes.txt")
