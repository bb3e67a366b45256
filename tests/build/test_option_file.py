"""Files of options and their layers."""

from pathlib import Path

import pytest

from embedding_transfer.build import merged, read_options
from embedding_transfer.errors import InputError, UsageError


def test_names_may_have_dashes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("batch-size: 12\nloss.sigma: 0.5\n")
    assert read_options(tmp_path / "a.yaml") == {"batch_size": 12, "loss.sigma": 0.5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "bad.yaml: line 3, column"),
        ("a:\t1\n  b: 2", "bad.yaml: line "),
        ("- a\n- b\n", "must hold options by name"),
        ("", "must hold options by name"),
        ("3: 4\n", "must hold options by name"),
    ],
)
def test_a_broken_file_is_named_with_the_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(InputError) as refused:
        read_options(tmp_path / "bad.yaml")
    assert said in str(refused.value)
    assert str(tmp_path / "bad.yaml") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match=r"bad\.yaml"):
        read_options(tmp_path / "bad.yaml")


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*none\.yaml"):
        read_options(tmp_path / "none.yaml")


CLASSES = {"loss": "RelaxedContrastiveLoss", "metric_loss": None}


def test_later_layers_win() -> None:
    assert merged([{"epochs": 1, "lr": 2}, {"epochs": 3}], CLASSES) == {"epochs": 3, "lr": 2}


def test_an_argument_belongs_to_the_class_of_its_layer_or_an_earlier_one() -> None:
    recipe = {"loss": {"class_path": "RKDLoss", "init_args": {"angle_weight": 1}}}
    found = merged([recipe, {"loss.distance_weight": 0}], CLASSES)
    assert found["loss"] == {"class_path": "RKDLoss", "init_args": {"angle_weight": 1, "distance_weight": 0}}
    assert recipe["loss"]["init_args"] == {"angle_weight": 1}
    another = merged([recipe, {"loss.margin": 0, "loss": "PKTLoss"}], CLASSES)
    assert another["loss"] == {"class_path": "PKTLoss", "init_args": {"margin": 0}}
    of_default = merged([{"loss.sigma": 2}], CLASSES)
    assert of_default["loss"] == {"class_path": "RelaxedContrastiveLoss", "init_args": {"sigma": 2}}


def test_an_argument_without_a_class_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no option 'lr\.x': lr names no class"):
        merged([{"lr.x": 1}], CLASSES)
    with pytest.raises(UsageError, match=r"metric_loss\.margin needs metric_loss"):
        merged([{"metric_loss.margin": 1}], CLASSES)
