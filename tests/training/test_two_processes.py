"""Two processes compute what one does: the same loss, the same gradients, the same run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from gathered_gradient import gathered_gradient

from embedding_transfer import evaluate
from embedding_transfer.cli import main
from embedding_transfer.errors import UsageError
from embedding_transfer.verbs.transfer import transfer
from ranks import run

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def test_gathered_loss_and_gradient_equal_those_of_one_process(tmp_path: Path) -> None:
    for processes, folder in ((1, "one"), (2, "two")):
        (tmp_path / folder).mkdir()
        run(gathered_gradient, str(tmp_path / folder), processes=processes)
    one = torch.load(tmp_path / "one/0.pt")
    assert torch.equal(one["order"], torch.arange(16))
    for rank in (0, 1):
        found = torch.load(tmp_path / f"two/{rank}.pt")
        torch.testing.assert_close(found["loss"], one["loss"])
        torch.testing.assert_close(found["gradient"], one["gradient"])
        assert torch.equal(found["order"], one["order"])  # rows stand as one process would have them


@pytest.mark.parametrize(
    ("loss", "more"),
    [
        ("RelaxedContrastiveLoss", {"warmup_epochs": 1}),
        ("FitNetLoss", {}),  # no gradient for the head: must not need a warm-up to train
        pytest.param("RelaxedContrastiveLoss", {"accumulate": 2}, marks=pytest.mark.long),
        pytest.param("AttentionTransferLoss", {}, marks=pytest.mark.long),
        pytest.param(
            "SimilarityKLLoss",
            {"loss.anchors": "queue", "loss.queue_size": 20, "embedding_dim": 4},
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_transfer_in_two_processes_equals_one(
    loss: str, more: dict[str, Any], tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "ks": "1,2", "epochs": 2, "source": tiny_source, "loss": loss, "optimizer": "sgd"}
    options |= {"batch_norm": "frozen-statistics", **more}  # statistics of a batch are per process
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    for processes, name in ((1, "one"), (2, "two")):
        run(main, ["transfer", *arguments, f"--output={tmp_path / name}"], processes=processes)
    one, two = (torch.load(tmp_path / name / "state.pt", weights_only=True)["objective"] for name in ("one", "two"))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, msg=lambda m, n=name: f"{n}: {m}", rtol=1e-4, atol=1e-5)
    metrics = [
        [json.loads(x) for x in (tmp_path / n / "metrics.jsonl").read_text().splitlines()] for n in ("one", "two")
    ]
    for alone, together in zip(*metrics, strict=True):
        assert alone.get("recall@1") == together.get("recall@1")
        assert together.get("loss") == pytest.approx(alone.get("loss"), rel=1e-4)  # of all rows, also of stage maps


def test_processes_evaluate_with_the_same_statistics(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """With learning BatchNorm each process sees other statistics; the recall is that of the network that is saved.

    Started by torchrun, as users do.
    """
    options = {**tiny_options, "ks": "1,2", "epochs": 2, "source": tiny_source, "output": tmp_path / "run"}
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [*LAUNCH, "-m", "embedding_transfer", "transfer", *arguments]
    subprocess.run(command, check=True, timeout=600, env=ENVIRONMENT)
    best = max(json.loads(x)["recall@1"] for x in (tmp_path / "run/metrics.jsonl").read_text().splitlines())
    found = evaluate(tmp_path / "run", root=tiny_options["root"], ks=(1, 2), workers=0)
    assert found["recall@1"] == best


def test_a_run_goes_on_in_another_number_of_processes(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """Two epochs in two processes, where the state is on a device called cpu:0, then two in one, then two in two."""
    options = {**tiny_options, "ks": "1,2", "source": tiny_source, "output": tmp_path / "run", "schedule": "constant"}
    for epochs, processes in ((2, 2), (4, 1), (6, 2)):
        config = tmp_path / "run/config.yaml"
        if config.exists():
            config.write_text(config.read_text().replace(f"epochs: {epochs - 2}", f"epochs: {epochs}"))
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in {**options, "epochs": epochs}.items()]
        run(main, ["transfer", *arguments, "--resume"], processes=processes)
    lines = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4, 5, 6]


@pytest.mark.long
def test_two_trainings_in_one_script(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    """A source, then a target from it: in two processes as in one."""
    options = {**tiny_options, "root": str(tiny_options["root"]), "epochs": 2, "optimizer": "sgd"}
    options["batch_norm"] = "frozen-statistics"
    script, found = str(Path(__file__).with_name("two_trainings.py")), []
    for name, start in (("one", [sys.executable]), ("two", LAUNCH)):
        command = [*start, script, json.dumps(options), str(tmp_path / name)]
        subprocess.run(command, check=True, timeout=240, env=ENVIRONMENT)
        found.append(
            [torch.load(tmp_path / name / run / "state.pt", weights_only=True) for run in ("source", "target")]
        )
    for one, two in zip(*found, strict=True):
        for name, value in one["objective"].items():
            torch.testing.assert_close(two["objective"][name], value, rtol=1e-4, atol=1e-5)


def test_shared_batch_norm_needs_gpus(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="torch cannot share BatchNorm's statistics on this device, cpu"):
        transfer(tiny_source, **tiny_options, output=tmp_path / "run", device="cpu", sync_batch_norm=True)
    assert not (tmp_path / "run").exists()


def test_processes_speak_with_one_voice(tiny_source: Path, tiny_options: dict[str, Any]) -> None:
    """A wrong option is said once, a table is printed once."""
    command = [*LAUNCH, "-m", "embedding_transfer"]
    wrong = [*command, "transfer", str(tiny_source), str(tiny_options["root"]), "--output", "x", "--lrr", "1"]
    said = subprocess.run(wrong, timeout=600, env=ENVIRONMENT, capture_output=True, text=True)
    assert said.returncode != 0
    assert said.stderr.count("no option --lrr") == 1
    right = ["evaluate", str(tiny_source), str(tiny_options["root"]), "--ks", "1,2", "--workers", "0"]
    printed = "".join(run(main, right, processes=2))
    assert printed.count("recall@1") == 1
