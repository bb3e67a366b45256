"""Embed: the vectors of pictures, in a file that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from embedding_transfer.build.ranges import BatchSize, Workers
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import UsageError

if TYPE_CHECKING:
    from embedding_transfer.retrieval.vector_file import VectorFile


@in_range
def embed(
    source: tuple[str, ...] | Any,
    root: Path | None = None,
    *,
    output: Path,
    images: str = "folder",
    allow_incomplete: bool = False,
    split: Literal["all", "test", "train"] = "all",
    pictures: tuple[Path, ...] = (),
    dtype: Literal["float32", "float16"] = "float32",
    batch_size: BatchSize = 128,
    workers: Workers = 2,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    on_bad_image: Literal["error", "skip"] = "error",
    **source_options: Any,
) -> VectorFile:
    """Write the vectors of pictures to a file. A call that was stopped goes on where it was when it is repeated.

    Args:
        source: What makes the vectors: a run directory (its best network is taken), a network file, ``timm:NAME``, the
            class path of your own module, an ONNX file, or a file of stored vectors; several become one.
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        output: The file to write: ``.npy`` (the paths go to a ``.txt`` file, what made them to a ``.json`` file beside
            it), ``.safetensors`` or ``.parquet``.
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``unlabeled`` (pictures
            without classes), ``hf`` (a Hugging Face dataset on disk), ``glyphs`` (letters, made on the spot), ``cub``,
            ``cars``, ``sop`` or ``inshop`` (the published sets); in Python also the images themselves.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        split: Which half of the image set, or all of it.
        pictures: Files of pictures without classes, folders of them, or ``.txt`` files that list a path a line, in
            place of an image set; their names in the file are relative to root if that is given.
        dtype: Type of the numbers; float16 takes half the space and rounds to three digits.
        batch_size: Images at a time.
        workers: Processes that load images.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``; ``mps`` is Apple's
            GPU, on which this was never tried.
        on_bad_image: ``error``: an image that cannot be read ends the call; ``skip``: all images are looked at first,
            and those that cannot be read are left out, counted and named.
        **source_options: See :class:`~embedding_transfer.sources.settings.SourceSettings`.

    Returns:
        The file: ``vectors`` (n, d), ``keys``, ``header``.

    Raises:
        UsageError: If the source, the image set or its root does not exist, or the output does.
        InputError: If an image or the source cannot be read, or a vector is not finite.

    Example::

        embed("runs/short", "my-images", output=Path("my-images.npy"))
    """
    from embedding_transfer.images import load_images
    from embedding_transfer.images.bad_images import without_bad_images
    from embedding_transfer.images.together import whole_set
    from embedding_transfer.retrieval.device import accelerator_on  # imports torch
    from embedding_transfer.retrieval.pictures import listed_pictures, picture_set
    from embedding_transfer.retrieval.unfinished_vectors import check_output
    from embedding_transfer.sources import SourceSettings, open_source
    from embedding_transfer.sources.embed_to_file import embed_to_file

    output = Path(output)
    check_output(output)
    accelerator = accelerator_on(device)
    if accelerator.num_processes > 1:
        raise UsageError("embed runs in one process: start it without torchrun")
    settings = SourceSettings.of(source_options)
    opened = open_source(source, settings)
    if pictures:
        shown = picture_set(
            listed_pictures([Path(path) for path in pictures]), root=None if root is None else Path(root)
        )
    else:
        splits = load_images(images, root, allow_incomplete)
        shown = whole_set(splits) if split == "all" else getattr(splits, split)
    if on_bad_image == "skip":
        shown = without_bad_images(shown, workers)
    file = embed_to_file(
        opened,
        shown,
        output,
        dtype=dtype,
        split=None if pictures else split,
        batch_size=batch_size,
        workers=workers,
        accelerator=accelerator,
    )
    length = "length 1" if file.header["normalized"] else "any length"
    print(f"{output}: {len(file.keys):,} vectors of {opened.dim} dimensions ({length}, {dtype}) by {opened.name}")
    return file
