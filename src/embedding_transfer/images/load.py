"""From the name of an image set to its images."""

from pathlib import Path

from embedding_transfer.exceptions import UsageError
from embedding_transfer.images.folder import load_folder
from embedding_transfer.images.image_set import ImageSplits
from embedding_transfer.suggest import nearest

IMAGE_SETS = ("folder", "glyphs")


def load_images(images: str, root: Path | None = None) -> ImageSplits:
    """Load an image set by name.

    Args:
        images: ``"folder"`` (class folders under ``root``) or ``"glyphs"`` (letters, made on the spot).
        root: Where the images are; needed by all but ``"glyphs"``.

    Raises:
        UsageError: If there is no such image set, or its root is missing.
        InputError: If the root does not hold what the set expects.
    """
    if images not in IMAGE_SETS:
        raise UsageError(f"no image set {images!r}{nearest(images, IMAGE_SETS)}; there are {', '.join(IMAGE_SETS)}")
    if images == "glyphs":
        from embedding_transfer.images.glyphs import load_glyphs  # matplotlib is imported only when fonts are needed

        return load_glyphs()
    if root is None:
        raise UsageError(f"image set {images!r} needs --root, the folder of its images")
    return load_folder(Path(root))
