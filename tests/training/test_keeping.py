"""What a training keeps, and how: states inside an epoch, damage that is noticed, folders that are locked and tidy."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from embedding_transfer.errors import InputError, TrainingError, UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.training.background import Background, copy_of
from embedding_transfer.training.loss_watch import LossWatch
from embedding_transfer.training.state_file import StateFile
from embedding_transfer.training.step import Step
from embedding_transfer.verbs.transfer import transfer


def weights(run: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(run / "state.pt", weights_only=True)["objective"]
    return state


def assert_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


class StoppedError(Exception):
    """Stands for a sudden end."""


def stop_at(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the training end suddenly in its n-th step."""
    calls, step = [0], Step.__call__

    def stopping(self: Step, *given: Tensor) -> dict[str, Tensor]:
        calls[0] += 1
        if calls[0] == call:
            raise StoppedError
        return step(self, *given)

    monkeypatch.setattr(Step, "__call__", stopping)


@pytest.mark.parametrize("stop", [3, 6, 8])
def test_a_run_goes_on_inside_an_epoch(
    stop: int, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit as if it had never ended, and never more than the given number of steps is done again."""
    options = {**tiny_options, "batch_size": 6, "epochs": 2, "loss": {"class_path": "CRDLoss"}}
    options["loss"]["init_args"] = {"feat_dim": 4, "nce_k": 8}
    transfer(tiny_source, **options, output=tmp_path / "whole")
    with monkeypatch.context() as patched:
        stop_at(stop, patched)
        with pytest.raises(StoppedError):
            transfer(tiny_source, **options, save_every_steps=2, output=tmp_path / "run")
    state = torch.load(tmp_path / "run/state.pt", weights_only=True)
    done = 5 * len(state["metrics"]) + state["within"]["steps"]
    assert stop - 1 - done in (0, 1)
    transfer(tiny_source, **options, output=tmp_path / "run", resume=True)
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "run"))
    lines = [[json.loads(line) for line in (tmp_path / run / "metrics.jsonl").open()] for run in ("whole", "run")]
    for one, other in zip(*lines, strict=True):
        assert {**one, "seconds": 0, "images_per_second": 0} == {**other, "seconds": 0, "images_per_second": 0}


def test_only_the_finished_run_is_left(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    of_killed_runs = "config.yaml.part", ".last.safetensors.123.tmp", ".state.pt.77.part", ".start.json.5.part"
    for name in of_killed_runs:
        (run / name).write_text("half")
    transfer(tiny_source, **{**tiny_options, "epochs": 2}, output=run)
    networks = {"best.safetensors", "last.safetensors"}
    expected = {"config.yaml", "start.json", "metrics.jsonl", *networks, "state.pt", "report.html"}
    assert {path.name for path in run.iterdir()} == expected


def test_nothing_of_others_is_swept(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "letter.part").write_text("dear")
    with pytest.raises(UsageError, match="is not empty"):
        transfer(tiny_source, **tiny_options, output=run)
    assert (run / "letter.part").read_text() == "dear"


def flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 16
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["a bit", "cut", "empty", "gone"])
def test_a_damaged_state_leaves_the_one_before(damage: str, tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.pt")
    for number in (1, 2):
        file.save({"number": number, "weights": torch.full((1000,), float(number))})
    if damage == "a bit":
        flip(file.path, 0.4)
    elif damage == "gone":
        file.path.unlink()
        assert file.load()["number"] == 1  # type: ignore[index]
        return
    else:
        file.path.write_bytes(file.path.read_bytes()[: 100 if damage == "cut" else 0])
    with pytest.warns(UserWarning, match=r"state\.pt.*going on from the state before it"):
        assert file.load()["number"] == 1  # type: ignore[index]
    flip(file.before, 0.4)
    with pytest.raises(InputError, match=r"state\.pt"):
        file.load()


def test_every_flipped_bit_of_the_weights_is_noticed(tmp_path: Path) -> None:
    network = EmbeddingNetwork("convnet-4", 3, image_size=16)
    network.save(tmp_path / "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for place in range(header, len(whole), 997):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 7)
        (tmp_path / "b.safetensors").write_bytes(damaged)
        with pytest.raises(InputError, match=r"b\.safetensors"):
            EmbeddingNetwork.load(tmp_path / "b.safetensors")


@pytest.mark.parametrize("damage", ["gone", "cut"])
@pytest.mark.parametrize("epochs", [2, 4])
def test_a_lost_best_network_is_said_at_the_start(
    damage: str, epochs: int, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """The last network takes its place; a finished run, and one that goes on, end well."""
    run = tmp_path / "run"
    options = {**tiny_options, "schedule": "constant"}
    transfer(tiny_source, **{**options, "epochs": 2}, output=run)
    best = run / "best.safetensors"
    best.unlink() if damage == "gone" else best.write_bytes(best.read_bytes()[:99])
    config = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(config.replace("epochs: 2", f"epochs: {epochs}"))
    with pytest.warns(UserWarning, match="missing or damaged: the network of epoch 2 takes its place"):
        result = transfer(tiny_source, **{**options, "epochs": epochs}, output=run, resume=True)
    assert EmbeddingNetwork.load(best).embedding_dim == 8
    assert result.best["epoch"] >= 2


def test_a_folder_belongs_to_one_training(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    run = tmp_path / "run"
    transfer(tiny_source, **{**tiny_options, "epochs": 1}, output=run)
    before = (run / "metrics.jsonl").read_bytes()
    code = (
        "import sys, time; from filelock import FileLock; "
        f"lock = FileLock({str(run / '.lock')!r}); lock.acquire(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="another training is writing to"):
            transfer(tiny_source, **{**tiny_options, "epochs": 1}, output=run, resume=True)
        other.kill()
    assert (run / "metrics.jsonl").read_bytes() == before
    transfer(tiny_source, **{**tiny_options, "epochs": 1}, output=run, resume=True)  # its death has let go


def test_what_goes_wrong_in_the_background_comes_back() -> None:
    background = Background()

    def full() -> None:
        raise OSError(28, "No space left on device")

    background.do(full)
    with pytest.raises(OSError, match="No space"):
        background.wait()
    background.wait()
    background.close()


def test_a_copied_state_stays() -> None:
    weight = torch.ones(3)
    state = copy_of({"a": [weight, {"b": (weight, 2)}], "c": "text"})
    weight.zero_()
    assert state["a"][0].tolist() == state["a"][1]["b"][0].tolist() == [1, 1, 1]
    assert isinstance(state["a"][1]["b"], tuple)
    assert state["c"] == "text"


def losses(*values: float) -> list[dict[str, Tensor]]:
    return [{"loss": torch.tensor(value), "part": torch.tensor(2 * value)} for value in values]


def test_losses_are_added_up_and_looked_at_now_and_then() -> None:
    watch = LossWatch("epoch 3", 9, torch.device("cpu"))
    watch.every = 4
    for step in losses(1, 2, 4):
        watch.add(step)
    assert watch.looked_at == 0
    assert watch.means() == {"loss": pytest.approx(7 / 3), "part": pytest.approx(14 / 3)}
    watch.add(losses(1)[0])
    watch.add(losses(float("nan"))[0])
    for step in losses(1, 1):
        watch.add(step)  # nobody looks
    with pytest.raises(TrainingError, match="the loss is nan in epoch 3, step 5 of 9"):
        watch.add(losses(1)[0])


@pytest.mark.parametrize("optimizer", ["AdamW", "Adam", "SGD"])
def test_fused_optimizers_leave_out_what_is_not_finite(optimizer: str) -> None:
    """What GPUs rely on, where nobody waits for the loss: torch's fused optimizers honor this flag, here on the CPU."""
    weight = torch.nn.Parameter(torch.ones(3))
    stepper = getattr(torch.optim, optimizer)([weight], lr=0.1, fused=True)
    for loss, expected in ((float("nan"), True), (1.0, False)):
        weight.grad = torch.full((3,), loss)
        stepper.found_inf = (~torch.tensor(loss).isfinite()).float()
        stepper.step()
        assert torch.equal(weight.detach(), torch.ones(3)) is expected
