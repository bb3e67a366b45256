"""Speed and memory of every loss against a plain reading of its formula, forward and backward, in one table.

    python benchmarks/losses.py                  one thread of the CPU, float32; about two minutes
    python benchmarks/losses.py --device cuda    the same on a GPU
    python benchmarks/losses.py --only rkd       the rows whose name contains this

Times are the best of many runs in turns, so that both sides meet the same machine. "peak" is memory beyond the inputs,
measured in a process of its own. "rate" is how much of this machine's own speed at products of large matrices (or at
copying, if that is nearer its limit) the arithmetic that the formula cannot do without reaches.
"""

import argparse
import ctypes
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import plain_losses as plain
import torch
from torch import Tensor

from embedding_transfer.losses import (
    AttentionTransferLoss,
    CRDLoss,
    DarkRankLoss,
    FitNetLoss,
    PKTLoss,
    RelaxedContrastiveLoss,
    RelaxedMSLoss,
    RKDLoss,
)

Step = Callable[[], None]
Loss = Callable[..., Tensor]


@dataclass
class Row:
    """One line of the table: two ways to do the same step, and what the first promises."""

    name: str
    steps: Callable[[torch.device, int], tuple[Step, Step]]
    """Makes the step with our loss and the plain one, forward and backward, for a device and a size n."""
    n: int
    size: str
    at_least: float
    """How many times faster than the plain reading it must be."""
    products: float = 0
    """Floating point operations in products of matrices that the formula cannot do without."""
    traffic: float = 0
    """Bytes of inputs and gradients that have to be moved."""


