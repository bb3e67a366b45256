"""What `compress` costs as vectors grow: seconds of a core, memory beyond the files, share of the matrix rate.

    python benchmarks/compress_million.py FOLDER [--sizes 100000,300000,1000000] [--dim 384] [--to 64]

Synthetic vectors of slowly falling spectrum are written as `.npy`, then each size is compressed by the verb in a
process of its own, one thread. Learning and judging look at a sample and cost the same at every size. Then the short
vectors are deleted and the same call writes them once more by the map that is there: what grows from row to row of
that time is the cost of a vector.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

BATCH = 1 << 14


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def write_vectors(path: Path, n: int, dim: int) -> None:
    rng = np.random.default_rng(0)
    scale = (1 / np.sqrt(1 + np.arange(dim))).astype(np.float32)
    turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0].astype(np.float32)
    stored = np.lib.format.open_memmap(path, "w+", np.float32, (n, dim))
    for start in range(0, n, BATCH):
        rows = stored[start : start + BATCH]
        rows[:] = (rng.standard_normal(rows.shape, dtype=np.float32) * scale) @ turn


def peak_anonymous(process: subprocess.Popen[bytes]) -> float:
    """The most GiB that a process holds besides files, looked at every twentieth of a second until it ends."""
    most = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))])
        time.sleep(0.05)
    return most / 2**20


def compressed(path: Path, output: Path, dim: int) -> tuple[float, float]:
    """Seconds of a core and the most GiB of one call of the verb."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "embedding_transfer", "compress", str(path), str(output), "--dim", str(dim)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = peak_anonymous(process)
    if process.wait() != 0:
        sys.exit(f"{' '.join(command)} failed with {process.returncode}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime, most


def matrix_rate() -> float:
    """Float32 multiplications and additions a second of one thread."""
    torch.set_num_threads(1)
    a = torch.rand(2048, 2048)
    taken = []
    for _ in range(4):
        start = time.process_time()
        a @ a
        taken.append(time.process_time() - start)
    return 2 * 2048**3 / min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=numbers, default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--to", type=int, default=64)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    rate = matrix_rate()
    print(f"one thread, {rate / 1e9:.0f} GFLOP/s in a product of 2048 x 2048; {given.dim} to {given.to} dimensions\n")
    print("| vectors | seconds of a core | GiB at most | writing alone | microseconds a further vector | of the rate |")
    print("|---:|---:|---:|---:|---:|---:|")
    before: tuple[int, float] | None = None
    for n in given.sizes:
        path, output = given.folder / f"{n}.npy", given.folder / f"{n}-short"
        write_vectors(path, n, given.dim)
        shutil.rmtree(output, ignore_errors=True)
        seconds, most = compressed(path, output, given.to)
        again = []
        for _ in range(3):
            for file in (output / path.name, (output / path.name).with_suffix(".json")):
                file.unlink()
            again.append(compressed(path, output, given.to)[0])
        writing = min(again)
        further = "- | -"
        if before is not None:
            each = (writing - before[1]) / (n - before[0])
            further = f"{1e6 * each:.2f} | {2 * given.dim * given.to / each / rate:.0%}"
        print(f"| {n:,} | {seconds:.1f} | {most:.2f} | {writing:.1f} | {further} |", flush=True)
        before = (n, writing)
        path.unlink()
        shutil.rmtree(output)


if __name__ == "__main__":
    main()
