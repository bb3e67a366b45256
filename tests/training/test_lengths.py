"""Vectors that may be cut off: their rows in a run, on its page, in a grid's table and in an evaluation."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from embedding_transfer.cli import main
from embedding_transfer.errors import UsageError
from embedding_transfer.grid.table import head_and_cells, lengths_of_run, row_of_runs
from embedding_transfer.images import load_images
from embedding_transfer.networks import load_network
from embedding_transfer.retrieval import recall_at_k
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.lengths import leading
from embedding_transfer.verbs.evaluate import evaluate
from embedding_transfer.verbs.transfer import transfer

LOSS = ["--loss", "Matryoshka", "--loss.loss", "PKTLoss", "--loss.dims", "8,4,2"]


@pytest.fixture(scope="module")
def words(tiny_source: Path, tiny_options: dict[str, Any]) -> list[str]:
    options = {**tiny_options, "ks": "1,2", "epochs": 2, "validation": 0.4, "batch_size": 8}
    return ["transfer", str(tiny_source), *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())]


def recall(run: Path, root: Path, length: int) -> float:
    images = load_images("folder", root).test
    vectors = embed_images(load_network(run), images, workers=0)
    return recall_at_k(vectors[:, :length], torch.from_numpy(images.labels), (1,))[1]


def test_every_length_is_a_row(
    words: list[str], tiny_options: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main([*words, *LOSS, "--output", str(run)]) == 0
    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    best = max(lines, key=lambda line: line["validation_recall@1"])
    for length in (4, 2):
        assert best[f"{length}d_recall@1"] == pytest.approx(recall(run, tiny_options["root"], length))
        assert f"validation_{length}d_recall@1" in best
        shown = f"{100 * best[f'{length}d_recall@1']:.2f} %"
        assert any(line.split()[:3] == [str(length), *shown.split()] for line in printed.splitlines())
        assert f"first {length}</bdi>" in (run / "report.html").read_text()
    assert best["recall@1"] == pytest.approx(recall(run, tiny_options["root"], 8))

    assert lengths_of_run(run) == [4, 2]
    rows = [row_of_runs("a/b", "folder", "M", [run], (1, 2), "validation_", length) for length in (None, 4)]
    _, cells = head_and_cells(rows)
    assert [row[0] for row in cells] == ["M", "M, first 4"]
    assert rows[1].best[1] == [best["4d_recall@1"]]

    found: Any = evaluate(run, root=tiny_options["root"], lengths=(4, 2, 99), ks=(1, 2), workers=0)
    assert [row["dim"] for row in found] == [8, 4, 2]
    assert [row["recall@1"] for row in found[1:]] == [best["4d_recall@1"], best["2d_recall@1"]]


def test_without_labels_every_length_agrees_with_the_source_in_its_own_way(
    words: list[str], tmp_path: Path, tiny_options: dict[str, Any]
) -> None:
    run = tmp_path / "run"
    unlabeled = [word for word in words if not word.startswith(("--validation", "--images-per-class"))]
    assert main([*unlabeled, *LOSS, "--images", "unlabeled", "--output", str(run)]) == 0
    line = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"overlap@2", "4d_overlap@2", "2d_rank_correlation"} <= set(line)


def test_unit_vectors_stay_unit_vectors_and_others_are_cut() -> None:
    vectors = torch.randn(5, 8)
    assert torch.equal(leading(vectors, 3), vectors[:, :3])
    unit = F.normalize(vectors)
    torch.testing.assert_close(leading(unit, 3), F.normalize(unit[:, :3]))
    assert torch.equal(leading(vectors, 9), vectors)


def test_lengths_that_cannot_be(
    words: list[str],
    tiny_source: Path,
    tiny_options: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*words, *LOSS, "--embedding-dim", "4", "--output", str(tmp_path / "run")]) == 2
    assert "longest of Matryoshka's dims is 8, and the target's vector is 4 long" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    asked = {"root": tiny_options["root"], "ks": (1,), "workers": 0}
    with pytest.raises(UsageError, match=r"lengths must be positive numbers such as 64,32; got \[0\]"):
        evaluate(tiny_source, lengths=(0,), **asked)
    with pytest.raises(UsageError, match="leave out --lengths or --gallery-network"):
        evaluate(tiny_source, lengths=(4,), gallery_network=tiny_source, **asked)


def test_the_default_is_halves_of_the_target(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    loss = {"class_path": "Matryoshka", "init_args": {"loss": "RelaxedContrastiveLoss"}}
    result = transfer(tiny_source, **{**tiny_options, "epochs": 1}, loss=loss, output=tmp_path / "run")
    assert {"recall@1", "4d_recall@1", "2d_recall@1", "1d_recall@1"} <= set(result.last)
