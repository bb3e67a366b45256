"""The page of an image set: its numbers, what was found, and how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.files import whole_file
from embedding_transfer.images.findings import Finding
from embedding_transfer.images.image_set import ImageSet, ImageSplits
from embedding_transfer.report.contact_sheet import COLUMNS, contact_sheet
from embedding_transfer.report.page import Page

CLASSES, GROUPS = 8, 6  # rows of the sheet for each split; rows of the sheet of one finding


def write_images_page(
    folder: Path,
    title: str,
    splits: ImageSplits,
    table: tuple[Sequence[str], Sequence[Sequence[str]]],
    findings: Sequence[Finding],
    verdict: str,
) -> None:
    """Write ``contact-sheet.png`` and ``report.html``.

    Args:
        folder: Where; made if missing.
        title: Of the page.
        splits: The images.
        table: Head and rows of their numbers.
        findings: What was found, with pictures of it.
        verdict: All of it in one sentence.
    """
    rows_of = _class_rows if splits.train.is_labeled else _rows_without_classes
    sheet = contact_sheet([row for images in splits for row in rows_of(images)])
    with whole_file(folder / "contact-sheet.png") as unfinished:
        sheet.save(unfinished, "PNG")
    page = Page(title)
    page.text(verdict)
    page.table(*table)
    page.heading("What was found")
    if not findings:
        page.text("Nothing.")
    for finding in findings:
        page.text(f"{'Problem' if finding.stops else 'Warning'}: {finding.text}.")
        if finding.pictures:
            page.picture(contact_sheet(_finding_rows(finding)), finding.text)
    page.heading("Some classes" if splits.train.is_labeled else "Some pictures")
    page.picture(sheet, "some pictures of some classes" if splits.train.is_labeled else "some pictures of each half")
    page.write(folder / "report.html")


def _class_rows(images: ImageSet) -> list[tuple[str, list[Image.Image | None]]]:
    """Some classes, evenly spread, and some images of each."""
    rows = []
    for label in _spread(np.arange(len(images.class_names)), CLASSES):
        members = np.flatnonzero(images.labels == label)
        caption = f"{images.name}: {images.class_names[label]} ({len(members)})"
        rows.append((caption, [_picture(images, row) for row in _spread(members, COLUMNS)]))
    return rows


def _rows_without_classes(images: ImageSet) -> list[tuple[str, list[Image.Image | None]]]:
    """Some images, evenly spread, in half as many rows."""
    shown = _spread(np.arange(len(images)), CLASSES // 2 * COLUMNS)
    rows = (shown[start : start + COLUMNS] for start in range(0, len(shown), COLUMNS))
    return [(f"{images.name} ({len(images):,})", [_picture(images, row) for row in some]) for some in rows]


def _finding_rows(finding: Finding) -> list[tuple[str, list[Image.Image | None]]]:
    """A row for each of the first groups."""
    rows = []
    for group in (group[:COLUMNS] for group in finding.pictures[:GROUPS]):
        classes = dict.fromkeys(f"{seen.images.name}: {seen.class_name}".removesuffix(": ") for seen in group)
        rows.append((", ".join(classes), [_picture(seen.images, seen.row) for seen in group]))
    return rows


def _picture(images: ImageSet, row: int) -> Image.Image | None:
    try:
        return images.image(row)
    except InputError:
        return None


def _spread(values: np.ndarray, count: int) -> list[int]:
    """At most ``count`` of the values, evenly spread from the first to the last."""
    return [int(value) for value in values[np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))]]
