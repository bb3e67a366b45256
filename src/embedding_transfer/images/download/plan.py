"""What would be downloaded, in words."""

from __future__ import annotations

from pathlib import Path

from embedding_transfer.images.download.partial_file import PartialFile
from embedding_transfer.images.download.places import PLACES, Checkpoint, ImageArchive
from embedding_transfer.images.download.progress import in_words


def list_of_places() -> str:
    """Everything that can be downloaded, a line each."""
    return "\n".join(f"{place.name:<19}{in_words(place.size):>8}  {place.what}" for place in PLACES.values())


def plan_of(place: ImageArchive | Checkpoint, output: Path) -> str:
    """From where a place would be fetched, how large it is, to where, and what is there of it."""
    result = output / place.result
    part = PartialFile(output / place.file, place.url or "")
    fetched = f", {in_words(part.n_bytes)} of it fetched" if part.version is not None else ""
    there = " (there already: it would be checked, not fetched)" if result.exists() else ""
    return (
        f"{place.name}: {place.what}\n"
        f"from: {place.url}\n"
        f"size: {'' if place.md5 else 'about '}{in_words(place.size)}{fetched}\n"
        f"to: {result}{there}"
    )
