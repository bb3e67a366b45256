"""Learned maps beside the simple ways to shorter vectors, on stored vectors: what docs/results/vectors.md shows.

    python benchmarks/shorter_vectors.py TRAIN.npy TEST.npy --dims 64,32 --seeds 0,1,2 [--labels TEST-LABELS.txt]

Prints a JSON object per line: the simple ways once for each length, then the learned map for each seed, and int8 beside
it. Queries and the vectors searched in are TEST, which no map has seen.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from embedding_transfer.vectors.comparison import compared
from embedding_transfer.vectors.learning import learn_map
from embedding_transfer.vectors.options import LearningOptions
from embedding_transfer.vectors.quantized import calibrate


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--dims", type=numbers, default=[64, 32])
    parser.add_argument("--seeds", type=numbers, default=[0, 1, 2])
    parser.add_argument("--keep", default="neighbors")
    parser.add_argument("--steps", type=int, default=LearningOptions.steps)
    parser.add_argument("--hidden", type=int, default=0)
    parser.add_argument("--near-share", type=float, default=LearningOptions.near_share)
    parser.add_argument("--labels")
    given = parser.parse_args()
    torch.set_num_threads(1)
    train, test = (torch.from_numpy(np.load(path)).float() for path in (given.train, given.test))
    labels = None
    if given.labels:
        names = Path(given.labels).read_text().splitlines()
        labels = torch.from_numpy(np.unique(names, return_inverse=True)[1])
    for seed in given.seeds:
        for dim in given.dims:
            options = LearningOptions(
                dim=dim, keep=given.keep, steps=given.steps, hidden=given.hidden, near_share=given.near_share, seed=seed
            )
            began = time.process_time()
            short = learn_map(train, options)
            seconds = time.process_time() - began
            calibration = calibrate("int8", short(train).numpy())
            for row in compared(short, calibration, train, test, labels):
                if seed == given.seeds[0] or row["way"].startswith("learned"):
                    about = {"train": given.train, "keep": given.keep, "hidden": given.hidden, "seed": seed}
                    about |= {"near_share": given.near_share, "steps": given.steps, "cpu_seconds": round(seconds, 1)}
                    print(json.dumps({**row, **about}), flush=True)


if __name__ == "__main__":
    main()
