"""A million vectors: written, read, searched; seconds and memory of each step, in a process of its own.

python benchmarks/vectors_million.py FOLDER [--vectors 1000000] [--dim 384] [--queries 300]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

BATCH = 8192
ENDINGS = (".npy", ".safetensors", ".parquet")


class Anonymous:
    """Seconds, and the most memory of this process that is no file's (MB), looked at every hundredth of a second."""

    def __enter__(self) -> Anonymous:
        self.began, self.began_computing = time.perf_counter(), time.process_time()
        self.start = self.most = resident("RssAnon")
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._ends.wait(0.01):
            self.most = max(self.most, resident("RssAnon"))

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.began
        self.computed = time.process_time() - self.began_computing
        self._ends.set()
        self._thread.join()


def resident(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1000


def rows(start: int, count: int, dim: int) -> np.ndarray:
    return np.random.default_rng(start).standard_normal((count, dim), dtype=np.float32)


def write(folder: Path, n: int, dim: int) -> None:
    """In batches, as ``embed`` does."""
    from embedding_transfer.retrieval.unfinished_vectors import UnfinishedVectors

    keys = [f"class-{i % 1000}/{i}.jpg" for i in range(n)]
    for ending in ENDINGS:
        with (
            Anonymous() as memory,
            UnfinishedVectors(folder / f"v{ending}", keys, dim, "float32", {"network": "synthetic"}, BATCH) as file,
        ):
            for start in range(0, n, BATCH):
                file.add(rows(start, min(BATCH, n - start), dim))
            file.finish()
        tell(f"write {ending}", memory)


def search(folder: Path, queries: int, dim: int) -> None:
    import torch

    from embedding_transfer.retrieval.neighbors import search_neighbors
    from embedding_transfer.retrieval.vector_file import read_vectors

    for ending in ENDINGS:
        with Anonymous() as memory:
            file = read_vectors(folder / f"v{ending}")
        tell(f"read {ending}", memory)
        for metric in ("euclidean", "cosine") if ending == ".npy" else ("euclidean",):
            with Anonymous() as memory:
                asked = torch.from_numpy(rows(10**9, queries, dim))
                found = search_neighbors(asked, 10, gallery=file.vectors, metric=metric)
            tell(f"search {ending}, {queries} queries, {metric}", memory)
        del file, found


def tell(what: str, memory: Anonymous) -> None:
    more = memory.most - memory.start
    times = f"{memory.seconds:6.1f} s ({memory.computed:6.1f} s of one core)"
    print(f"{what:44s} {times}  {more:5.0f} MB more, {memory.most:5.0f} MB in all", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--step", choices=("write", "search"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.step == "write":
        write(options.folder, options.vectors, options.dim)
    elif options.step == "search":
        search(options.folder, options.queries, options.dim)
    else:
        import torch

        print(f"{options.vectors:,} vectors of {options.dim}, float32; torch threads: {torch.get_num_threads()}")
        for step in ("write", "search"):
            subprocess.run([sys.executable, *sys.argv, "--step", step], check=True)


if __name__ == "__main__":
    main()
