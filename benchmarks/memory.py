"""What a step gains if the C library keeps its memory: forward and backward pass before and after, in one process each.

    python benchmarks/memory.py

One thread, the least seconds of a core of some turns. Keeping is what the variables of docs/speed.md do, asked for by
mallopt in the running process; glibc alone knows it.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import time

import torch

from embedding_transfer.networks import EmbeddingNetwork

CASES = (
    ("resnet18", 224, 16),
    ("bn_inception", 224, 8),
    ("mobilenetv2_100", 96, 60),
    ("tf_efficientnet_lite0", 96, 60),
)
MMAP_MAX, TRIM_THRESHOLD, MOST = -4, -1, 2**31 - 1  # of mallopt
TURNS = 4


def measure(name: str, side: int, rows: int) -> None:
    torch.set_num_threads(1)
    network, images = EmbeddingNetwork(name, 64, image_size=side).train(), torch.rand(rows, 3, side, side)

    def best() -> float:
        seconds = []
        for _ in range(1 + TURNS):
            began = time.process_time()
            network(images).sum().backward()
            seconds.append(time.process_time() - began)
        return min(seconds[1:])

    before = best()
    libc = ctypes.CDLL(None)
    libc.mallopt(MMAP_MAX, 0)
    libc.mallopt(TRIM_THRESHOLD, MOST)
    after = best()
    print(f"{name}, {side} px, {rows} rows: {before:.3f} s, kept {after:.3f} s: {before / after:.2f}x", flush=True)


def main() -> None:
    if len(sys.argv) > 1:
        return measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    for case in CASES:
        subprocess.run([sys.executable, __file__, *map(str, case)], check=True)
    return None


if __name__ == "__main__":
    main()
