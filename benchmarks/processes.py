"""What a training step costs in one and in two processes, from the same batch, and what moves between them.

    python benchmarks/processes.py [--backbone resnet18] [--image-size 64] [--batch 48] [--rounds 5] [--processes 2]

Both run in turns, one thread for each process; a row is the least of its turns. *Wall* is the time of a step by the
clock. *Processor* is what the busiest process computes in it, waiting left out: where other programs keep the machine
busy, this is what the time would be on cores of one's own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

import torch

from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources import PictureSource
from embedding_transfer.training.prepare import new_accelerator
from embedding_transfer.training.step import Step
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

STEPS, VIEWS = 4, 2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        return work(given)
    least: dict[int, list[float]] = {}
    for _ in range(given.rounds):
        for processes in (1, given.processes):
            found = launched(processes)
            least[processes] = [min(pair) for pair in zip(least.get(processes, found), found, strict=True)]
    print(
        f"{given.backbone}, {given.image_size} px, {given.batch} pictures of {VIEWS} views, {os.cpu_count()} cores, ",
        end="",
    )
    print(
        f"load {os.getloadavg()[0]:.1f}\n\n{'processes':<12}{'wall ms':>10}{'times':>8}{'processor ms':>14}{'times':>8}"
    )
    for processes, (wall, processor) in least.items():
        times = [one / many for one, many in zip(least[1], (wall, processor), strict=True)]
        print(f"{processes:<12}{wall * 1e3:>10.0f}{times[0]:>8.2f}{processor * 1e3:>14.0f}{times[1]:>8.2f}")
    return None


def launched(processes: int) -> list[float]:
    """Seconds of a step by the clock and by the processor, of the slowest process."""
    with tempfile.TemporaryDirectory() as folder:
        start = [sys.executable]
        if processes > 1:
            start += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OUT": folder}
        subprocess.run(
            [*start, __file__, *sys.argv[1:], "--work"], check=True, env=environment, stderr=subprocess.DEVNULL
        )
        found = [json.load(open(os.path.join(folder, name))) for name in os.listdir(folder)]  # noqa: SIM115
    return [max(column) for column in zip(*found, strict=True)]


def work(given: argparse.Namespace) -> None:
    """Some steps of this process's share, after one to warm up; the least time of each kind goes to $OUT/RANK."""
    warnings.simplefilter("ignore")
    options = TransferOptions(source="none", output="none", root="none", lr=1e-5, views=VIEWS, threads=1, device="cpu")
    accelerator = new_accelerator(options)
    torch.manual_seed(0)
    networks = [EmbeddingNetwork(given.backbone, dim, image_size=given.image_size) for dim in (512, 128)]
    objective = TransferObjective(networks[1], RelaxedContrastiveLoss(), VIEWS)
    step = Step(objective, PictureSource(networks[0]), options, accelerator)
    step.learner.train()
    rows = given.batch // accelerator.num_processes * VIEWS
    images, index = torch.rand(rows, 3, given.image_size, given.image_size), torch.arange(rows // VIEWS).repeat(VIEWS)
    taken = []
    for _ in range(STEPS + 1):
        start = time.perf_counter(), time.process_time()
        step(images, index, index)
        taken.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    with open(os.path.join(os.environ["OUT"], str(accelerator.process_index)), "w") as file:
        json.dump([min(column) for column in zip(*taken[1:], strict=True)], file)
    accelerator.end_training()


if __name__ == "__main__":
    main()
