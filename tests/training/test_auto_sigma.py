"""--loss.sigma auto: the source is asked, and the configuration has the number."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from embedding_transfer.errors import UsageError
from embedding_transfer.images import load_images
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.sources import open_source
from embedding_transfer.sources.audit import audit
from embedding_transfer.training.auto_sigma import has_auto_sigma, with_sigma
from embedding_transfer.verbs.transfer import transfer

AUTO = {"class_path": "RelaxedContrastiveLoss", "init_args": {"sigma": "auto"}}
SUM = {"class_path": "WeightedSum", "init_args": {"losses": [{"class_path": "PKTLoss"}, AUTO], "weights": [1, 1]}}


def test_a_number_comes_in_the_place_of_every_auto() -> None:
    assert has_auto_sigma(AUTO)
    assert has_auto_sigma(SUM)
    assert not has_auto_sigma("RelaxedContrastiveLoss")
    assert not has_auto_sigma({"class_path": "RelaxedContrastiveLoss", "init_args": {"sigma": 1.0}})
    settled = with_sigma(SUM, 0.5)
    assert not has_auto_sigma(settled)
    assert settled["init_args"]["losses"][1]["init_args"] == {"sigma": 0.5}
    assert has_auto_sigma(SUM)  # which is as it was


@pytest.mark.parametrize("loss", [AUTO, SUM])
def test_the_configuration_has_the_number_and_the_run_resumes(
    loss: Any, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 1, "output": tmp_path / "run"}
    transfer(tiny_source, loss=loss, **options)
    text = (tmp_path / "run/config.yaml").read_text()
    vectors = open_source(tiny_source).embed(load_images("folder", tiny_options["root"]).train, workers=0)
    assert f"sigma: {audit(vectors).suggested_sigma}" in text
    assert "auto" not in str(yaml.safe_load(text)["loss"])
    again = transfer(tiny_source, loss=loss, **options, resume=True)
    assert again.last["epoch"] == 1
    assert yaml.safe_load((tmp_path / "run/config.yaml").read_text()) == yaml.safe_load(text)


def test_a_loss_alone_cannot_choose() -> None:
    with pytest.raises(UsageError, match="RelaxedContrastiveLoss needs a number for sigma"):
        RelaxedContrastiveLoss(sigma="auto")
