"""Cars-196, which no official place serves any more: what to do by hand, and whether it was done."""

from __future__ import annotations

from pathlib import Path

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.cars import LAYOUTS
from embedding_transfer.images.download.obtain import counts_of
from embedding_transfer.images.published_counts import PUBLISHED

COPIES = """\
The official host of Cars-196 (ai.stanford.edu) is gone, and nobody has taken its place. Copies that people use:
  https://www.kaggle.com/datasets/jessicali9530/stanford-cars-dataset   images
  https://www.kaggle.com/datasets/cyizhuo/stanford-cars-by-classes-folder   images in a folder for each class
  https://github.com/pytorch/vision/issues/7545   where to find the devkit and cars_test_annos_withlabels.mat"""


def cars_by_hand(folder: Path) -> str:
    """The instructions, for a set that shall be in ``folder``."""
    counts = PUBLISHED["cars"]
    layouts = "\n".join(f"  {layout}" for layout in LAYOUTS)
    numbers = f"{counts['training images']:,} training and {counts['test images']:,} test images"
    return (
        f"{COPIES}\nUnpack one of them so that {folder} holds one of these layouts:\n{layouts}\n"
        f"Then the same command checks it: {numbers}."
    )


def check_cars(folder: Path) -> str:
    """How many images and classes of Cars-196 are in ``folder``; prints the instructions if it is not right.

    Raises:
        UsageError: If there is no such folder: a script that needs the images must not go on.
        InputError: If something else is in it.
    """
    if not folder.exists():
        print(cars_by_hand(folder))
        raise UsageError(f"cars has no official place any more: get it by hand, as said above, into {folder}")
    try:
        return counts_of("cars", folder)
    except InputError:
        print(cars_by_hand(folder))
        raise
