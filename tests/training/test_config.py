"""Configurations: complete, plain, the same however a loss was named; what a resumed run may not change."""

from typing import Any

import pytest
import yaml

from embedding_transfer.losses import RKDLoss
from embedding_transfer.training.config import config_data, differing
from embedding_transfer.training.transfer_options import TransferOptions


def options(**given: Any) -> TransferOptions:
    return TransferOptions.of({"source": "s", "output": "x", **given})


def test_it_is_complete_and_survives_yaml() -> None:
    data = config_data(options(loss="RKDLoss", ks=(1, 2), root="r"))
    assert yaml.safe_load(yaml.safe_dump(data)) == data
    assert config_data(TransferOptions.of(data)) == data
    assert next(iter(data)) == "source"
    assert data["resume"] is False
    assert config_data(options(resume=True))["resume"] is False


@pytest.mark.parametrize(
    "before",
    [
        "RKDLoss",  # as Python calls wrote it in version 0.1
        {"class_path": "embedding_transfer.losses.rkd.RKDLoss", "init_args": {"distance_weight": 1.0}},
        {"class_path": "embedding_transfer.losses.RKDLoss"},
    ],
)
def test_a_loss_is_the_same_however_it_was_named(before: Any) -> None:
    assert differing(options(loss="RKDLoss"), {"loss": before}) is None


def test_what_differs_is_named() -> None:
    assert differing(options(epochs=3), config_data(options(epochs=2))) == ("epochs", 2, 3)
    changed = differing(options(loss=RKDLoss), config_data(options(loss={"class_path": "PKTLoss"})))
    assert changed is not None
    assert changed[0] == "loss"


def test_what_may_change_or_is_not_settled_yet_does_not_differ() -> None:
    before = config_data(options(batch_size=12, backbone="convnet-4", embedding_dim=3, workers=1, log="tensorboard"))
    assert differing(options(workers=5, resume=True), before) is None
    assert differing(options(backbone="convnet-8"), before) == ("backbone", "convnet-4", "convnet-8")
    del before["metric"]
    assert differing(options(metric="cosine"), before) is None
