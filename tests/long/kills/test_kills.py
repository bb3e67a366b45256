"""Trainings that are ended, wherever that may be, and go on as if they had not been: bit for bit, on a CPU.

``pytest tests/long/kills -m long`` ends every training at every one of its file events in every way, and at random
moments. ``KILLS_EVERY=8`` ends each only at every eighth event, but each loss and way begins at another one: up to 15,
all losses together meet every event in every way; up to 4, each loss meets every event. ``KILLS_SEED=7`` begins
elsewhere. A dozen are always tried.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from every_loss import TRANSFER
from kill_points import How
from runs import CODES, Job, contents, difference

from ranks import Ranks, are_gone

EVERY = int(os.environ.get("KILLS_EVERY", "1"))
SEED = int(os.environ.get("KILLS_SEED", "0"))
MOMENTS = max(1, 20 // EVERY)
"""Random moments at which each training is ended; ten kinds of trainings make two hundred."""

TORN = ("multiprocessing/resource_sharer.py", "multiprocessing/synchronize.py", "DataLoaderIter.__del__")
"""Where loaders say that their training ended: as one handed a batch over, was being started, was half made."""

LOSSES = ["train-source", *TRANSFER]
WAYS = get_args(How)

Makes = Callable[..., Job]


@pytest.fixture
def job(tiny_options: dict[str, Any], tiny_source: Path, tmp_path: Path) -> Makes:
    """Makes a training on the tiny folder: of a source, or a transfer with a loss."""

    def make(loss: str = "CRDLoss", processes: int = 1, **more: Any) -> Job:
        options = {**tiny_options, "ks": [1, 2], "epochs": 2, **more}
        if loss == "train-source":
            return Job(tmp_path, loss, {**options, "backbone": "convnet-4", "embedding_dim": 8}, processes)
        return Job(tmp_path, "transfer", {**options, "source": tiny_source, "loss": TRANSFER[loss]}, processes)

    return make


def fault_of(job: Job, whole: dict[str, Any], ranks: Ranks, *may_end: int) -> str:
    """What is wrong with how a training ended, or with what it is once it has gone on; empty if nothing is."""
    ended = ranks.codes()
    if ended[0] not in may_end:
        return f"ended with {ended}: {ranks.said()}"
    again = job.resume()
    codes = again.codes()
    said = ranks.said() + again.said()
    if codes != [0] * job.processes:
        return f"did not go on, {codes}: {said}"
    if any("Traceback" in text and not any(place in text for place in TORN) for text in said):
        return f"said {said}"
    return difference(whole, contents(job.output))


def faults_at(job: Job, how: How, events: range | list[int], whole: dict[str, Any]) -> list[str]:
    """What is wrong after an end at each of these file events; a disk may also be full when nothing more is written."""
    may_end = (CODES[how], 0) if how == "full disk" else (CODES[how],)
    faults = [(event, fault_of(job, whole, job.start(event, how), *may_end)) for event in events]
    return [f"{how} at event {event}: {fault}" for event, fault in faults if fault]


def some_of(events: int, loss: str, how: How) -> range:
    """Every ``EVERY``-th file event, another first one for each loss and way."""
    return range((SEED + LOSSES.index(loss) + WAYS.index(how) * EVERY // len(WAYS)) % EVERY, events, EVERY)


def test_a_dozen_ends_of_a_training(job: Makes) -> None:
    """All four ways, at the writing of options, of networks, of metrics, of the state and of the page."""
    training = job()
    whole, events = training.whole()
    faults = []
    for number, how in enumerate(WAYS):
        at = [events * (4 * place + number) // 12 for place in range(3)]
        faults += faults_at(training, how, at, whole)
    assert not faults, "\n".join(faults)


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("loss", LOSSES)
def test_an_end_at_every_file_event(loss: str, how: How, processes: int, workers: int, job: Makes) -> None:
    training = job(loss, processes, workers=workers, save_every_steps=1)
    whole, events = training.whole()
    assert events > 50
    assert faults_at(training, how, some_of(events, loss, how), whole) == []


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
def test_an_end_at_random_moments(loss: str, processes: int, workers: int, job: Makes) -> None:
    """Sent to all processes, as a cluster and a keyboard do; none of them, and no loader's process, is left."""
    training = job(loss, processes, workers=workers, epochs=6)
    whole = training.whole()[0]
    timed = training.start()
    assert timed.codes() == [0] * processes
    faults, groups = [], []
    chance = random.Random(f"{SEED} {loss} {processes} {workers}")
    for _ in range(MOMENTS):
        how = chance.choice(("SIGKILL", "SIGTERM", "SIGINT"))
        ranks = training.start()
        number, moment = getattr(signal, how), chance.uniform(0.05, timed.seconds)
        ranks.processes[0].join(moment)
        ranks.send(number)
        may_end = {0, CODES[how], -number}
        if ranks.end_together() and not any(ranks.said()):  # one waited for the other one to connect at all
            may_end.add(-signal.SIGKILL)
        fault = fault_of(training, whole, ranks, *may_end)
        groups += ranks.groups()
        if fault:
            faults.append(f"{how} after {moment:.3f} s: {fault}")
    assert not faults, "\n".join(faults)
    assert are_gone(groups)
