"""What the training loop costs over the bare operations, with networks so small that it would show.

    python benchmarks/loop.py [--epochs 6]

Both do the same: load views, embed them by source and target, compare, step. *Bare* is these operations in a ``for``
loop over the same loader; *loop* is a whole epoch of ours, with its watch over losses, its exact seeds and its progress
bar. They take turns; times are seconds of the processor for a step, the least of the epochs. Writing the state is
timed by itself: how long the training waits for it, and how long it takes in the background.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.images.views import as_floats, views_first
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources import PictureSource
from embedding_transfer.training.evaluation import RecallEvaluation
from embedding_transfer.training.loop import Training
from embedding_transfer.training.prepare import new_accelerator
from embedding_transfer.training.progress import TrainingProgress
from embedding_transfer.training.run_directory import RunDirectory
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

SIZE, CLASSES, OF_EACH = 28, 40, 24


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=6)
    epochs = parser.parse_args().epochs
    with tempfile.TemporaryDirectory() as folder:
        training = new_training(Path(folder) / "run", epochs)
        training.record.start(resume=False)
        loop, bare, waits, writes = [], [], [], []
        for epoch in range(epochs):
            start = time.process_time()
            line = training._train_epoch(epoch, TrainingProgress("loop", None, is_shown=False))
            loop.append((time.process_time() - start) / len(training.batches))
            start = time.process_time()
            bare_epoch(training, epoch)
            bare.append((time.process_time() - start) / len(training.batches))
            start = time.perf_counter()
            training.record.add({**line, "recall@1": float(epoch)})
            waits.append(time.perf_counter() - start)
            training.record.background.wait()
            writes.append(time.perf_counter() - start)
        training.record.close()
    steps, pictures = len(training.batches), training.batches.batch_size
    print(f"{steps} steps an epoch, {pictures} pictures of {SIZE} px, 2 views, 1 thread")
    print(f"bare step {min(bare) * 1000:6.2f} ms")
    print(f"loop step {min(loop) * 1000:6.2f} ms: {min(loop) / min(bare) - 1:+.1%}")
    print(
        f"a state: the training waits {min(waits) * 1000:.1f} ms, it is on the disk after {min(writes) * 1000:.1f} ms"
    )


def new_training(folder: Path, epochs: int) -> Training:
    """A transfer between two tiny networks on random pictures."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (CLASSES * OF_EACH, SIZE, SIZE, 3), dtype=np.uint8)
    names, labels = tuple(map(str, range(CLASSES))), np.repeat(np.arange(CLASSES), OF_EACH)
    images = ImageSplits(ImageSet("train", pixels, labels, names), ImageSet("test", pixels, labels, names))
    options = TransferOptions(
        source="none",
        output=folder,
        epochs=epochs,
        batch_size=48,
        images_per_class=2,
        augmentation="character",
        workers=0,
        threads=1,
        ks=(1,),
    )
    source, target = (EmbeddingNetwork("convnet-8", 16, image_size=SIZE) for _ in range(2))
    objective = TransferObjective(target, RelaxedContrastiveLoss(), options.views)
    return Training(
        objective,
        images,
        options,
        RunDirectory(options),
        new_accelerator(options),
        RecallEvaluation(images.test, None, options),
        PictureSource(source),
    )


def bare_epoch(training: Training, epoch: int) -> None:
    """The operations of an epoch, and nothing else."""
    training.batches.epoch = epoch
    network, loss = training.objective.network, RelaxedContrastiveLoss()
    assert training.source is not None
    for views, _, index in training.loader:
        images = as_floats(views_first(views))
        taught = training.source(images, index.repeat(2), 2).embedding
        loss(network(images), taught).backward()
        training.step.optimizer.step()
        training.step.optimizer.zero_grad()


if __name__ == "__main__":
    main()
