"""An image set: pictures with labels, whatever they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import array_to_rgb, read_rgb
from embedding_transfer.images.printable import printable


@dataclass(frozen=True)
class ImageSet:
    """Images, one label each.

    Args:
        name: What messages call it, e.g. ``"glyphs/test"``.
        images: Paths of image files (strings will do), or one uint8 array (n, h, w) or (n, h, w, 3).
        labels: (n,) whole numbers, indices into ``class_names``.
        class_names: Name of each class.
        is_query: (n,) bool, which images are searched for; ``None``: all of them.
        is_gallery: (n,) bool, which images are searched in; ``None``: all of them.
        root: The folder that :attr:`keys` are relative to.
        numbers: (n,) the numbers that pictures without a path have in the whole set; default: their order.

    Raises:
        InputError: If there are no images, lengths do not agree, a label has no name, or an array holds no uint8.

    Example::

        images = ImageSet("shoes", ["a.png", "b.png", "c.png"], [0, 0, 1], ("boot", "sandal"))
        images.image(0).show()
    """

    name: str
    images: Sequence[str | Path] | np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    is_query: np.ndarray | None = field(default=None)
    is_gallery: np.ndarray | None = field(default=None)
    root: Path | None = None
    numbers: np.ndarray | None = field(default=None)

    def __post_init__(self) -> None:
        if len(self.images) == 0:
            raise InputError(f"{self.name} has no images")
        object.__setattr__(self, "images", _paths_or_pixels(self.name, self.images))
        for what in ("labels", "is_query", "is_gallery", "numbers"):
            values = getattr(self, what)
            if values is None:
                continue
            try:
                values = np.asarray(values, dtype=np.int64 if what in ("labels", "numbers") else bool)
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"{self.name} has {what} that are no numbers: number the class names from 0"
                ) from error
            if len(values) != len(self.images):
                raise InputError(f"{self.name} has {len(self.images)} images but {len(values)} {what}")
            object.__setattr__(self, what, values)
        if self.labels.min() < 0 or self.labels.max() >= len(self.class_names):
            raise InputError(
                f"{self.name} has labels from {self.labels.min()} to {self.labels.max()} but "
                f"{len(self.class_names)} class names: labels number the names from 0"
            )

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> Image.Image:
        """Picture ``index`` as 8-bit RGB, decoded now."""
        picture = self.images[index]
        return array_to_rgb(picture) if isinstance(picture, np.ndarray) else read_rgb(picture)

    def describe(self, index: int) -> str:
        """What to call picture ``index`` in a message: its path, or its place and class."""
        picture = self.images[index]
        if isinstance(picture, np.ndarray):
            return f"{self.name}[{index}] ({self.class_names[self.labels[index]]})"
        return printable(picture)

    @property
    def keys(self) -> list[str]:
        """What each picture is called in files of vectors: its path from :attr:`root`, ``/`` between folders.

        Pictures of an array are called by their number in the whole set.
        """
        if isinstance(self.images, np.ndarray):
            numbers = range(len(self)) if self.numbers is None else self.numbers.tolist()
            return [str(number) for number in numbers]
        root = "" if self.root is None else f"{self.root.as_posix().rstrip('/')}/"
        return [Path(image).as_posix().removeprefix(root) for image in self.images]

    def subset(self, rows: np.ndarray, name: str | None = None) -> ImageSet:
        """The images at ``rows`` (indices or a mask), with labels numbered anew over the classes that remain."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        classes, labels = np.unique(self.labels[rows], return_inverse=True)
        images = self.images[rows] if isinstance(self.images, np.ndarray) else [self.images[i] for i in rows.tolist()]
        return replace(
            self,
            name=name or self.name,
            images=images,
            labels=labels.astype(np.int64),
            class_names=tuple(self.class_names[c] for c in classes),
            is_query=None if self.is_query is None else self.is_query[rows],
            is_gallery=None if self.is_gallery is None else self.is_gallery[rows],
            numbers=rows if self.numbers is None else self.numbers[rows],
        )

    def split(self, is_train: np.ndarray) -> ImageSplits:
        """The images where ``is_train`` (n,) holds, and the others, called ``NAME/train`` and ``NAME/test``.

        Raises:
            InputError: If one of the two would be empty.
        """
        return ImageSplits(self.subset(is_train, f"{self.name}/train"), self.subset(~is_train, f"{self.name}/test"))

    def summary(self) -> str:
        """One line for people: ``glyphs/train: 11,097 images of 732 classes``, and its queries and gallery."""
        flags = ((self.is_query, "queries"), (self.is_gallery, "in the gallery"))
        parts = [f"{int(flag.sum()):,} {what}" for flag, what in flags if flag is not None]
        return ", ".join([f"{self.name}: {len(self):,} images of {len(self.class_names):,} classes", *parts])


class ImageSplits(NamedTuple):
    """The two halves of an image set; their classes are disjoint."""

    train: ImageSet
    test: ImageSet


def _paths_or_pixels(name: str, images: Sequence[str | Path] | np.ndarray) -> Sequence[Path] | np.ndarray:
    if not isinstance(images, np.ndarray) or images.dtype.kind in "UO":
        return [image if isinstance(image, Path) else Path(image) for image in images]
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise InputError(
            f"{name} has an array {images.shape} of {images.dtype}: pictures are uint8, 0 to 255, in the shape "
            "(n, h, w) or (n, h, w, 3)"
        )
    return images
