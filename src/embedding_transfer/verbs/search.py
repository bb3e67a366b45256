"""Search: the pictures of a file of vectors that are nearest to given ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from embedding_transfer.build.ranges import Count, Workers
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import UsageError

if TYPE_CHECKING:
    from embedding_transfer.sources.search_pictures import FoundPicture


@in_range
def search(
    vectors: Path,
    pictures: tuple[Path, ...],
    source: tuple[str, ...] | Any = None,
    *,
    k: Count = 10,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    root: Path | None = None,
    output: Path | None = None,
    json: Path | None = None,
    workers: Workers = 2,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
    **source_options: Any,
) -> list[list[FoundPicture]]:
    """Find the pictures nearest to yours in a file of vectors, and print them; exact, however large the file is.

    Args:
        vectors: The file that ``embed`` wrote.
        pictures: What is searched for: files of pictures, or folders of them.
        source: The network that made the vectors, or any other source; default: the one that the file names.
        k: How many neighbors of each picture.
        metric: Distance: ``euclidean`` as networks are trained, or ``cosine``.
        root: Folder of the pictures in the file; default: where they were when it was written.
        output: Page to write, with pictures: an ``.html`` file; default: none.
        json: File for what was found, as JSON.
        workers: Processes that load pictures.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``; ``mps`` is Apple's
            GPU, on which this was never tried.
        **source_options: See :class:`~embedding_transfer.sources.settings.SourceSettings`.

    Returns:
        For each picture its neighbors, nearest first: ``key``, ``row`` and ``distance``.

    Raises:
        UsageError: If the file, a picture or the source does not exist, or the source's vectors have another length.
        InputError: If one of them cannot be read, or the file has fewer than ``k`` vectors.

    Example::

        search(Path("my-images.npy"), (Path("photo.jpg"),), "runs/short", k=5)
    """
    from embedding_transfer.report.search_results import print_results, write_results, write_search_page
    from embedding_transfer.retrieval.device import accelerator_on  # imports torch
    from embedding_transfer.retrieval.pictures import picture_set
    from embedding_transfer.retrieval.vector_file import read_vectors
    from embedding_transfer.sources import SourceSettings, open_source
    from embedding_transfer.sources.search_pictures import folder_of_pictures, search_pictures, source_in_header

    if output is not None and Path(output).suffix not in (".html", ".htm"):
        raise UsageError(f"--output is a page to look at, an .html file; got {output}")
    file = read_vectors(vectors)
    folder = folder_of_pictures(file, None if root is None else Path(root))
    queries = picture_set([Path(picture) for picture in pictures])
    settings = SourceSettings.of(source_options)
    if source is None:
        source, settings = source_in_header(file, settings)
    opened = open_source(source, settings)
    results = search_pictures(file, opened, queries, k, metric, workers, accelerator_on(device))
    what = {"vectors": str(vectors), "source": opened.name, "metric": metric}
    print_results(queries, results)
    if json is not None:
        write_results(Path(json), what, queries, results)
    if output is not None:
        write_search_page(Path(output), what, queries, results, folder)
        print(f"page: {output}")
    return results
