"""What a search found: a table for the terminal, a page with pictures, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.files import write_text
from embedding_transfer.images import ImageSet
from embedding_transfer.images.decode import read_rgb
from embedding_transfer.report.page import Page
from embedding_transfer.report.tables import print_table
from embedding_transfer.sources.search_pictures import FoundPicture

Results = Sequence[Sequence[FoundPicture]]
"""The neighbors of each query, nearest first."""


def print_results(queries: ImageSet, results: Results) -> None:
    """Print each query, and its neighbors with their distances under it."""
    rows = []
    for query, found in enumerate(results):
        rows.append([queries.describe(query), "", ""])
        rows += [[f"  {one.key}", str(rank), f"{one.distance:.4g}"] for rank, one in enumerate(found, 1)]
    print_table(["picture", "rank", "distance"], rows)


def write_results(path: Path, what: dict[str, str], queries: ImageSet, results: Results) -> None:
    """Write ``{..., "queries": [{"picture": ..., "neighbors": [{"path", "row", "distance"}]}]}``.

    Args:
        path: Of the JSON file.
        what: What was searched in, by what, by which distance.
        queries: The pictures that were searched for.
        results: What was found.
    """
    found = [
        {
            "picture": queries.describe(query),
            "neighbors": [{"path": one.key, "row": one.row, "distance": one.distance} for one in neighbors],
        }
        for query, neighbors in enumerate(results)
    ]
    write_text(path, json.dumps({**what, "queries": found}, indent=2) + "\n")


def write_search_page(path: Path, what: dict[str, str], queries: ImageSet, results: Results, root: Path | None) -> None:
    """Write a page that needs nothing else: each query, and the pictures found for it with their distances.

    Args:
        path: Of the page.
        what: What was searched in, by what, by which distance.
        queries: The pictures that were searched for.
        results: What was found.
        root: The folder of the pictures that were searched in; ``None``: they are not known, and have no picture.
    """
    page = Page(f"Nearest pictures in {what['vectors']}")
    page.text(
        f"By {what['source']}, {what['metric']} distance. The query stands first, the nearest picture next to it."
    )
    if root is None:
        page.text("The folder of the pictures is not known: give --root to see them.")
    for query, neighbors in enumerate(results):
        row = [(queries.image(query), [queries.describe(query), "query"])]
        row += [(_picture(root, one.key), [one.key, f"{one.distance:.4g}"]) for one in neighbors]  # type: ignore[misc]
        page.row(row)
    page.write(path)


def _picture(root: Path | None, key: str) -> Image.Image | None:
    """A picture that was found, if it is still there and can be read."""
    try:
        return None if root is None else read_rgb(root / key)
    except (InputError, OSError):
        return None
