"""What a million listed images cost: loading, memory, a worker process, drawing batches, keys.

    python benchmarks/images_million.py [--images 1000000] [--classes 100000]

The table lists 10,000 small files again and again. Prints one line for each number, times as seconds of a processor;
docs/results/million-images.md has what they were.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image

from embedding_transfer.images import Batches, ImageSet, load_images

Result = TypeVar("Result")
FILES = 10_000
STEPS = 200


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=100_000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        table = write_table(Path(folder), arguments.images, arguments.classes)
        gc.collect()
        before = resident()
        train, _ = timed("load the table", lambda: load_images("table", table))
        gc.collect()
        print(f"{'memory of the image set':<36}{resident() - before:8.0f} MiB (peak {peak() - before:.0f})")
        print(f"{'a worker that looks at every path':<36}{of_a_worker(train):8.0f} MiB of its own")
        timed("keys", lambda: train.keys)
        if not hasattr(train, "is_labeled"):
            print("no hash split")
        else:
            from embedding_transfer.images.hash_split import is_for_training

            timed("keys and their hashes", lambda: is_for_training(train))
        balanced = timed("make class-balanced batches", lambda: Batches(train, 90, 2))
        batches = iter(balanced)
        timed("first balanced batch", lambda: next(batches))
        started = time.process_time()
        list(islice(batches, STEPS))
        print(f"{'a balanced batch':<36}{(time.process_time() - started) / STEPS * 1000:8.2f} ms")
        shuffled = Batches(train, 90)
        batches = iter(shuffled)
        timed("first shuffled batch", lambda: next(batches))
        started = time.process_time()
        list(islice(batches, STEPS))
        print(f"{'a shuffled batch':<36}{(time.process_time() - started) / STEPS * 1000:8.2f} ms")
        timed("every second image", lambda: train.subset(np.arange(0, len(train), 2)))


def write_table(folder: Path, n_images: int, n_classes: int) -> Path:
    """A CSV file beside the files that it lists; half of the classes train."""
    (folder / "pictures").mkdir()
    for number in range(FILES):
        Image.new("L", (1, 1)).save(folder / "pictures" / f"picture-{number:09}.png")
    table = folder / "table.csv"
    with table.open("w") as file:
        file.write("path,label,split\n")
        for row in range(n_images):
            label = row % n_classes
            split = "train" if row % n_classes < n_classes // 10 * 9 else "test"
            file.write(f"pictures/picture-{row % FILES:09}.png,class-{label:07},{split}\n")
    return table


def timed(what: str, work: Callable[[], Result]) -> Result:
    started = time.process_time()
    result = work()
    print(f"{what:<36}{time.process_time() - started:8.2f} s", flush=True)
    return result


def resident() -> float:
    """MiB of this process in memory."""
    return _status("VmRSS")


def peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def of_a_worker(images: ImageSet) -> float:
    """MiB that a forked process has for itself once it has looked at every path in random order, as an epoch does."""
    order = np.random.default_rng(0).permutation(len(images))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        start = _own_memory()
        for index in order:
            _ = os.fspath(images.images[int(index)])  # as opening it does
            _ = images.labels[int(index)]
        os.write(writing, str(_own_memory() - start).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return float(os.read(reading, 64))


def _own_memory() -> float:
    """MiB that no other process shares."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Private_Dirty")).split()[1]) / 1024


if __name__ == "__main__":
    main()
