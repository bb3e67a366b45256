"""The names that people give to the two halves of an image set: what trains, and what it is tested on."""

from __future__ import annotations

from collections.abc import Sequence

from embedding_transfer.errors import InputError

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation", "eval", "evaluation")
"""In any case. Where several are there, the earlier is the test half."""


def half_of(name: str) -> str | None:
    """``"train"`` or ``"test"`` if a folder or a value of a table means this half, else ``None``.

    Example::

        >>> half_of("Training"), half_of("val"), half_of("cats")
        ('train', 'test', None)
    """
    plain = name.strip().casefold()
    return "train" if plain in TRAIN_NAMES else "test" if plain in TEST_NAMES else None


def like_a_half(name: str) -> str | None:
    """The half that is in a name such as ``cars_train`` or ``val2017``, else ``None``."""
    plain = name.casefold()
    return "train" if "train" in plain else "test" if "test" in plain or "val" in plain else None


def two_halves(names: Sequence[str], where: object) -> tuple[str, str] | None:
    """The names of the training and the test half among the names of folders; ``None`` if one of them is not there.

    Args:
        names: Of the folders.
        where: They are, for messages.

    Raises:
        InputError: If it is open which folder is meant.
    """
    trains = [name for name in names if half_of(name) == "train"]
    tests = sorted((n for n in names if half_of(n) == "test"), key=lambda n: TEST_NAMES.index(n.strip().casefold()))
    if not trains or not tests:
        return None
    same = [name for name in tests if name.strip().casefold() == tests[0].strip().casefold()]
    for several in (trains, same):
        if len(several) > 1:
            raise InputError(f"{where} holds {' and '.join(several)}: keep one of them")
    return trains[0], tests[0]
