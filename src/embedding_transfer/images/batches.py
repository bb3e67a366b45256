"""Which images make a batch: balanced over classes or shuffled, the same for any number of processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.image_set import ImageSet


class Drawn(NamedTuple):
    """An image drawn in an epoch; its views depend on both."""

    epoch: int
    image: int


class Batches(Sampler[list[Drawn]]):
    """Batches of one epoch, drawn from (seed, epoch) alone and shared out evenly among processes.

    With ``images_per_class`` a batch holds ``batch_size / images_per_class`` distinct classes, drawn uniformly, and
    that many different images of each (repeated only where a class has fewer). Without it, images are shuffled.
    Either way an epoch has ``n_images // batch_size`` batches; those before ``start`` are drawn, but not given.

    Args:
        images: What to draw from.
        batch_size: Images in a batch, over all processes.
        images_per_class: Images of each class in a batch; ``None`` shuffles.
        seed: Of the whole run.
        process: Number of this process: which share of every batch to yield.
        processes: How many there are.
        view_epochs: Epochs after which views begin anew, in other batches; ``None``: never.

    Raises:
        UsageError: If the numbers do not divide, a batch needs more images or classes than there are, or classes of
            images without labels.
        InputError: If pairs are needed and a class has one image.
    """

    def __init__(
        self,
        images: ImageSet,
        batch_size: int,
        images_per_class: int | None = None,
        seed: int = 0,
        process: int = 0,
        processes: int = 1,
        view_epochs: int | None = None,
    ) -> None:
        self.images, self.batch_size, self.images_per_class, self.seed = images, batch_size, images_per_class, seed
        self.epoch = self.start = 0
        self.view_epochs = view_epochs
        if batch_size < 1 or batch_size % processes:
            raise UsageError(f"batch size {batch_size} cannot be shared out evenly among {processes} processes")
        self.share = slice(process * batch_size // processes, (process + 1) * batch_size // processes)
        if len(images) < batch_size:
            raise UsageError(f"{images.name} has {len(images)} images, fewer than one batch of {batch_size}")
        if images_per_class is not None:
            self._check_classes(images_per_class)
            order = np.argsort(images.labels, kind="stable")
            self.rows_of_class = np.split(order, np.flatnonzero(np.diff(images.labels[order])) + 1)

    def _check_classes(self, images_per_class: int) -> None:
        images, n_classes = self.images, len(self.images.class_names)
        if not images.is_labeled:
            raise UsageError(
                f"{images.name} has no labels, so no batch can hold {images_per_class} images of each class: leave out "
                "--images-per-class, or give null"
            )
        if images_per_class < 1 or self.batch_size % images_per_class:
            raise UsageError(f"batch size {self.batch_size} is no multiple of images per class, {images_per_class}")
        needed = self.batch_size // images_per_class
        if needed > n_classes:
            raise UsageError(
                f"a batch of {self.batch_size} with {images_per_class} images per class needs {needed} classes, "
                f"but {images.name} has {n_classes}: lower the batch size or raise the images per class"
            )
        sizes = np.bincount(images.labels, minlength=n_classes)
        if images_per_class > 1 and sizes.min() < 2:
            alone = images.class_names[int(sizes.argmin())]
            raise InputError(
                f"class {alone} of {images.name} has {sizes.min()} image ({int((sizes < 2).sum())} such classes), but "
                f"{images_per_class} images per class need pairs: add images, remove the class, or draw 1 per class"
            )

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __iter__(self) -> Iterator[list[Drawn]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        views_of = self.epoch if self.view_epochs is None else self.epoch % self.view_epochs
        shuffled = rng.permutation(len(self.images)) if self.images_per_class is None else None
        for step in range(len(self)):
            if shuffled is None:
                batch = self._balanced(rng)
            else:
                batch = shuffled[step * self.batch_size : (step + 1) * self.batch_size]
            if step >= self.start:
                yield [Drawn(views_of, int(image)) for image in batch[self.share]]

    def _balanced(self, rng: np.random.Generator) -> np.ndarray:
        """Indices (batch_size,), class after class."""
        assert self.images_per_class is not None
        count = self.images_per_class
        classes = rng.choice(len(self.rows_of_class), self.batch_size // count, replace=False)
        rows = (self.rows_of_class[c] for c in classes)
        return np.concatenate([rng.choice(r, count, replace=len(r) < count) for r in rows])
