"""--train-on all: nothing is held out, and the last epoch is the network to take."""

from pathlib import Path
from typing import Any

import pytest
import torch

from embedding_transfer.errors import UsageError
from embedding_transfer.networks import load_network
from embedding_transfer.verbs.train_source import train_source


def test_all_classes_are_trained_on_and_the_last_epoch_is_taken(
    tiny_options: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = train_source(
        backbone="convnet-4", embedding_dim=8, train_on="all", output=tmp_path / "run", **{**tiny_options, "epochs": 2}
    )
    assert "training on 55 pictures of 11 classes" in capsys.readouterr().err
    assert result.best["epoch"] == 2
    best, last = (load_network(tmp_path / f"run/{name}.safetensors").state_dict() for name in ("best", "last"))
    assert all(torch.equal(best[name], last[name]) for name in best)


def test_nothing_can_be_held_out_of_all(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds nothing out"):
        train_source(train_on="all", validation=0.5, output=tmp_path / "run", **tiny_options)
