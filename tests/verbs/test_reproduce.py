"""Reproduce: the plan, what is skipped and resumed, the table with its baselines."""

import csv
import json
import shlex
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from sklearn.decomposition import PCA

from embedding_transfer.cli import main
from embedding_transfer.grid.picture import figure_of
from embedding_transfer.grid.published import published_recall
from embedding_transfer.grid.table import Row, as_csv, head_and_cells, row_of_baseline, row_of_runs
from embedding_transfer.images import load_images
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.evaluation import recall_of
from embedding_transfer.sources import PictureSource
from embedding_transfer.sources.principal_components import principal_components
from embedding_transfer.training.loop import Training

TINY = {"image_size": 16, "augmentation": "character", "epochs": 2, "batch_size": 12, "lr": 1e-3, "ks": [1, 2]}


@pytest.fixture
def grid(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two recipes: a source and a shorter target; methods of its own in mine.yaml."""
    monkeypatch.chdir(tmp_path)
    common = {**TINY, "root": str(tiny_folder), "workers": 0}
    source = {**common, "backbone": "convnet-4", "embedding_dim": 8, "output": "source"}
    target = {**common, "source": "source", "embedding_dim": 3}
    (tmp_path / "tiny").mkdir()
    for name, options in (("source", source), ("shorter", target)):
        (tmp_path / f"tiny/{name}.yaml").write_text(yaml.safe_dump(options))
    (tmp_path / "mine.yaml").write_text("Mine: {loss: RelaxedContrastiveLoss, loss.sigma: 0.5, source_views: mean}\n")
    return tmp_path


COMMAND = ["reproduce", "tiny/source.yaml", "tiny/shorter.yaml", "--methods-file", "mine.yaml", "--output", "out"]
METHODS = ["--methods", "Labels,Mine", "--seeds", "0", "1"]


def lines_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_dry_run_prints_commands_that_are_the_cells(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, *METHODS, "--dry-run", "--epochs", "1", "--loss-lr-factor", "7"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "5 trainings: 0 finished, 0 begun, 5 new"
    assert not (grid / "out").exists()
    commands = [shlex.split(line) for line in said[1:]]
    assert [command[:2] for command in commands] == [["embedding-transfer", "train-source"]] + [
        ["embedding-transfer", "transfer"]
    ] * 4
    for command in (commands[0], commands[-1]):
        assert main(command[1:]) == 0
    config = yaml.safe_load((grid / "out/tiny/shorter/Mine/seed-1/config.yaml").read_text())
    assert (config["seed"], config["epochs"], config["embedding_dim"]) == (1, 1, 3)
    assert (config["loss"]["init_args"]["sigma"], config["source_views"]) == (0.5, "mean")
    assert (config["loss_lr_factor"], config["transfer_weight"]) == (7, 1)
    capsys.readouterr()
    assert main([*COMMAND, *METHODS, "--dry-run", "--epochs", "1", "--loss-lr-factor", "7"]) == 0
    assert capsys.readouterr().out.startswith("5 trainings: 2 finished, 0 begun, 3 new")


def test_a_grid_is_trained_once_and_tabled(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, *METHODS]) == 0
    runs = {(m, s): grid / f"out/tiny/shorter/{m}/seed-{s}" for m in ("Labels", "Mine") for s in (0, 1)}
    source, images = load_network(grid / "source"), load_images("folder", Path(source_root(grid)))

    with (grid / "out/table.csv").open() as file:
        table = {(row["method"], int(row["k"])): row for row in csv.DictReader(file)}
    assert {method for method, _ in table} == {"Source", "PCA of the source", "Labels", "Mine"}
    train, test = (embed_images(source, part, workers=0).double().numpy() for part in images)
    shorter = torch.from_numpy(PCA(3).fit(train).transform(test))
    for method, embeddings in (("Source", torch.from_numpy(test)), ("PCA of the source", shorter)):
        expected = recall_of(embeddings, images.test, (1, 2), "euclidean")
        for k in (1, 2):
            assert float(table[method, k]["best_mean"]) == pytest.approx(100 * expected[f"recall@{k}"], abs=1e-3)
    for method in ("Labels", "Mine"):
        both = [lines_of(runs[method, seed]) for seed in (0, 1)]
        best = [100 * max(lines, key=lambda line: line["recall@1"])["recall@2"] for lines in both]
        last = [100 * lines[-1]["recall@2"] for lines in both]
        found = [float(table[method, 2][name]) for name in ("best_mean", "best_std", "last_mean", "last_std")]
        assert found == pytest.approx([mean(best), stdev(best), mean(last), stdev(last)], abs=1e-3)
    assert Image.open(grid / "out/table.png").size[0] == 880
    index, page = ((grid / "out" / name).read_text() for name in ("index.html", "tiny/shorter/report.html"))
    assert 'href="tiny/shorter/report.html"' in index
    for method in ("Source", "PCA of the source", "Labels, 2 seeds", "Mine, 2 seeds"):
        assert f"<bdi>{method.partition(',')[0]}</bdi>" in index
        assert f"<bdi>{method}</bdi>" in page
    markdown = (grid / "out/table.md").read_text()
    assert "## tiny/shorter" in markdown
    assert "| PCA of the source |" in markdown

    times = {file: file.stat().st_mtime_ns for file in (grid / "out").rglob("state.pt")}
    capsys.readouterr()
    assert main([*COMMAND, *METHODS]) == 0
    assert capsys.readouterr().out.startswith("5 trainings: 5 finished, 0 begun, 0 new")
    assert times == {file: file.stat().st_mtime_ns for file in (grid / "out").rglob("state.pt")}
    assert (grid / "out/table.md").read_text() == markdown


def test_a_grid_that_was_stopped_goes_on_where_it_was(
    grid: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*COMMAND, "--methods", "Mine", "--seeds", "0,1"]
    assert main(command) == 0
    stopped = ["stopped" if word == "out" else word for word in command]
    train_epoch = Training._train_epoch

    def stopping(training: Training, epoch: int, bar: Any) -> dict[str, Any]:
        if training.run.folder.name == "seed-1" and epoch == 1:
            raise KeyboardInterrupt
        return train_epoch(training, epoch, bar)

    with monkeypatch.context() as patched:
        patched.setattr(Training, "_train_epoch", stopping)
        assert main(stopped) == 130
    capsys.readouterr()
    assert main(stopped) == 0
    said = capsys.readouterr().out
    assert said.startswith("3 trainings: 2 finished, 1 begun, 0 new")
    assert "training 1 of 1:" in said
    whole, resumed = (
        torch.load(grid / name / "tiny/shorter/Mine/seed-1/state.pt", weights_only=True)["objective"]
        for name in ("out", "stopped")
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def source_root(grid: Path) -> str:
    return str(yaml.safe_load((grid / "tiny/source.yaml").read_text())["root"])


def test_other_options_are_never_taken_for_the_same_run(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--methods", "Mine", "--epochs", "1"]
    assert main([*COMMAND, *few]) == 0
    capsys.readouterr()
    assert main([*COMMAND, *few, "--transfer-weight", "3"]) == 2
    assert main([*COMMAND[:1], *COMMAND[2:], *few, "--transfer-weight", "3"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "cannot resume out/tiny/shorter/Mine/seed-0 with another transfer_weight: it was 1.0, now 3.0" in error


def test_a_failed_training_stops_no_other(grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (grid / "mine.yaml").write_text(
        "Diverges: {loss: RKDLoss, lr: 1.0e+30}\n"
        "Misfits: {start_from_source: true, backbone: convnet-8}\n"
        "Mine: {loss: PKTLoss}\n"
    )
    assert main([*COMMAND, "--methods", "Diverges,Misfits,Mine", "--epochs", "2"]) == 1
    captured = capsys.readouterr()
    assert "1 of 3 trainings failed, the first: out/tiny/shorter/Diverges/seed-0: the " in captured.err
    assert "| Mine | 1 |" in (grid / "out/table.md").read_text()
    assert "Diverges" not in (grid / "out/table.md").read_text()


def test_a_method_that_does_not_fit_is_left_out_before_anything_is_trained(
    grid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (grid / "mine.yaml").write_text("Misfits: {start_from_source: true, backbone: convnet-8}\nMine: {loss: PKTLoss}\n")
    plan = [*COMMAND, "--methods", "Misfits,Mine", "--dry-run"]
    assert main(plan) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith(
        "left out: out/tiny/shorter/Misfits/seed-0: a target convnet-8 of 3 dimensions cannot start from a source "
        "convnet-4 of 8, as it needs the same backbone"
    )
    assert [shlex.split(line)[1] for line in said[2:]] == ["train-source", "transfer"]
    assert "Misfits" not in said[3]
    assert main([*COMMAND, "--methods", "Misfits"]) == 2
    assert "no method fits tiny/shorter.yaml, the first: a target convnet-8" in capsys.readouterr().err
    assert not (grid / "source").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--root", "nowhere"], "source, before anything was trained: no folder nowhere"),
        (["--batch-size", "14", "--images-per-class", "2"], "needs 7 classes, but "),
        (["--batch-size", "500"], "has 30 images, fewer than one batch of 500"),
        (["--weights", "none.safetensors"], "no such file: none.safetensors"),
        (["--weights", "other.safetensors"], "other.safetensors "),
        (
            ["--recipes", "tiny/shorter.yaml"],
            "shorter/Mine/seed-0, before anything was trained: no such network: source",
        ),
        (["--recipes", "tiny/shorter.yaml", "--source", "timm:resnet18"], "timm:resnet18 needs its weights"),
        (["--head-start", "principal-components", "--embedding-dim", "31"], "a head of 31 dimensions cannot start as"),
    ],
)
def test_what_fits_no_method_is_said_before_anything_is_trained(
    wrong: list[str], said: str, grid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    EmbeddingNetwork("convnet-6", 3, image_size=16).save(grid / "other.safetensors")
    before = sorted(grid.rglob("*"))
    assert main([*COMMAND, "--methods", "Mine", *wrong]) in (1, 2)
    captured = capsys.readouterr()
    assert said in captured.err
    assert "training 1 of" not in captured.out
    assert sorted(grid.rglob("*")) == before
    assert main([*COMMAND, "--methods", "Mine", *wrong, "--dry-run"]) == 0
    assert "note: this plan cannot be trained as it is: " in capsys.readouterr().err


def test_weights_for_all_trainings_are_not_for_targets_that_start_as_their_source(grid: Path) -> None:
    (grid / "mine.yaml").write_text("Started: {start_from_source: true}\nMine: {loss: PKTLoss}\n")
    EmbeddingNetwork("convnet-4", 8, image_size=16).save(grid / "own.safetensors")
    few = ["--methods", "Started,Mine", "--epochs", "1", "--weights", "own.safetensors"]
    assert main([*COMMAND, *few]) == 0
    configs = [
        yaml.safe_load((grid / f"out/tiny/shorter/{m}/seed-0/config.yaml").read_text()) for m in ("Started", "Mine")
    ]
    assert [config["weights"] for config in configs] == [None, "own.safetensors"]


def test_the_table_and_the_pages_say_what_networks_cost(grid: Path) -> None:
    assert main([*COMMAND, "--methods", "Labels,Mine", "--epochs", "1"]) == 0
    with (grid / "out/table.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file) if row["k"] == "1"}
    networks = {"Source": grid / "source", "PCA of the source": grid / "source"}
    networks |= {m: grid / f"out/tiny/shorter/{m}/seed-0" for m in ("Labels", "Mine")}
    for method, folder in networks.items():
        assert int(rows[method]["parameters"]) == sum(p.numel() for p in load_network(folder).parameters())
        assert int(rows[method]["bytes_per_vector"]) == (32 if method == "Source" else 12)
        assert float(rows[method]["ms_per_picture"]) > 0
    assert rows["Labels"]["ms_per_picture"] == rows["Mine"]["ms_per_picture"]  # one shape, measured once
    for page in ("index.html", "tiny/shorter/report.html"):
        text = (grid / "out" / page).read_text()
        assert f"{int(rows['Mine']['parameters']):,}" in text
        assert "bytes per vector" in text
    for kept in ("costs", "baselines"):  # damaged: measured again
        (grid / f"out/tiny/shorter/{kept}.json").write_text("{")
    assert main([*COMMAND, "--methods", "Labels,Mine", "--epochs", "1"]) == 0
    assert all((grid / f"out/tiny/shorter/{kept}.json").read_text() != "{" for kept in ("costs", "baselines"))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (["--methods", "RDK"], "no method 'RDK', did you mean RKD?"),
        (["--epoch", "3"], "no option 'epoch', did you mean epochs?"),
        (["--seed", "3"], "reproduce has --seeds, not --seed"),
        (["--methods-file", "none.yaml"], "no file none.yaml"),
        (["--recipes", "none.yaml"], "no recipe none.yaml"),
        (["--recipes", "mine.yaml"], "mine.yaml names neither a source to transfer nor an output"),
        (["--recipes", "tiny/shorter.yaml,tiny/shorter.yaml"], "2 trainings would write to out/tiny/shorter/"),
    ],
)
def test_wrong_usage(wrong: list[str], expected: str, grid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--dry-run", *wrong]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1


def test_several_processes_are_refused(
    grid: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(COMMAND) == 2
    assert "reproduce runs in one process" in capsys.readouterr().err


def test_principal_components_are_those_of_scikit_learn() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 6)) @ np.diag([5, 4, 3, 2, 1, 0.5]) + 7
    reference = PCA(4).fit(rows)
    center, directions = principal_components(torch.from_numpy(rows), 4)
    np.testing.assert_allclose(center.numpy(), reference.mean_)
    np.testing.assert_allclose(directions.abs().T.numpy(), np.abs(reference.components_), atol=1e-8)


def run_with(folder: Path, *lines: dict[str, float]) -> Path:
    folder.mkdir()
    text = "".join(json.dumps({"epoch": n, "seconds": 60.0, **line}) + "\n" for n, line in enumerate(lines, 1))
    (folder / "metrics.jsonl").write_text(text)
    return folder


def test_rows_beside_the_published_numbers(tmp_path: Path) -> None:
    first = {"recall@1": 0.70, "recall@2": 0.75}
    a = run_with(tmp_path / "a", {"recall@1": 0.60, "recall@2": 0.80}, first, {"recall@1": 0.65, "recall@2": 0.70})
    b = run_with(tmp_path / "b", {"recall@1": 0.72, "recall@2": 0.77})
    source = row_of_baseline("model-compression/cub", "cub", "Source", {"recall@1": 0.5, "recall@2": 0.6})
    row = row_of_runs("model-compression/cub", "cub", "RKD", [a, b], [1, 2])
    head, cells = head_and_cells([source, row])
    published = [f"published R@{k}" for k in (1, 2, 4)]
    assert head == ["method", "runs", "R@1", "R@2", "last R@1", "last R@2", *published, "minutes"]
    assert cells[0] == ["Source", "", "50.0", "60.0", "", "", "69.9", "79.6", "88.6 (misprint?)", ""]
    assert cells[1] == [
        "RKD",
        "2",
        "71.0 ± 1.4",
        "76.0 ± 1.4",
        "68.5 ± 4.9",
        "73.5 ± 4.9",
        "65.8",
        "76.3",
        "84.8",
        "2.0",
    ]
    assert (
        as_csv({row.recipe: [row]}).splitlines()[1]
        == "model-compression/cub,RKD,1,2,71.000,1.414,68.500,4.950,65.8,,,,"
    )


def test_validation_chooses_the_epoch_that_counts(tmp_path: Path) -> None:
    by_validation = {"recall@1": 0.6, "validation_recall@1": 0.9}
    run = run_with(tmp_path / "run", by_validation, {"recall@1": 0.7, "validation_recall@1": 0.8})
    assert row_of_runs("x/y", "folder", "RKD", [run], [1], "validation_").best == {1: [0.6]}
    assert row_of_runs("x/y", "folder", "RKD", [run], [1]).best == {1: [0.7]}


def test_a_table_without_published_numbers_has_no_such_columns() -> None:
    assert published_recall("x", "folder", "RKD") == {}
    row = Row("x/y", "RKD", {1: [0.5]}, {1: [0.25]}, {}, [30.0])
    assert head_and_cells([row]) == (
        ["method", "runs", "R@1", "last R@1", "minutes"],
        [["RKD", "1", "50.0", "25.0", "0.5"]],
    )


def test_the_picture_shows_every_training_and_every_baseline() -> None:
    def row(method: str, *recall: float) -> Row:
        return Row(
            "self-transfer/cub",
            method,
            {1: recall},
            {1: recall},
            published_recall("self-transfer", "cub", method),
            [1.0],
        )

    source = row_of_baseline("self-transfer/cub", "cub", "Source", {"recall@1": 0.6})
    figure = figure_of({"self-transfer/cub": [source, row("RKD", 0.5, 0.6, 0.7), row("PKT", 0.8, 0.9, 1.0)]})
    (panel,) = figure.axes
    shown = [np.asarray(line.get_xdata(), float).round(6).tolist() for line in panel.lines]
    published = [published_recall("self-transfer", "cub", method)[1].percent for method in ("RKD", "PKT")]
    assert shown == [[50, 60, 70], [60], [published[0]], [80, 90, 100], [90], [published[1]], [60, 60]]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["RKD", "PKT"]  # the better one above
    assert [text.get_text() for text in panel.texts] == ["Source 60.0"]


def test_methods_share_one_run_of_the_source(
    grid: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those on vectors with the same views; nothing is left of it, and every number stays what it was alone."""
    assert main(["train-source", "--config", "tiny/source.yaml"]) == 0
    for name, options in {"A": {"loss": "RelaxedContrastiveLoss"}, "B": {"loss": "RKDLoss"}}.items():
        arguments = [f"--{key}={value}" for key, value in options.items()]
        assert main(["transfer", "--config", "tiny/shorter.yaml", *arguments, "--output", f"alone/{name}"]) == 0
    (grid / "mine.yaml").write_text("A: {loss: RelaxedContrastiveLoss}\nB: {loss: RKDLoss}\nC: {loss: FitNetLoss}\n")
    calls = []
    forward = PictureSource.forward

    def counting(self: PictureSource, *given: Any) -> Any:
        calls.append(1)
        return forward(self, *given)

    monkeypatch.setattr(PictureSource, "forward", counting)
    assert main([*COMMAND, "--methods", "A,B,C", "--seeds", "0"]) == 0
    steps = 2 * 2
    assert len(calls) == 2 * steps  # for A, and for C, which looks at maps
    assert not (grid / "out/.source-vectors").exists()
    for name in "AB":
        alone, shared = lines_of(grid / f"alone/{name}"), lines_of(grid / f"out/tiny/shorter/{name}/seed-0")
        assert [line["loss"] for line in alone] == [line["loss"] for line in shared]


def test_what_trainings_start_from_is_a_column_of_its_own() -> None:
    row = Row("x/y", "RKD", {1: [0.5, 0.6]}, {1: [0.25, 0.35]}, {}, [30.0, 30.0], [0.1, 0.3])
    head, (cells, baseline) = head_and_cells([row, row_of_baseline("x/y", "folder", "Source", {"recall@1": 0.7})])
    assert head[2] == "start R@1"
    assert (cells[2], baseline[2]) == ("20.0 ± 14.1", "")
