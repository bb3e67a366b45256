"""Audit a source: what are its vectors like, before anything learns from them?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from embedding_transfer.build.ranges import BatchSize, Workers
from embedding_transfer.build.typed_arguments import in_range

if TYPE_CHECKING:
    from embedding_transfer.sources.audit import Audit


@in_range
def audit_source(
    source: Any,
    images: str = "folder",
    root: Path | None = None,
    allow_incomplete: bool = False,
    split: Literal["train", "test"] = "train",
    batch_size: BatchSize = 90,
    workers: Workers = 2,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    on_bad_image: Literal["error", "skip"] = "error",
    **source_options: Any,
) -> Audit:
    """Look at the vectors that a source gives: what is in them, and which sigma suits them.

    Prints Recall@1 where there are labels, norms, effective dimension, the spread of distances, relaxed labels at
    several sigma, and a suggested sigma, which ``transfer --loss.sigma auto`` takes by itself. Warns of a source that
    is constant or collapsed, and of labels that are all near 0 or near 1.

    Args:
        source: A run directory, a network file, ``timm:NAME``, a class path, an ONNX file or stored vectors; several
            become one.
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``unlabeled`` (pictures
            without classes), ``hf`` (a Hugging Face dataset on disk), ``glyphs`` (letters, made on the spot), ``cub``,
            ``cars``, ``sop`` or ``inshop`` (the published sets); in Python also the images themselves.
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        split: Which half of the image set.
        batch_size: Images in a batch of the training, for the number of positives.
        workers: Processes that load images.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``; ``mps`` is Apple's
            GPU, on which this was never tried.
        on_bad_image: ``error``: an image that cannot be read ends the call; ``skip``: all images are looked at first,
            and those that cannot be read are left out, counted and named.
        **source_options: See :class:`~embedding_transfer.sources.settings.SourceSettings`.

    Returns:
        All numbers.

    Raises:
        UsageError: If the source or the images do not exist.
        InputError: If a file cannot be read, or a vector is not finite.

    Example::

        audit_source("runs/source", root=Path("my-images"))
    """
    from embedding_transfer.images import load_images
    from embedding_transfer.images.bad_images import without_bad_images
    from embedding_transfer.report.audit_table import print_audit  # imports torch
    from embedding_transfer.retrieval.device import accelerator_on
    from embedding_transfer.retrieval.evaluation import recall_of
    from embedding_transfer.sources import SourceSettings, open_source
    from embedding_transfer.sources.audit import audit

    settings = SourceSettings.of(source_options)
    opened = open_source(source, settings)
    looked_at = getattr(load_images(images, root, allow_incomplete), split)
    if on_bad_image == "skip":
        looked_at = without_bad_images(looked_at, workers)
    vectors = opened.embed(looked_at, workers=workers, accelerator=accelerator_on(device))
    found = audit(vectors, batch_size)
    recall = recall_of(vectors, looked_at, (1,), "euclidean") if looked_at.is_labeled else {}
    print(f"{opened.name}: vectors of {opened.dim} dimensions; {looked_at.summary()}")
    print_audit(found, recall, batch_size)
    return found
