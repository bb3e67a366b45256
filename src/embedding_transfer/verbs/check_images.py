"""Check images: is this image set what it should be, and fit for training?"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSplits, load_images
from embedding_transfer.images.examine import Examined, examine
from embedding_transfer.images.findings import Finding, find_all
from embedding_transfer.images.left_out import ImagesNote
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.report.images_page import write_images_page
from embedding_transfer.report.tables import print_table


def check_images(
    images: str = "folder",
    root: Path | None = None,
    output: Path | None = None,
    images_per_class: int | None = 2,
    allow_incomplete: bool = False,
    workers: int = 2,
) -> list[Finding]:
    """Look at every image of an image set and say what would stop a training or spoil its results.

    Counts images per split and class, and finds what is missing, left out, unreadable or odd, classes that are too
    small, and pictures that are there twice: equal pixel for pixel once decoded, whatever their files are called. A
    picture that was compressed anew is not found.

    Args:
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``glyphs`` (letters, made on
            the spot), ``cub``, ``cars``, ``sop`` or ``inshop`` (the published sets).
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
    if output is not None and Path(output).is_file():
        raise UsageError(f"{output} is a file: --output must be a folder")
    splits, findings = _load(images, root, allow_incomplete)
    examined = [picture for part in splits for picture in examine(part, workers)]
    findings = sorted([*findings, *find_all(splits, examined, images_per_class)], key=lambda found: not found.stops)
    problems = sum(finding.stops for finding in findings)
    verdict = _verdict(problems, len(findings) - problems)
    title = f"{images} in {root}" if root is not None else images
    table = _table(splits, examined)
    print(title)
    print_table(*table)
    _print(findings)
    print(verdict)
    if output is not None:
        write_images_page(Path(output), title, splits, table, findings, verdict)
        print(f"report: {Path(output) / 'report.html'}")
    if problems:
        raise InputError(f"{title} would stop a training: {findings[0].text} (problem 1 of {problems})")
    return findings


def _load(images: str, root: Path | None, allow_incomplete: bool) -> tuple[ImageSplits, list[Finding]]:
    """The images that are there, and what is missing, left out, or wrong with their numbers."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            splits, error = load_images(images, root, allow_incomplete=True), None
        except InputError as raised:
            splits, error = None, raised
    findings = []
    for warning in caught:
        is_incomplete = issubclass(warning.category, IncompleteImages)
        if is_incomplete or issubclass(warning.category, ImagesNote):
            findings.append(Finding(is_incomplete and not allow_incomplete, str(warning.message)))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if splits is None:
        _print(findings)
        raise error or InputError("no images")
    return splits, findings


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(f"{'problem' if finding.stops else 'warning'}: {finding.text}")


def _table(splits: ImageSplits, examined: Sequence[Examined]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the numbers, one row for each split."""
    head = ["split", "images", "classes", "images per class", "of one image", "median size", "stored as"]
    rows = []
    for images in splits:
        sizes = np.bincount(images.labels)
        looks = [p.look for p in examined if p.images is images and p.look.fault is None]
        width, height = np.median([look.size for look in looks] or [(0, 0)], axis=0).astype(int)
        modes = Counter(look.mode for look in looks).most_common()
        rows.append(
            [
                images.name,
                f"{len(images):,}",
                f"{len(images.class_names):,}",
                f"{sizes.min()} to {sizes.max()}, median {np.median(sizes):g}",
                f"{int((sizes == 1).sum()):,}",
                f"{width} x {height}",
                ", ".join(f"{count:,} {mode}" for mode, count in modes),
            ]
        )
    return head, rows


def _verdict(problems: int, warned: int) -> str:
    also = f" {warned} warning{'s' * (warned != 1)}." if warned else ""
    if problems:
        return f"{problems} problem{'s' * (problems != 1)} would stop a training.{also}"
    return f"Fit for training.{also}"
