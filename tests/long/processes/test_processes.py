"""One, two and three processes compute the same from the same batch, whatever the loss; and how they end.

``pytest tests/long/processes -m long``. The ordinary tests have a few of these (tests/training/test_two_processes.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from every_loss import METRIC, TRANSFER
from few_steps import TEST_SIZES, few_steps

from embedding_transfer import losses, metric_losses
from embedding_transfer.cli import main
from ranks import Ranks, run

pytestmark = pytest.mark.long

PROCESSES = (1, 2, 3)
CLOSE = {torch.float64: 1e-10, torch.float32: 1e-5}
NO_LOSSES = {"TransferLoss", "MetricLoss", "MinedLoss", "new_metric_loss"}

Found = dict[torch.dtype, dict[int, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What each process found, by the type of numbers and how many processes there were."""
    together: Found = {}
    for dtype in CLOSE:
        together[dtype] = {}
        for processes in PROCESSES:
            folder = tmp_path_factory.mktemp("found")
            run(few_steps, folder, dtype, processes=processes)
            together[dtype][processes] = [torch.load(folder / f"{rank}.pt") for rank in range(processes)]
    return together


def test_every_loss_is_here() -> None:
    named = {name.split()[0] for name in (*TRANSFER, *METRIC)}
    assert named >= {*losses.__all__, *metric_losses.__all__} - NO_LOSSES


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("loss", [*TRANSFER, *METRIC])
def test_several_processes_take_the_steps_of_one(loss: str, dtype: torch.dtype, found: Found) -> None:
    """The first loss and its gradients; after five steps the weights, and the memories of losses."""
    one = found[dtype][1][0][loss]
    assert one["gradients"]
    for part, values in one.items():
        largest = max(1.0, *(float(value.abs().max()) for value in values.values()))  # rounding is a share of it
        for many in (of_rank[loss][part] for count in PROCESSES[1:] for of_rank in found[dtype][count]):
            assert many.keys() == values.keys()
            for name, value in values.items():
                difference = float((many[name].double() - value.double()).abs().max())
                assert difference <= CLOSE[dtype] * largest, (part, name)


@pytest.mark.parametrize("loss", [*TRANSFER, *METRIC])
def test_weights_and_memories_are_the_same_in_every_process(loss: str, found: Found) -> None:
    for processes in PROCESSES[1:]:
        first, *others = (of_rank[loss]["state"] for of_rank in found[torch.float32][processes])
        for other in others:
            assert [name for name in first if not torch.equal(first[name], other[name])] == []


@pytest.mark.parametrize("size", TEST_SIZES)
def test_recall_of_odd_test_sets(size: int, found: Found) -> None:
    vectors, recall = found[torch.float64][1][0]["recall"][size]
    assert len(vectors) == size
    for processes in PROCESSES[1:]:
        for of_rank in found[torch.float64][processes]:
            torch.testing.assert_close(of_rank["recall"][size][0], vectors, rtol=1e-5, atol=1e-5)
            assert of_rank["recall"][size][1] == recall


@pytest.fixture
def command(tiny_options: dict[str, Any], tiny_source: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """Makes the command of a transfer on the tiny folder."""

    def make(output: str, *more: str, **options: Any) -> list[str]:
        given = {**tiny_options, "ks": "1,2", "threads": 1, "optimizer": "sgd", **options}
        words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        return ["transfer", str(tiny_source), *words, "--output", str(tmp_path / output), *more]

    return make


def wait_for_epochs(count: int, ranks: Ranks, run_folder: Path) -> None:
    metrics = run_folder / "metrics.jsonl"
    while not metrics.exists() or metrics.read_text().count("\n") < count:
        assert all(process.is_alive() for process in ranks.processes), ranks.said()
        time.sleep(0.001)


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("killed", [0, 1])
def test_the_others_end_with_a_line(
    killed: int, processes: int, command: Callable[..., list[str]], tmp_path: Path
) -> None:
    ranks = Ranks(main, command("run", epochs=2000, schedule="constant"), processes=processes)
    wait_for_epochs(2, ranks, tmp_path / "run")
    ranks.processes[killed].kill()
    codes = ranks.codes()
    said = [text for rank, text in enumerate(ranks.said()) if rank != killed]
    assert [code for rank, code in enumerate(codes) if rank != killed] == [1] * (processes - 1), said
    for text in said:
        assert "Traceback" not in text
        assert re.search(r"embedding-transfer transfer: another process of this run has ended.*--resume$", text.strip())


@pytest.mark.parametrize(("before", "after"), [(2, 2), (1, 2), (2, 1), (1, 3), (3, 2)])
def test_a_run_goes_on_in_any_number_of_processes(
    before: int, after: int, command: Callable[..., list[str]], tmp_path: Path
) -> None:
    """Killed after three epochs of eight; the weights are those of one process that was not."""
    options: dict[str, Any] = {"epochs": 8, "batch_norm": "frozen-statistics", "loss": "CRDLoss"}
    options |= {"loss.feat_dim": 4, "loss.nce_k": 8}
    run(main, command("whole", **options))
    ranks = Ranks(main, command("run", **options), processes=before)
    wait_for_epochs(3, ranks, tmp_path / "run")
    for process in ranks.processes:
        process.kill()
    assert set(ranks.codes()) <= {-9, 1}
    run(main, command("run", "--resume", **options), processes=after)
    whole, gone_on = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "run"))
    assert [line["epoch"] for line in gone_on["metrics"]] == list(range(1, 9))
    assert [line["recall@1"] for line in gone_on["metrics"]] == [line["recall@1"] for line in whole["metrics"]]
    for name, value in whole["objective"].items():
        torch.testing.assert_close(gone_on["objective"][name], value, rtol=1e-4, atol=1e-5)
