"""What is typed: forgiving spelling, words without a name, lists, switches, configuration files below it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from embedding_transfer.cli import main, parse
from embedding_transfer.errors import EmbeddingTransferError, UsageError

RUN = ["--output", "run"]


def read(verb: str, *words: str) -> dict[str, Any]:
    return parse(verb, [*words, *RUN])


@pytest.mark.parametrize(
    ("verb", "words", "meant"),
    [
        ("train-source", ["my-images"], {"images": "folder", "root": Path("my-images")}),
        ("train-source", ["cub", "data"], {"images": "cub", "root": Path("data")}),
        ("train-source", ["cub", "--root", "data"], {"images": "cub", "root": Path("data")}),
        ("train-source", ["glyphs"], {"images": "glyphs", "root": None}),
        ("train-source", ["TripletLoss", "my-images"], {"loss": "TripletLoss", "root": Path("my-images")}),
        ("train-source", ["pack.age.MyLoss", "x"], {"loss": "pack.age.MyLoss", "root": Path("x")}),
        ("transfer", ["runs/source", "my-images"], {"source": ("runs/source",), "root": Path("my-images")}),
        ("transfer", ["runs/source", "sop", "x"], {"source": ("runs/source",), "images": "sop", "root": Path("x")}),
        ("transfer", ["--source", "s", "--root", "r"], {"source": ("s",), "root": Path("r")}),
        ("check-images", ["my-images"], {"images": "folder", "root": Path("my-images")}),
        ("check-images", ["table", "--root", "t.csv"], {"images": "table", "root": Path("t.csv")}),
    ],
)
def test_words_without_a_name(verb: str, words: list[str], meant: dict[str, Any]) -> None:
    assert meant.items() <= read(verb, *words).items()


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["a", "x"], {"network": "a", "root": Path("x")}),
        (["a", "b", "c", "x"], {"network": ["a", "b", "c"], "root": Path("x")}),
        (["a", "b", "--root", "x"], {"network": ["a", "b"], "root": Path("x")}),
        (["a", "b", "cub", "x"], {"network": ["a", "b"], "images": "cub", "root": Path("x")}),
        (["a", "b", "glyphs"], {"network": ["a", "b"], "images": "glyphs", "root": None}),
    ],
)
def test_networks_to_compare_come_before_the_folder(words: list[str], meant: dict[str, Any]) -> None:
    found = parse("evaluate", words)
    assert {name: found[name] for name in meant} == meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--batch_size=6", "--IPC", "3", "--view", "2"], {"batch_size": 6, "images_per_class": 3, "views": 2}),
        (["--batch-size", "6", "--images-per-class", "null"], {"batch_size": 6, "images_per_class": None}),
        (["--ks", "1", "2", "--l2-normalize"], {"ks": (1, 2), "l2_normalize": True}),
        (["--ks", "1,2", "--l2-normalize", "false"], {"ks": (1, 2), "l2_normalize": False}),
        (["--ks=[1, 2]", "--clip-value", "1e-1"], {"ks": (1, 2), "clip_value": 0.1}),
        (
            ["--loss.angle_weight", "3", "--loss", "RKDLoss"],
            {"loss": {"class_path": "RKDLoss", "init_args": {"angle_weight": 3}}},
        ),
        (["--epochs", "1", "--epochs", "2"], {"epochs": 2}),
    ],
)
def test_forgiving_spelling(words: list[str], meant: dict[str, Any]) -> None:
    assert meant.items() <= read("transfer", "s", *words).items()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["s", "r", "more"], "'more' is one word too many"),
        (["s", "--epochs", "1", "2"], "--epochs takes one value; got 1 2"),
        (
            ["s", "cubb", "r"],
            "'r' is one word too many: options are given by name, such as --output; 'cubb' is no image",
        ),
        (["s", "cubb", "r"], "'cubb' is no image set, did you mean cub?"),
        (["s", "--dim", "8"], "no option --dim, did you mean embedding-dim?"),
        (["s", "--sigm", "8"], "no option --sigm, did you mean --loss.sigma?"),
        (["s", "--delta", "8", "--loss", "RelaxedMSLoss"], "no option --delta, did you mean --loss.delta?"),
        (["s", "--loss", "--epochs", "3"], "--loss needs a class; --loss.help lists them"),
        (["s", "--losss.sigma", "8"], "no option --losss.sigma, did you mean loss?"),
        (["s", "--metric-loss.margin", "8"], "metric_loss.margin needs metric_loss"),
        (["s", "--clip-value", "-1"], "clip_value must be above 0; got -1"),
        (["s", "--threads", "0"], "threads must be at least 1; got 0"),
        (["s", "--embedding-dim", "0"], "embedding_dim must be at least 1; got 0"),
        (["s", "--lr", "nan"], "lr: expected a"),
        (["s", "--transfer-weight", "0"], "leaves nothing to learn"),
    ],
)
def test_what_cannot_be_meant(words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read("transfer", *words)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_image_set_that_is_also_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cub").mkdir()
    with pytest.raises(UsageError, match=r"give cub FOLDER for the image set in a folder, or \./cub"):
        read("train-source", "cub")
    assert read("train-source", "./cub")["root"] == Path("cub")


def test_a_configuration_is_read_below_what_is_typed(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "precision: no\nlr: 1e-3\nweights: null\nks: [1]\nbatch-size: 4\nloss: RKDLoss\nloss.angle_weight: 3\n"
    )
    found = read("transfer", "s", "--config", str(tmp_path / "c.yaml"), "--lr", "2e-3", "--loss.distance_weight", "0")
    assert (found["precision"], found["lr"], found["weights"], found["batch_size"]) == ("no", 2e-3, None, 4)
    assert found["loss"] == {"class_path": "RKDLoss", "init_args": {"angle_weight": 3, "distance_weight": 0}}


@pytest.mark.parametrize(
    ("text", "said"),
    [("batch-sise: 4", "did you mean batch_size?"), ("a: [1", "line 1"), ("- 3", "must hold options by name")],
)
def test_a_wrong_configuration_is_named(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(EmbeddingTransferError) as refused:
        read("transfer", "s", "--config", str(file))
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_the_whole_configuration_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    typed = ["transfer", "s", "--loss.sigma", "0.5", "--ks", "1,2", *RUN]
    assert main([*typed, "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert {"sigma": 0.5, "delta": 1.0}.items() <= yaml.safe_load(printed)["loss"]["init_args"].items()
    (tmp_path / "c.yaml").write_text(printed)
    assert main(["transfer", "--config", str(tmp_path / "c.yaml"), "--print-config"]) == 0
    assert capsys.readouterr().out == printed
    assert not Path("run").exists()
