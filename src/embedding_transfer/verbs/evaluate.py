"""Evaluate networks: how often is one of the nearest images of the right class?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from embedding_transfer.build.ranges import BatchSize, Count, Workers
from embedding_transfer.build.typed_arguments import in_range


@in_range
def evaluate(
    network: tuple[str, ...] | Any,
    images: str = "folder",
    root: Path | None = None,
    allow_incomplete: bool = False,
    split: Literal["test", "train"] = "test",
    scores: tuple[str, ...] = ("recall",),
    ks: tuple[Count, ...] = (1, 2, 4, 8),
    metric: Literal["euclidean", "cosine"] = "euclidean",
    batch_size: BatchSize = 128,
    workers: Workers = 2,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    *,
    gallery_network: str | Any = None,
    lengths: tuple[int, ...] = (),
    json: Path | None = None,
    on_bad_image: Literal["error", "skip"] = "error",
    **source_options: Any,
) -> dict[str, Any] | list[dict[str, Any]]:
    """Measure how well networks, other sources or files of vectors find images of the right class; print a table.

    Args:
        network: A run directory (its best network), a network file, ``timm:NAME``, the class path of your own module,
            an ONNX file, or a file of vectors that ``embed`` wrote; several (``A B C ROOT``) are compared in one table,
            with bytes of a vector and parameters.
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``unlabeled`` (pictures
            without classes), ``hf`` (a Hugging Face dataset on disk), ``glyphs`` (letters, made on the spot), ``cub``,
            ``cars``, ``sop`` or ``inshop`` (the published sets); in Python also the images themselves.
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        split: Which half of the image set.
        gallery_network: Another network or file, whose vectors are searched in: a small network for queries, a large
            one for what is searched in. Both alone are measured, too.
        scores: What to measure: ``recall`` (Recall@K), ``map@r``, ``r_precision``, ``nmi`` (k-means; slow where classes
            are many).
        ks: The K of Recall@K.
        metric: Distance: ``euclidean`` on embeddings as the network returns them (published protocol) or ``cosine``.
        lengths: Leading dimensions of the vectors that get a row of their own, such as ``64,32`` (see ``Matryoshka``).
        json: File for the scores as JSON.
        batch_size: Images at a time.
        workers: Processes that load images.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``; ``mps`` is Apple's
            GPU, on which this was never tried.
        on_bad_image: ``error``: an image that cannot be read ends the call; ``skip``: all images are looked at first,
            and those that cannot be read are left out, counted and named.
        **source_options: See :class:`~embedding_transfer.sources.settings.SourceSettings`.

    Returns:
        ``{"recall@1": 0.71, ...}`` as fractions; of several networks a list of these, each with its ``network``,
        ``dim``, ``bytes`` of a vector in float32 and ``parameters`` (0 of a file of vectors).

    Raises:
        UsageError: If a network, the image set, its root or a score does not exist, or vectors that should be compared
            differ in length.
        InputError: If an image or a network cannot be read, or an image has no vector in a file.

    Example::

        evaluate(["runs/short", "runs/source"], root=Path("my-images"), ks=(1, 10))
    """
    from embedding_transfer.images import load_images
    from embedding_transfer.images.bad_images import without_bad_images
    from embedding_transfer.report.scores_table import ABOUT, print_scores, write_scores
    from embedding_transfer.retrieval.device import accelerator_on  # imports torch
    from embedding_transfer.retrieval.evaluation import check_scores
    from embedding_transfer.sources import SourceSettings
    from embedding_transfer.sources.evaluate_sources import check_comparable, evaluate_sources, note_surplus
    from embedding_transfer.sources.open_each import open_each

    check_scores(scores)
    names = list(network) if isinstance(network, (list, tuple)) else [network]
    others = [] if gallery_network is None else [gallery_network]
    settings = SourceSettings.of(source_options)
    sources = open_each([*names, *others], settings)
    gallery_source = sources.pop() if others else None
    if gallery_source is not None:
        check_comparable(sources, gallery_source, scores, lengths)
    splits = load_images(images, root, allow_incomplete)
    note_surplus(sources if gallery_source is None else [*sources, gallery_source], splits)
    searched = getattr(splits, split)
    if on_bad_image == "skip":
        searched = without_bad_images(searched, workers)
    accelerator = accelerator_on(device)
    rows = evaluate_sources(
        sources, gallery_source, searched, scores, ks, metric, lengths, batch_size, workers, accelerator
    )
    if accelerator.is_main_process:
        print_scores(f"{searched.summary()}; {metric} distance", rows)
    if json is not None and accelerator.is_main_process:
        write_scores(Path(json), searched.summary(), metric, rows)
    if len(rows) > 1 or isinstance(network, (list, tuple)):
        return rows
    return {name: value for name, value in rows[0].items() if name not in ABOUT}
