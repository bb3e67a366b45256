"""Report: from run directories to a page, whatever state they are in."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from embedding_transfer.cli import main
from embedding_transfer.errors import UsageError
from embedding_transfer.training.run_record import read_runs
from embedding_transfer.verbs.evaluate import evaluate
from embedding_transfer.verbs.report import report
from embedding_transfer.verbs.transfer import transfer


@pytest.fixture(scope="module")
def short(tiny_source: Path, tiny_options: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs that differ in their seeds."""
    folder = tmp_path_factory.mktemp("short")
    for seed in (0, 1):
        transfer(tiny_source, embedding_dim=4, seed=seed, output=folder / f"seed-{seed}", **tiny_options)
    return [folder / "seed-0", folder / "seed-1"]


def test_the_page_has_what_evaluate_says(
    short: list[Path], tiny_source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    page = report(tuple(short), output=tmp_path / "page.html", device="cpu")
    assert page is not None
    text = page.read_text()
    assert f"PCA of {tiny_source} to 4" in text
    found = evaluate(str(tiny_source), root=tiny_folder, scores=("recall", "map@r"), ks=(1,), workers=0, device="cpu")
    assert isinstance(found, dict)
    for value in found.values():
        assert f"<bdi>{100 * value:.2f}</bdi>" in text
    assert "2 seeds" in text
    assert text.count(" ± ") > 2


def test_the_page_at_the_end_of_a_training_shows_what_it_finds(short: list[Path]) -> None:
    text = (short[0] / "report.html").read_text()
    assert 'class="query"' in text
    assert 'class="map"' in text
    assert f"embedding-transfer report {short[0]}" in text


def test_options_that_differ_from_the_defaults(short: list[Path]) -> None:
    (run,) = read_runs(short[:1])
    assert {"source", "embedding_dim", "lr", "root", "epochs"} <= set(run.told)
    assert not {"loss", "optimizer", "schedule", "metric", "output"} & set(run.told)
    assert len({each.group for each in read_runs(short)}) == 1


def test_an_interrupted_run_and_a_source_that_is_gone(short: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(short[0], broken)
    (broken / "best.safetensors").unlink()
    lines = (broken / "metrics.jsonl").read_text().splitlines()
    (broken / "metrics.jsonl").write_text(lines[0] + "\n" + lines[1][:20])
    config = (broken / "config.yaml").read_text().splitlines()
    config = [f"source: {tmp_path / 'gone'}" if line.startswith("source:") else line for line in config]
    (broken / "config.yaml").write_text("\n".join(config))
    (run,) = read_runs([broken])
    assert run.lines == [json.loads(lines[0])]
    assert run.best == run.lines[0]
    page = report((broken,), device="cpu")
    assert page == broken / "report.html"
    text = page.read_text()
    assert "1 of 3 epochs are done" in text
    assert "cannot be opened, so it is not shown" in text
    assert f"<bdi>{100 * run.lines[0]['recall@1']:.2f}</bdi>" in text


def test_pictures_that_have_moved(short: list[Path], tiny_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(short[0], copy)
    text = (copy / "config.yaml").read_text().replace(str(tiny_folder), str(tmp_path / "away"))
    (copy / "config.yaml").write_text(text)
    missing = report((copy,), output=tmp_path / "missing.html", device="cpu")
    assert missing is not None
    assert "pictures cannot be loaded" in missing.read_text()
    there = report((copy,), output=tmp_path / "there.html", root=tiny_folder, device="cpu")
    assert there is not None
    assert "pictures cannot be loaded" not in there.read_text()


def test_the_start_is_a_row_where_it_was_measured(short: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(short[0], copy)
    (copy / "start.json").write_text(json.dumps({"epoch": 0, "recall@1": 0.987, "recall@2": 1.0}))
    page = report((copy,), device="cpu")
    assert page is not None
    assert "98.70" in page.read_text()
    assert "than the network it started as (98.7 %)" in page.read_text()


def test_the_terminal_has_table_and_sparklines(
    short: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["report", *map(str, short), "--terminal"]) == 0
    printed = capsys.readouterr().out
    assert "2 seeds" in printed
    assert "▁" in printed
    assert "█" in printed


def test_what_is_no_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        report((tmp_path,))
    assert main(["report", str(tmp_path)]) == 2
    assert "--output of a training" in capsys.readouterr().err
