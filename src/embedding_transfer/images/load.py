"""From the name of an image set to its images."""

from collections.abc import Callable
from pathlib import Path

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.images.cars import load_cars
from embedding_transfer.images.cub import load_cub
from embedding_transfer.images.folder import load_folder
from embedding_transfer.images.image_set import ImageSplits
from embedding_transfer.images.inshop import load_inshop
from embedding_transfer.images.sop import load_sop
from embedding_transfer.images.table import load_table

LISTED: dict[str, Callable[[Path, bool], ImageSplits]] = {
    "cub": load_cub,
    "cars": load_cars,
    "sop": load_sop,
    "inshop": load_inshop,
    "table": load_table,
}
"""Image sets that can be incomplete: it is known what they should hold."""

IMAGE_SETS = ("folder", "glyphs", *LISTED)


def load_images(images: str, root: Path | None = None, allow_incomplete: bool = False) -> ImageSplits:
    """Load an image set by name.

    Args:
        images: ``"folder"`` (class folders under ``root``), ``"table"`` (``root`` is a CSV file), ``"glyphs"``
            (letters, made on the spot) or one of the published sets ``"cub"``, ``"cars"``, ``"sop"`` and ``"inshop"``.
        root: Where the images are; needed by all but ``"glyphs"``.
        allow_incomplete: Warn instead of raising where images are missing or a published set is another edition.

    Raises:
        UsageError: If there is no such image set, or its root is missing.
        InputError: If the root does not hold what the set expects.

    Example::

        splits = load_images("cub", Path("data/CUB_200_2011"))
        print(splits.train.summary())  # cub/train: 5,864 images of 100 classes
    """
    if images not in IMAGE_SETS:
        raise UsageError(f"no image set {images!r}{nearest(images, IMAGE_SETS)}; there are {', '.join(IMAGE_SETS)}")
    if images == "glyphs":
        from embedding_transfer.images.glyphs import load_glyphs  # matplotlib is imported only when fonts are needed

        return load_glyphs()
    if root is None:
        raise UsageError(f"image set {images!r} needs --root, the folder of its images")
    if images in LISTED:
        return LISTED[images](Path(root), allow_incomplete)
    return load_folder(Path(root))
