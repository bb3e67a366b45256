"""What is wrong or odd with an image set, in sentences: what would stop a training, and what one should know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.batches import Batches
from embedding_transfer.images.examine import Examined, Look, same_pictures
from embedding_transfer.images.image_set import ImageSet, ImageSplits

SMALL_SIDE, LONG = 32, 4.0  # pixels; long side over short side


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        stops: Whether it would stop a training; all else is a warning.
        text: What it is, how often, and the first example.
        pictures: Groups of pictures that show it.
    """

    stops: bool
    text: str
    pictures: list[list[Examined]] = field(default_factory=list)


def find_all(splits: ImageSplits, examined: Sequence[Examined], images_per_class: int | None) -> list[Finding]:
    """Everything found in images and classes, if they have classes; what stops a training first."""
    found = [
        *_unreadable(examined),
        *(_in_classes(splits, images_per_class) if splits.train.is_labeled else ()),
        *_duplicates(examined),
        *_odd(examined),
    ]
    return sorted(found, key=lambda finding: not finding.stops)


def _unreadable(examined: Sequence[Examined]) -> Iterator[Finding]:
    faults = [picture.look.fault for picture in examined if picture.look.fault is not None]
    if faults:
        yield Finding(True, f"{_count(len(faults), 'image')} cannot be read, the first: {faults[0]}")


def _in_classes(splits: ImageSplits, images_per_class: int | None) -> Iterator[Finding]:
    yield from _small_classes(splits.train, images_per_class)
    yield from _shared_classes(splits)
    yield from _alike_names(splits)
    yield from _lonely_queries(splits.test)


def _small_classes(train: ImageSet, images_per_class: int | None) -> Iterator[Finding]:
    if images_per_class is None:
        return
    try:
        Batches(train, batch_size=images_per_class, images_per_class=images_per_class)
    except (InputError, UsageError) as error:
        yield Finding(True, str(error))
    sizes = np.bincount(train.labels)
    few = np.flatnonzero((sizes > 1) & (sizes < images_per_class))
    if len(few):
        yield Finding(
            False,
            f"{_count(len(few), 'training class', 'training classes')} with fewer than {images_per_class} images, such "
            f"as {train.class_names[few[0]]} with {sizes[few[0]]}: batches repeat images of it",
        )


def _shared_classes(splits: ImageSplits) -> Iterator[Finding]:
    shared = sorted(set(splits.train.class_names) & set(splits.test.class_names))
    if shared:
        yield Finding(
            False,
            f"{_count(len(shared), 'class', 'classes')} in training and test, such as {shared[0]}: "
            "results are not about classes that training never saw",
        )


def _alike_names(splits: ImageSplits) -> Iterator[Finding]:
    """Classes that are probably one, written in two ways."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted({name for images in splits for name in images.class_names}):
        alike[" ".join(name.split())].append(name)
    several = [names for names in alike.values() if len(names) > 1]
    if several:
        yield Finding(
            False,
            f"{_count(len(several), 'class is', 'classes are')} written in more than one way, such as "
            f"{' and '.join(map(repr, several[0]))}: spaces make them different classes",
        )


def _lonely_queries(test: ImageSet) -> Iterator[Finding]:
    everything = np.ones(len(test), dtype=bool)
    queries = everything if test.is_query is None else test.is_query
    gallery = everything if test.is_gallery is None else test.is_gallery
    in_gallery = np.bincount(test.labels[gallery], minlength=len(test.class_names))
    lonely = np.flatnonzero(queries & (in_gallery[test.labels] - gallery < 1))
    if len(lonely):
        name = test.describe(int(lonely[0]))
        yield Finding(
            False, f"{_count(len(lonely), 'query', 'queries')} with no other image of the class to find: {name}"
        )


def _duplicates(examined: Sequence[Examined]) -> Iterator[Finding]:
    """Each group of equal pictures under the gravest of three headings."""
    groups = same_pictures(examined)
    across_splits = [g for g in groups if len({picture.images.name for picture in g}) > 1]
    others = [g for g in groups if len({picture.images.name for picture in g}) == 1]
    across_classes = [g for g in others if len({picture.class_name for picture in g}) > 1]
    within = [g for g in others if len({picture.class_name for picture in g}) == 1]
    in_class = " in their class" if all(picture.images.is_labeled for picture in examined) else ""
    for found, where in (
        (across_splits, "in training and in test: what is tested was learned"),
        (across_classes, "in more than one class: their labels contradict each other"),
        (within, f"more than once{in_class}: copies are found too easily"),
    ):
        if found:
            first, second = found[0][:2]
            yield Finding(
                False, f"{_count(len(found), 'picture')} {where}, such as {first.name} = {second.name}", found
            )


def _odd(examined: Sequence[Examined]) -> Iterator[Finding]:
    def is_long(look: Look) -> bool:
        return max(look.size) > LONG * min(look.size)

    kinds: list[tuple[str, Callable[[Look], bool]]] = [
        (f"with a side below {SMALL_SIDE} pixels", lambda look: min(look.size) < SMALL_SIDE),
        (f"more than {LONG:g} times as long as wide", is_long),
        ("of one color only", lambda look: look.one_color),
    ]
    for what, is_odd in kinds:
        odd = [picture for picture in examined if picture.look.fault is None and is_odd(picture.look)]
        if odd:
            width, height = odd[0].look.size
            example = f"{odd[0].name} ({width} x {height})"
            yield Finding(False, f"{_count(len(odd), 'image')} {what}, such as {example}", [odd])


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
