"""Image folders: ROOT/train/<class>/* and ROOT/test/<class>/*, or ROOT/<class>/* split by class."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.folder_tree import Listing, list_folder, pictures_of
from embedding_transfer.images.halves import two_halves
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.layout import halves_of, home_of
from embedding_transfer.images.left_out import OUTSIDE, ImagesNote, LeftOutFiles
from embedding_transfer.images.printable import printable


def load_folder(root: str | Path) -> ImageSplits:
    """Read a tree of class folders.

    Files that are pictures of a kind that is not read, or unknown, are left out with one warning, :class:`LeftOut`.

    Args:
        root: With folders ``train`` and ``test`` (or ``val``, ``Training``, ...), these are the split. Otherwise every
            folder in it is a class, and the first half of the sorted class names trains, the second half tests. A
            folder that holds nothing but one such folder will do.

    Raises:
        UsageError: If ``root`` is no folder.
        InputError: If there are no class folders, or one of them holds no images.

    Example::

        splits = load_folder("data/omniglot")
        print(splits.train.summary())
    """
    root = Path(root)
    if root.is_file():
        raise UsageError(f"{root} is a file: give the folder that holds train/ and test/, or one folder per class")
    if not root.is_dir():
        raise UsageError(f"no folder {root}: give the folder that holds train/ and test/, or one folder per class")
    home, left_out = home_of(root), LeftOutFiles(root)
    name = os.path.basename(os.path.abspath(home))
    if halves := halves_of(home):
        train, test = (
            read_classes(folder, f"{name}/{half}", left_out)
            for folder, half in zip(halves, ("train", "test"), strict=True)
        )
        splits = ImageSplits(train, test)
    else:
        everything = read_classes(home, name, left_out)
        half = (len(everything.class_names) + 1) // 2
        if half == len(everything.class_names):
            raise InputError(
                f"{home} holds one class folder, {everything.class_names[0]}; a split by class needs two; if it is no "
                "class, read the images without labels by --images unlabeled"
            )
        splits = everything.split(everything.labels < half)
    left_out.warn()
    return splits


def read_classes(root: Path, name: str, left_out: LeftOutFiles) -> ImageSet:
    """All images of ``root/<class>/``, also those in folders deeper inside a class.

    Args:
        root: The folder of the class folders.
        name: Of the image set.
        left_out: Takes what is not read.

    Raises:
        InputError: If there are no class folders, or one of them holds no images.
    """
    top = list_folder(root, left_out)
    paths: list[Path] = []
    sizes: list[int] = []
    groups: list[tuple[Path, Listing]] = []
    for folder in top.folders:
        left_out_before = len(left_out)
        listing = list_folder(folder, left_out)
        images = pictures_of(listing, left_out)
        if not images:
            only_others = len(left_out) > left_out_before
            what, advice = ("no images that are read", left_out.remedy()) if only_others else ("no images", "")
            raise InputError(f"class folder {printable(folder)} holds {what}: remove it or fill it{advice}")
        if not listing.pictures and len(listing.folders) > 1:
            groups.append((folder, listing))
        paths += images
        sizes.append(len(images))
    if not paths:
        raise _no_classes(root, top)
    for picture in top.pictures:
        left_out.add(OUTSIDE, picture)
    _warn_of_groups(groups)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return ImageSet(name, paths, labels, tuple(printable(folder.name) for folder in top.folders))


def _no_classes(root: Path, top: Listing) -> InputError:
    if top.pictures:
        return InputError(
            f"{printable(root)} holds {len(top.pictures):,} images and no class folders with images: expected "
            f"{root}/<class>/<image>; if it is a class itself, give the folder above it; if there are no classes, read "
            "it by --images unlabeled"
        )
    return InputError(f"{printable(root)} holds no class folders with images: expected {root}/<class>/<image>")


def _warn_of_groups(groups: list[tuple[Path, Listing]]) -> None:
    """A warning where class folders hold folders alone, which may be classes; an error where these are halves."""
    for folder, listing in groups:
        if halves := two_halves([inner.name for inner in listing.folders], folder):
            raise InputError(
                f"{printable(folder)} holds {halves[0]}/ and {halves[1]}/ and is no class folder: give it as root if "
                f"it is the whole image set, or put the halves above the classes, as in train/{printable(folder.name)}/"
            )
    if groups:
        folder, listing = groups[0]
        first, second = (printable(inner.name) for inner in listing.folders[:2])
        number = "1 class folder holds" if len(groups) == 1 else f"{len(groups):,} class folders hold"
        warnings.warn(
            f"{number} folders in place of images, such as {printable(folder)} with {first}/ and {second}/: all "
            f"below it is one class, {printable(folder.name)}; if {first} and {second} are classes, move them up "
            f"to {printable(folder.parent / first)}",
            ImagesNote,
            stacklevel=3,
        )