def embeddings(ours: Loss, theirs: Loss, d: int, labels: bool) -> Callable[[torch.device, int], tuple[Step, Step]]:
    """Steps of losses on (target, source) or (target, source, labels), all of dimension d."""

    def steps(device: torch.device, n: int) -> tuple[Step, Step]:
        torch.manual_seed(0)
        target = torch.randn(n, d, device=device, requires_grad=True)
        others = [torch.randn(n, d, device=device)]
        if labels:
            others.append(torch.arange(n, device=device) % max(n // 5, 1))

        def step(loss: Loss) -> Step:
            def run() -> None:
                target.grad = None
                loss(target, *others).backward()

            return run

        return step(ours), step(theirs)

    return steps


def pairs(name: str, ours: Loss, theirs: Loss, n: int, d: int, at_least: float, labels: bool = False) -> Row:
    """A row of a loss on pairs: one product for each side's relations and one for the gradient."""
    steps = embeddings(ours, theirs, d, labels)
    return Row(name, steps, n, f"n={n}, d={d}", at_least, products=6 * n * n * d, traffic=12 * n * d)


STAGES = [(64, 56), (128, 28), (256, 14), (512, 7)]
"""Channels and sizes of the stage maps of a ResNet-18 at 224 px."""


def stage_maps(name: str, ours: torch.nn.Module, theirs: Callable[..., Tensor], regresses: bool) -> Row:
    """A row of a loss on the stage maps of 32 images."""

    def steps(device: torch.device, n: int) -> tuple[Step, Step]:
        torch.manual_seed(0)
        target = [torch.rand(n, c, size, size, device=device, requires_grad=True) for c, size in STAGES]
        source = [torch.rand(n, c, size, size, device=device) for c, size in STAGES]
        ours.to(device)

        def step(loss: Callable[..., Tensor]) -> Step:
            def run() -> None:
                for maps in target:
                    maps.grad = None
                ours.zero_grad()
                loss(target, source).backward()

            return run

        return step(ours), step(theirs)

    entries = 32 * sum(c * size**2 for c, size in STAGES)
    products = 32 * sum(6 * c * c * size**2 for c, size in STAGES) if regresses else 0
    return Row(name, steps, 32, "n=32, ResNet-18", 1, products=products, traffic=4 * 3 * entries)


def crd(name: str, n_images: int, at_least: float, shared: bool) -> Row:
    """A row of CRD with 4096 negatives, two views of each image, memories included."""

    def steps(device: torch.device, n: int) -> tuple[Step, Step]:
        torch.manual_seed(0)
        ours = CRDLoss(512, 512, n_images, image_labels=torch.arange(n_images) // 59).to(device)
        theirs = plain.CRD(512, 512, n_images).to(device)
        target, source = torch.randn(n, 512, device=device, requires_grad=True), torch.randn(n, 512, device=device)
        index = torch.randperm(n_images, device=device)[: n // 2].repeat(2)
        negatives = torch.randint(n_images, (n, 4096), device=device)

        def our_step() -> None:
            ours(target, source, index, None if shared else negatives).backward()

        def their_step() -> None:
            theirs(target, source, index, negatives).backward()

        return our_step, their_step

    products = 2 * 4 * 180 * 4096 * 128  # two sides; scores, and their gradient
    return Row(name, steps, 180, f"n=180, {n_images} images", at_least, products=products, traffic=4 * 4 * 4096 * 128)


FITNET = FitNetLoss([c for c, _ in STAGES], [c for c, _ in STAGES])

ROWS = [
    pairs("relaxed contrastive", RelaxedContrastiveLoss(), plain.relaxed_contrastive, 180, 512, at_least=3),
    pairs("relaxed contrastive", RelaxedContrastiveLoss(), plain.relaxed_contrastive, 4096, 128, at_least=6),
    pairs("relaxed MS", RelaxedMSLoss(), plain.relaxed_ms, 180, 512, at_least=20),
    pairs("RKD", RKDLoss(), plain.rkd, 180, 512, at_least=15),
    pairs("PKT", PKTLoss(), plain.pkt, 180, 512, at_least=1),
    pairs("DarkRank", DarkRankLoss(), plain.darkrank, 180, 512, at_least=1, labels=True),
    stage_maps("attention transfer", AttentionTransferLoss(), plain.attention_transfer, regresses=False),
    stage_maps("FitNet", FITNET, partial(plain.fitnet, FITNET.regressors), regresses=True),
    crd("CRD, one draw", 11728, at_least=20, shared=True),
    crd("CRD, one draw", 119000, at_least=20, shared=True),
    crd("CRD, given per row", 11728, at_least=10, shared=False),
    crd("CRD, given per row", 119000, at_least=3, shared=False),
]


def best_times(steps: tuple[Step, ...], device: torch.device, seconds: float = 4.0) -> list[float]:
    """The best time of each step in seconds; they take turns of a twentieth of the time."""
    best = [float("inf")] * len(steps)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or float("inf") in best:
        for i, step in enumerate(steps):
            turn = time.perf_counter() + seconds / 20
            while True:
                start = time.perf_counter()
                step()
                if device.type == "cuda":
                    torch.cuda.synchronize()
                best[i] = min(best[i], time.perf_counter() - start)
                if time.perf_counter() > turn:
                    break
    return best


def peak_memory(row: Row, which: int, device: torch.device) -> int:
    """Bytes that one step of a fresh process needs beyond its inputs."""
    row.steps(device, 8)[which]()  # what libraries load at first use
    step = row.steps(device, row.n)[which]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return torch.cuda.max_memory_allocated() - before
    ctypes.CDLL(None).malloc_trim(0)  # what was freed goes back, so that taking it again counts
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = status("VmRSS")
    step()
    return status("VmHWM") - before


def status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def machine_rates(device: torch.device) -> tuple[float, float]:
    """Operations per second in a product of large matrices, bytes per second in a copy."""
    a, b = torch.randn(2, 2048, 2048, device=device)
    large, copy = torch.randn(2, 2**26, device=device)
    product, moved = best_times((lambda: torch.mm(a, b), lambda: copy.copy_(large)), device, seconds=2.0)
    return 2 * 2048**3 / product, 2 * 4 * 2**26 / moved


def memory_in_a_process_of_its_own(index: int, which: int, device: torch.device) -> int:
    command = [sys.executable, __file__, "--device", str(device), "--peak-of", str(index), str(which)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--only", default="", help="a part of the names of rows")
    parser.add_argument("--peak-of", type=int, nargs=2, help=argparse.SUPPRESS)  # row, 0 for ours or 1 for plain
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peak_of:
        print(peak_memory(ROWS[options.peak_of[0]], options.peak_of[1], options.device))
        return
    per_second, bytes_per_second = machine_rates(options.device)
    print(f"{options.device}, torch {torch.__version__}: {per_second / 1e9:.0f} Gflop/s in products of large matrices,")
    print(f"{bytes_per_second / 1e9:.0f} GB/s in copies\n")
    print("| loss | size | plain | ours | faster | promised | plain peak | our peak | rate |")
    print("|---|---|---|---|---|---|---|---|---|")
    for index, row in enumerate(ROWS):
        if options.only.lower() in row.name.lower():
            ours, theirs = best_times(row.steps(options.device, row.n), options.device)
            our_peak, their_peak = (memory_in_a_process_of_its_own(index, i, options.device) for i in (0, 1))
            rate = max(row.products / per_second, row.traffic / bytes_per_second) / ours
            print(
                f"| {row.name} | {row.size} | {theirs * 1e3:.1f} ms | {ours * 1e3:.2f} ms | {theirs / ours:.1f}x "
                f"| {row.at_least:g}x | {their_peak / 2**20:.0f} MB | {our_peak / 2**20:.0f} MB | {rate:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
