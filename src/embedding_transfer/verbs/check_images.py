"""Check images: is this image set what it should be, and fit for training?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embedding_transfer.build.ranges import BatchSize, Workers
from embedding_transfer.build.typed_arguments import in_range

if TYPE_CHECKING:
    from embedding_transfer.images.findings import Finding


@in_range
def check_images(
    images: str = "folder",
    root: Path | None = None,
    output: Path | None = None,
    images_per_class: BatchSize | None = 2,
    allow_incomplete: bool = False,
    workers: Workers = 2,
) -> list[Finding]:
    """Look at every image of an image set and say what would stop a training or spoil its results.

    Counts images per split and class, and finds what is missing, left out, unreadable or odd, classes that are too
    small, and pictures that are there twice: equal pixel for pixel once decoded, whatever their files are called. A
    picture that was compressed anew is not found.

    Args:
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``unlabeled`` (images without
            classes), ``hf`` (a Hugging Face dataset on disk), ``glyphs`` (letters, made on the spot), ``cub``,
            ``cars``, ``sop`` or ``inshop`` (the published sets).
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        output: Folder for report.html and contact-sheet.png; default: none is written.
        images_per_class: Images of each class in a batch that training will ask for.
        allow_incomplete: Missing images or another edition of a published set are a warning, not a problem.
        workers: Processes that load images.

    Returns:
        What was found, all of it warnings.

    Raises:
        UsageError: If the image set, its root or a folder for the output does not exist.
        InputError: If something would stop a training; the report is written before.

    Example::

        check_images("glyphs", output=Path("glyphs-report"))
    """
    from embedding_transfer.report.image_check import look_at_images  # imports torch

    return look_at_images(images, root, output, images_per_class, allow_incomplete, workers)
