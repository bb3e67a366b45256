"""An image set: pictures with labels, whatever they come from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from PIL import Image

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.decode import array_to_rgb, read_rgb
from embedding_transfer.images.labels import NoLabels
from embedding_transfer.images.path_list import PathList
from embedding_transfer.images.picture_cache import Make, PictureCache
from embedding_transfer.images.picture_sequence import PictureSequence, fetch_rgb
from embedding_transfer.images.printable import printable
from embedding_transfer.images.stored_pictures import checked, taken


@dataclass(frozen=True)
class ImageSet:
    """Images, one label each, or none at all.

    Args:
        name: What messages call it, e.g. ``"glyphs/test"``.
        images: Paths of image files (a list of paths or strings), one uint8 array (n, h, w) or (n, h, w, 3), or
            whatever has a length and gives a picture by its number
            (:class:`~embedding_transfer.images.picture_sequence.PictureSequence`).
        labels: (n,) whole numbers, indices into ``class_names``; ``None``: the images have no labels, and whoever uses
            ``labels`` gets an InputError that says so.
        class_names: Name of each class; none where there are no labels.
        is_query: (n,) bool, which images are searched for; ``None``: all of them.
        is_gallery: (n,) bool, which images are searched in; ``None``: all of them.
        root: The folder that :attr:`keys` are relative to.
        numbers: (n,) the numbers that pictures without a path have in the whole set; default: their order.
        cache: Where what is made of pictures is kept; default: nowhere.

    Raises:
        InputError: If there are no images, lengths do not agree, a label has no name, or an array holds no uint8.

    Example::

        images = ImageSet("shoes", ["a.png", "b.png", "c.png"], [0, 0, 1], ("boot", "sandal"))
        images.image(0).show()
        ImageSet("photos", ["a.png", "b.png"]).is_labeled  # False
    """

    name: str
    images: Sequence[str | Path] | np.ndarray | PictureSequence
    labels: np.ndarray = field(default_factory=lambda: cast(np.ndarray, NoLabels("")))
    class_names: tuple[str, ...] = ()
    is_query: np.ndarray | None = field(default=None)
    is_gallery: np.ndarray | None = field(default=None)
    root: Path | None = None
    numbers: np.ndarray | None = field(default=None)
    cache: PictureCache | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", checked(self.name, self.images))
        if self.labels is None or not self.is_labeled:
            object.__setattr__(self, "labels", NoLabels(self.name))
        for what in ("labels", "is_query", "is_gallery", "numbers"):
            values = getattr(self, what)
            if values is None or isinstance(values, NoLabels):
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
        if self.is_labeled and (self.labels.min() < 0 or self.labels.max() >= len(self.class_names)):
            raise InputError(
                f"{self.name} has labels from {self.labels.min()} to {self.labels.max()} but "
                f"{len(self.class_names)} class names: labels number the names from 0"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_labeled(self) -> bool:
        """Whether the images have labels."""
        return not isinstance(self.labels, NoLabels)

    def label(self, index: int) -> int:
        """The class of picture ``index``; -1 where there are no labels."""
        return int(self.labels[index]) if self.is_labeled else -1

    def image(self, index: int) -> Image.Image:
        """Picture ``index`` as 8-bit RGB, decoded now."""
        if isinstance(self.images, PathList):
            return read_rgb(self.images[index])
        if isinstance(self.images, np.ndarray):
            return array_to_rgb(self.images[index])
        return fetch_rgb(self.images, index, self.describe(index))

    def made(self, index: int, name: str, make: Make) -> Image.Image | np.ndarray:
        """``make(image(index))``; pixels (h, w, 3) from the cache, where there is one, under this name."""
        if self.cache is None or not isinstance(self.images, PathList):
            return make(self.image(index))
        return self.cache.pixels(self.images[index], name, make)

    def describe(self, index: int) -> str:
        """What to call picture ``index`` in a message: its path, or its place and class."""
        if isinstance(self.images, PathList):
            return printable(self.images[index])
        of_class = f" ({self.class_names[self.labels[index]]})" if self.is_labeled else ""
        return f"{self.name}[{index}]{of_class}"

    @property
    def keys(self) -> list[str]:
        """What each picture is called in files of vectors: its path from :attr:`root`, ``/`` between folders.

        Pictures that are no files are called by their number in the whole set.
        """
        if not isinstance(self.images, PathList):
            numbers = range(len(self)) if self.numbers is None else self.numbers.tolist()
            return [str(number) for number in numbers]
        root = "" if self.root is None else f"{self.root.as_posix().rstrip('/')}/"
        return [path.replace(os.sep, "/").removeprefix(root) for path in self.images.strings()]

    def subset(self, rows: np.ndarray, name: str | None = None) -> ImageSet:
        """The images at ``rows`` (indices or a mask), with labels numbered anew over the classes that remain."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        labels, class_names = self._labels_of(rows)
        return replace(
            self,
            name=name or self.name,
            images=taken(self.images, rows),
            labels=labels,
            class_names=class_names,
            is_query=None if self.is_query is None else self.is_query[rows],
            is_gallery=None if self.is_gallery is None else self.is_gallery[rows],
            numbers=rows if self.numbers is None else self.numbers[rows],
        )

    def _labels_of(self, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        """Labels of some rows, numbered anew, and the names of the classes that remain."""
        if not self.is_labeled:
            return self.labels, ()
        classes, labels = np.unique(self.labels[rows], return_inverse=True)
        return labels.astype(np.int64), tuple(self.class_names[c] for c in classes)

    def split(self, is_train: np.ndarray) -> ImageSplits:
        """The images where ``is_train`` (n,) holds, and the others, called ``NAME/train`` and ``NAME/test``.

        Raises:
            InputError: If one of the two would be empty.
        """
        return ImageSplits(self.subset(is_train, f"{self.name}/train"), self.subset(~is_train, f"{self.name}/test"))

    def summary(self) -> str:
        """One line for people: ``glyphs/train: 11,097 images of 732 classes``, and its queries and gallery.

        Without labels it is ``photos/train: 1,234 images without labels``.
        """
        classes = f"of {len(self.class_names):,} classes" if self.is_labeled else "without labels"
        flags = ((self.is_query, "queries"), (self.is_gallery, "in the gallery"))
        parts = [f"{int(flag.sum()):,} {what}" for flag, what in flags if flag is not None]
        return ", ".join([f"{self.name}: {len(self):,} images {classes}", *parts])


class ImageSplits(NamedTuple):
    """The two halves of an image set; their classes are disjoint, if they have classes."""

    train: ImageSet
    test: ImageSet

    def cached_in(self, folder: Path) -> ImageSplits:
        """The same images with a cache.

        Raises:
            UsageError: If they are no files, or the folder is a file.
        """
        for half in self:
            if not isinstance(half.images, PathList):
                raise UsageError(f"{half.name} holds no image files, which --cache is for: leave it out")
        cache = PictureCache(folder)
        return ImageSplits(*(replace(half, cache=cache) for half in self))
