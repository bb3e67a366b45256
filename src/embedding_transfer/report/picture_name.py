"""What a page calls a picture."""

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.images.printable import printable


def picture_name(images: ImageSet, row: int) -> str:
    """The path of a picture from the folder of its image set; of what is no file its number and class."""
    root = "" if images.root is None else f"{printable(images.root)}/"
    return images.describe(row).removeprefix(root)
