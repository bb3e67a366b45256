"""Views of JPEGs beside plain PIL + torchvision in the same process, and the share of the decoder's own rate.

    python benchmarks/images.py [--pictures 24] [--rounds 6] [--folder YOUR_JPEGS]

Two views at 224 of each picture, as a worker process makes them (one thread). Without ``--folder`` the pictures are
made here: 500 x 375, smooth with a little noise, quality 90. All rows see the same pictures in turns, with other crops
in each of 8 turns. A picture's time is the mean over crops of the least that a crop took, in seconds of the processor,
so that other work on the machine matters less. *Share* is the time of decoding alone, as Pillow does it, of the row's.
Files are read from the system's memory, not from the disk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.images.batches import Drawn
from embedding_transfer.images.views import EvaluationViews, TrainingViews, training_view

SIZE, VIEWS, CROPS = 224, 2, 8
Work = Callable[[int, int], object]
"""Of an epoch, which decides the crops, and a picture."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as made_here:
        paths = sorted((arguments.folder or made_here_pictures(Path(made_here), arguments.pictures)).rglob("*.jpg"))
        images = ImageSet("photos", paths[: arguments.pictures])
        cached = ImageSplits(images, images).cached_in(Path(made_here) / "cache").train
        rows = {**plain(images.images), **ours(images, cached), **parts(images, paths)}
        seconds = best_times(list(rows.values()), len(images), arguments.rounds)
    once, twice, decode = (seconds[list(rows).index(name)] for name in (DECODED_ONCE, DECODED_TWICE, DECODE))
    print(f"{'':<44}{'ms':>8}{'pictures/s':>12}{'of once':>9}{'of twice':>10}{'share':>8}")
    for name, taken in zip(rows, seconds, strict=True):
        rates = f"{taken * 1000:8.2f}{1 / taken:12.0f}{once / taken:9.2f}{twice / taken:10.2f}{decode / taken:8.0%}"
        print(f"{name:<44}{rates}")


DECODE = "decoding alone"
DECODED_ONCE, DECODED_TWICE = "plain, decoded once for both views", "plain, decoded for each view"


def plain(paths: object) -> dict[str, Work]:
    """PIL + torchvision as it is mostly written, to uint8 and to floats."""
    to_bytes = v2.Compose([v2.RandomResizedCrop(SIZE), v2.RandomHorizontalFlip(), v2.PILToTensor()])
    to_floats = v2.Compose([to_bytes, v2.ToDtype(torch.float32, scale=True)])

    def decoded(index: int) -> Image.Image:
        with Image.open(paths[index]) as image:  # type: ignore[index]
            return image.convert("RGB")

    def once(transform: v2.Compose) -> Work:
        def work(epoch: int, index: int) -> Tensor:
            torch.manual_seed(epoch * 1000 + index)
            image = decoded(index)
            return torch.stack([transform(image) for _ in range(VIEWS)])

        return work

    def twice(epoch: int, index: int) -> Tensor:
        torch.manual_seed(epoch * 1000 + index)
        return torch.stack([to_bytes(decoded(index)) for _ in range(VIEWS)])

    return {DECODED_ONCE: once(to_bytes), "the same, as floats": once(to_floats), DECODED_TWICE: twice}


def ours(images: ImageSet, cached: ImageSet) -> dict[str, Work]:
    transform = training_view("photo", SIZE)

    def views(of: ImageSet, resize: object) -> Work:
        dataset = TrainingViews(of, transform, VIEWS, 0, resize, 2 * SIZE)  # type: ignore[arg-type]
        return lambda epoch, index: dataset[Drawn(epoch, index)]

    return {
        "ours": views(images, "pillow"),
        "ours --resize torch": views(images, "torch"),
        "ours --cache": views(cached, "pillow"),
        "ours --cache --resize torch": views(cached, "torch"),
        "ours, the evaluation view": lambda _, index: EvaluationViews(images, SIZE, 0.875)[index],
        "ours, the evaluation view, --cache": lambda _, index: EvaluationViews(cached, SIZE, 0.875)[index],
    }


def parts(images: ImageSet, paths: list[Path]) -> dict[str, Work]:
    """Where the time goes: one decoding, and one crop that is resized."""
    pictures = [images.image(index) for index in range(len(images))]
    tensors = [torch.from_numpy(np.array(picture)).permute(2, 0, 1) for picture in pictures]  # (3, h, w) each
    view = training_view("photo", SIZE)

    def seen(inputs: list[object]) -> Work:
        def work(epoch: int, index: int) -> object:
            torch.manual_seed(epoch * 1000 + index)
            return view(inputs[index])

        return work

    return {
        DECODE: lambda _, index: Image.open(paths[index]).load(),
        "one view of a decoded picture, Pillow": seen([*pictures]),
        "one view of a decoded picture, torch": seen([*tensors]),
    }


def best_times(works: list[Work], pictures: int, rounds: int) -> list[float]:
    """Seconds that each takes for a picture."""
    best = np.full((len(works), CROPS, pictures), np.inf)
    for turn in range(rounds * CROPS):
        for number, work in enumerate(works):
            for index in range(pictures):
                started = time.process_time()
                work(turn % CROPS, index)
                taken = time.process_time() - started
                best[number, turn % CROPS, index] = min(best[number, turn % CROPS, index], taken)
    return best.mean((1, 2)).tolist()


def made_here_pictures(folder: Path, count: int) -> Path:
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (20, 26, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC)).astype(np.float64)
        noisy = (smooth + rng.normal(0, 6, (375, 500, 1))).round().clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"{number:03}.jpg", quality=90)
    return folder


if __name__ == "__main__":
    main()
