"""Images: where pictures and labels come from, and which of them make a batch."""

from embedding_transfer.images.batches import Batches
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.images.labels import require_labels
from embedding_transfer.images.left_out import ImagesNote, LeftOut
from embedding_transfer.images.load import load_images
from embedding_transfer.images.picture_sequence import PictureSequence
from embedding_transfer.images.validation import hold_out_classes

__all__ = [
    "Batches",
    "ImageSet",
    "ImageSplits",
    "ImagesNote",
    "LeftOut",
    "PictureSequence",
    "hold_out_classes",
    "load_images",
    "require_labels",
]
