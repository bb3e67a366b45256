"""A training step beside a plain one in the same process: live source, kept vectors, source alone, target alone.

    python benchmarks/step.py [--source resnet50] [--target resnet18] [--rows 16] [--threads 2] [--rounds 5]
    python benchmarks/step.py --source bn_inception --target bn_inception --embedding-dim 64
    python benchmarks/step.py --device cuda --rows 180 --precision bf16 [--compile]

*Plain* is how a step is mostly written: both networks in evaluation and training mode as they are, contiguous, float32,
eager, ``loss.item()`` before the gradient, memory handed back to the system as glibc does. Ours keep it. All rows run
in turns on the same pictures; a row's time is the least of its turns, in seconds of the processor, or of the clock on a
GPU. *Share* is the time that the matrix rate, measured here with a product of 2048 x 2048, would need for the
multiplications alone (convolutions and linear layers, as torch counts them; three times forward for the target).
"""

from __future__ import annotations

import argparse
import ctypes
import platform
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from embedding_transfer.build.kept_memory import M_MMAP_MAX, M_TRIM_THRESHOLD, keep_freed_memory
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.networks import Embedded, EmbeddingNetwork
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.sources import PictureSource
from embedding_transfer.training.step import Step
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

VIEWS = 2
M_MMAP_THRESHOLD = -3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", default="resnet50")
    parser.add_argument("--target", default="resnet18")
    parser.add_argument("--embedding-dim", type=int, default=128)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="no")
    parser.add_argument("--compile", action="store_true")
    given = parser.parse_args()
    accelerator = accelerator_on(given.device, mixed_precision=given.precision)
    torch.set_num_threads(given.threads)
    rows = steps(given, accelerator)
    times = best_times(rows, given.rounds, accelerator.device)
    rate = matrix_rate(accelerator.device)
    plain, (source_flops, target_flops) = times["plain step"], flops(given)
    print(
        f"{given.source} -> {given.target}, {given.image_size} px, {given.rows} rows, {given.threads} threads, ", end=""
    )
    print(f"{accelerator.device.type}, precision {given.precision}, compiled {given.compile}")
    print(f"matrix rate {rate / 1e9:,.0f} GFLOP/s\n\n{'':<28}{'ms':>10}{'rows/s':>10}{'of plain':>10}{'share':>8}")
    needed = {"plain source": source_flops, "source": source_flops, "plain target": 3 * target_flops}
    for name, taken in times.items():
        flop = needed.get(name, 3 * target_flops + (0 if "kept vectors" in name else source_flops))
        compared = f"{plain / taken:10.2f}" if "step" in name else f"{'':10}"
        print(f"{name:<28}{taken * 1000:10.1f}{given.rows / taken:10.1f}{compared}{flop / rate / taken:8.0%}")


def steps(given: argparse.Namespace, accelerator: object) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    device = accelerator.device  # type: ignore[attr-defined]
    torch.manual_seed(0)
    images = torch.rand(given.rows, 3, given.image_size, given.image_size, device=device)
    index = torch.arange(given.rows // VIEWS, device=device).repeat(VIEWS)

    def network(name: str, dim: int) -> EmbeddingNetwork:
        return EmbeddingNetwork(name, dim, image_size=given.image_size).to(device)

    plain_source, plain_target = network(given.source, 512).eval(), network(given.target, given.embedding_dim).train()
    loss, optimizer = RelaxedContrastiveLoss(), torch.optim.AdamW(plain_target.parameters(), 1e-5)

    def plain(taught: Tensor | None = None) -> None:
        if taught is None:
            with torch.no_grad():
                taught = plain_source(images)
        value = loss(plain_target(images), taught)
        value.item()
        value.backward()
        optimizer.step()
        optimizer.zero_grad()

    def plain_embed() -> None:
        with torch.no_grad():
            plain_source(images)

    options = TransferOptions(
        source="none", output="none", lr=1e-5, precision=given.precision, compile=given.compile, views=VIEWS
    )

    def ours(source: PictureSource | None) -> Step:
        objective = TransferObjective(
            network(given.target, given.embedding_dim).train(), RelaxedContrastiveLoss(), VIEWS
        )
        return Step(objective, source, options, accelerator)  # type: ignore[arg-type]

    live = ours(PictureSource(network(given.source, 512), "source").to(device))
    vectors = torch.rand(given.rows, 512, device=device)
    kept = ours(None)
    kept.source = KeptVectors(vectors)  # type: ignore[assignment]
    assert live.source is not None
    return {
        "plain step": plain,
        "plain step, memory kept": plain,
        "step, live source": lambda: live(images, index, index),
        "step, kept vectors": lambda: kept(images, index, index),
        "plain source": plain_embed,
        "source": lambda: live.source(images, index, VIEWS),  # type: ignore[misc]
        "plain target": lambda: plain(vectors),
    }


class KeptVectors:
    """A source whose vectors are there."""

    name = "kept vectors"

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors

    def __call__(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        return Embedded([], self.vectors, self.vectors)


def best_times(rows: dict[str, Callable[[], object]], rounds: int, device: torch.device) -> dict[str, float]:
    """Seconds of each row, the least of some turns after one to warm up."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    best = dict.fromkeys(rows, float("inf"))
    for turn in range(rounds + 1):
        for name, run in rows.items():
            hand_back_freed_memory() if name.startswith("plain") and "kept" not in name else keep_freed_memory()
            start = clock()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn:
                best[name] = min(best[name], clock() - start)
    threads = torch.get_num_threads() if device.type == "cpu" else 1
    return {name: taken / threads for name, taken in best.items()}


def hand_back_freed_memory() -> None:
    """What glibc does by itself once it has seen large blocks: it maps those above 32 MiB, and trims above 64."""
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in ((M_MMAP_MAX, 65536), (M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 64 << 20)):
            mallopt(option, value)


def matrix_rate(device: torch.device) -> float:
    """Multiplications and additions a second of a float32 product, by the clock of :func:`best_times`."""
    a = torch.rand(2048, 2048, device=device)
    taken = best_times({"product": lambda: a @ a}, 5, device)["product"]
    return 2 * 2048**3 / taken


def flops(given: argparse.Namespace) -> tuple[float, float]:
    """Of a forward pass of source and target for all rows."""
    counted = []
    for name in (given.source, given.target):
        network = EmbeddingNetwork(name, 128, image_size=given.image_size).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.rand(1, 3, given.image_size, given.image_size))
        counted.append(float(counter.get_total_flops()) * given.rows)
    return counted[0], counted[1]


if __name__ == "__main__":
    main()
