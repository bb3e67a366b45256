"""What is found when every image of a set is looked at: printed, and as a page."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet, ImageSplits, load_images
from embedding_transfer.images.examine import Examined, examine
from embedding_transfer.images.findings import Finding, find_all
from embedding_transfer.images.left_out import ImagesNote
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.report.images_page import write_images_page
from embedding_transfer.report.tables import print_table


def look_at_images(
    images: str,
    root: Path | None,
    output: Path | None,
    images_per_class: int | None,
    allow_incomplete: bool,
    workers: int,
) -> list[Finding]:
    """Look, print, write the page (see :func:`embedding_transfer.check_images`)."""
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
    of_classes = ["classes", "images per class", "of one image"] if splits.train.is_labeled else []
    head = ["split", "images", *of_classes, "median size", "stored as"]
    rows = []
    for images in splits:
        looks = [p.look for p in examined if p.images is images and p.look.fault is None]
        width, height = np.median([look.size for look in looks] or [(0, 0)], axis=0).astype(int)
        modes = Counter(look.mode for look in looks).most_common()
        rows.append(
            [
                images.name,
                f"{len(images):,}",
                *(_numbers_of_classes(images) if images.is_labeled else ()),
                f"{width} x {height}",
                ", ".join(f"{count:,} {mode}" for mode, count in modes),
            ]
        )
    return head, rows


def _numbers_of_classes(images: ImageSet) -> tuple[str, str, str]:
    """How many classes, how large they are, how many have one image."""
    sizes = np.bincount(images.labels)
    return (
        f"{len(images.class_names):,}",
        f"{sizes.min()} to {sizes.max()}, median {np.median(sizes):g}",
        f"{int((sizes == 1).sum()):,}",
    )


def _verdict(problems: int, warned: int) -> str:
    also = f" {warned} warning{'s' * (warned != 1)}." if warned else ""
    if problems:
        return f"{problems} problem{'s' * (problems != 1)} would stop a training.{also}"
    return f"Fit for training.{also}"
