"""Image folders: ROOT/train/<class>/* and ROOT/test/<class>/*, or ROOT/<class>/* split by class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.image_set import ImageSet, ImageSplits


def load_folder(root: Path) -> ImageSplits:
    """Read a tree of class folders.

    Args:
        root: With folders ``train`` and ``test``, these are the split. Otherwise every folder in it is a class, and the
            first half of the sorted class names trains, the second half tests.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If there are no class folders, or one of them holds no images.
    """
    if not root.is_dir():
        raise UsageError(f"no folder {root}: give the folder that holds train/ and test/, or one folder per class")
    if (root / "train").is_dir() and (root / "test").is_dir():
        return ImageSplits(*(read_classes(root / split, f"{root.name}/{split}") for split in ("train", "test")))
    everything = read_classes(root, root.name)
    half = (len(everything.class_names) + 1) // 2
    if half == len(everything.class_names):
        raise InputError(f"{root} holds one class folder, {everything.class_names[0]}; a split by class needs two")
    return split_by_class(everything, everything.labels < half, ("train", "test"))


def split_by_class(images: ImageSet, first: np.ndarray, names: tuple[str, str]) -> ImageSplits:
    """The images where ``first`` (n,) holds, and the others."""
    return ImageSplits(
        *(images.subset(rows, f"{images.name}/{n}") for rows, n in zip((first, ~first), names, strict=True))
    )


def read_classes(root: Path, name: str) -> ImageSet:
    """All images of ``root/<class>/*``; hidden files and folders are left out.

    Raises:
        InputError: If there are no class folders, or one of them holds no images.
    """
    paths: list[Path] = []
    labels: list[int] = []
    class_names: list[str] = []
    for folder in sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith(".")):
        images = image_files(folder)
        if not images:
            raise InputError(f"class folder {folder} holds no images: remove it or fill it")
        paths += images
        labels += [len(class_names)] * len(images)
        class_names.append(folder.name)
    if not paths:
        raise InputError(f"{root} holds no class folders with images: expected {root}/<class>/<image>")
    return ImageSet(name, paths, np.array(labels, dtype=np.int64), tuple(class_names))


def image_files(folder: Path) -> list[Path]:
    """The files in ``folder`` that Pillow has a reader for by their ending, sorted; hidden files are left out."""
    endings = Image.registered_extensions()
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in endings and not p.name.startswith("."))
