"""From the name of an image set to its images."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.images.cars import load_cars
from embedding_transfer.images.cub import load_cub
from embedding_transfer.images.folder import load_folder
from embedding_transfer.images.hf.load_hf import load_hf
from embedding_transfer.images.image_set import ImageSplits
from embedding_transfer.images.inshop import load_inshop
from embedding_transfer.images.sop import load_sop
from embedding_transfer.images.table import load_table, load_table_without_labels
from embedding_transfer.images.unlabeled import load_unlabeled

LISTED: dict[str, Callable[[Path, bool], ImageSplits]] = {
    "cub": load_cub,
    "cars": load_cars,
    "sop": load_sop,
    "inshop": load_inshop,
    "table": load_table,
}
"""Image sets that can be incomplete: it is known what they should hold."""

TABLES: dict[str, Callable[[Path, bool], ImageSplits]] = {
    "folder": load_table,
    "unlabeled": load_table_without_labels,
}
"""Image sets in a folder that a CSV file can take the place of."""

PLAIN: dict[str, Callable[[Path], ImageSplits]] = {
    "folder": load_folder,
    "unlabeled": load_unlabeled,
    "hf": load_hf,
}
"""Image sets that are what their root holds."""

IMAGE_SETS = {
    "folder": "your own images, a folder for each class",
    "table": "your own images, listed in a CSV file",
    "unlabeled": "your own images without classes: a folder of any depth, or a CSV file",
    "hf": "a Hugging Face dataset on disk",
    "glyphs": "letters drawn with the fonts of matplotlib; needs no root",
    "cub": "CUB-200-2011, birds",
    "cars": "Cars-196",
    "sop": "Stanford Online Products",
    "inshop": "In-shop Clothes Retrieval of DeepFashion",
}
"""Every image set and what it is."""

TABLE_ENDINGS = (".csv", ".tsv", ".txt")


def load_images(images: Any, root: str | Path | None = None, allow_incomplete: bool = False) -> ImageSplits:
    """Load an image set by name, or take one that is given as an object.

    Args:
        images: ``"folder"`` (class folders under ``root``), ``"table"`` (``root`` is a CSV file), ``"unlabeled"``
            (all pictures below ``root``, or a CSV file, without classes), ``"hf"`` (a Hugging Face dataset on disk),
            ``"glyphs"`` (letters, made on the spot) or one of the published sets ``"cub"``, ``"cars"``, ``"sop"`` and
            ``"inshop"``. Or ``ImageSplits``, or two torch datasets, (train, test), of (picture, label) or of pictures
            alone (see :func:`~embedding_transfer.images.given.splits_of`).
        root: Where the images are; needed by all but ``"glyphs"``. A CSV file makes a ``"folder"`` a ``"table"``.
        allow_incomplete: Warn instead of raising where images are missing or a published set is another edition.

    Raises:
        UsageError: If there is no such image set, or its root is missing.
        InputError: If the root does not hold what the set expects.

    Example::

        splits = load_images("cub", "data/CUB_200_2011")
        print(splits.train.summary())  # cub/train: 5,864 images of 100 classes
    """
    if not isinstance(images, str):
        if root is not None:
            raise UsageError(f"root {root} belongs to an image set that is given by name: leave it out")
        from embedding_transfer.images.given import splits_of  # imports torchvision

        return splits_of(images)
    if images not in IMAGE_SETS:
        raise _no_image_set(images)
    if images == "glyphs":
        from embedding_transfer.images.glyphs import load_glyphs  # matplotlib is imported only when fonts are needed

        return load_glyphs()
    if root is None:
        where = "the CSV file that lists its images" if images == "table" else "the folder of its images"
        raise UsageError(f"image set {images!r} needs --root, {where}")
    root = Path(root)
    is_table = root.suffix.lower() in TABLE_ENDINGS and root.is_file()
    if images in LISTED or (is_table and images in TABLES):
        train, test = {**LISTED, **TABLES}[images](root, allow_incomplete)
    else:
        train, test = PLAIN[images](root)
    folder = root.parent if root.is_file() else root
    return ImageSplits(replace(train, root=folder), replace(test, root=folder))


def _no_image_set(name: str) -> UsageError:
    """The error that lists the image sets, one to a line."""
    sets = ";\n".join(f"  {known:<11}{what}" for known, what in IMAGE_SETS.items())
    is_place = any(mark in name for mark in "/\\.") or Path(name).exists()
    hint = f", but a place: give it as --root {name}" if is_place else nearest(name, IMAGE_SETS)
    return UsageError(f"no image set {name!r}{hint}; there are\n{sets}")
