"""From the words that were typed to options by name: forgiving spelling, several words for lists, bare switches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

from embedding_transfer.build.values import members_of, plain_value
from embedding_transfer.cli.options import Option
from embedding_transfer.errors import UsageError, nearest

ALIASES = {"view": "views", "IPC": "images_per_class"}
"""Spellings of the released research code."""


def read_words(
    words: list[str], options: Mapping[str, Option], first: tuple[str, ...], several: str | None = None
) -> dict[str, object]:
    """Options by name, as text; arguments of classes, such as ``loss.sigma``, as what YAML makes of the text.

    Args:
        words: What was typed after the verb.
        options: The options of the verb.
        first: The options that may be given first, without their names.
        several: The one among them that takes all words but those of the options after it.

    Raises:
        UsageError: If there are more bare words than options for them, or an option that names a class has no value.
    """
    bare = list(takewhile(lambda word: not word.startswith("--"), words))
    rest = words[len(bare) :]
    given: dict[str, object] = {}
    while rest:
        name, has_value, value = rest.pop(0).removeprefix("--").partition("=")
        name = ALIASES.get(name, name.replace("-", "_"))
        values = [value] if has_value else []
        while rest and not rest[0].startswith("--"):
            values.append(rest.pop(0))
        if not values and name in options and bool in members_of(options[name].annotation):
            values = ["true"]
        if len(values) > 1 and name in options and not options[name].takes_many:
            raise UsageError(f"--{name.replace('_', '-')} takes one value; got {' '.join(values)}")
        names_a_class = name in options and options[name].class_of is not None
        text = ",".join(values)
        if names_a_class and not text:
            raise UsageError(f"--{name.replace('_', '-')} needs a class; --{name.replace('_', '-')}.help lists them")
        if "." in name or names_a_class:
            given[name] = plain_value(text)
        else:
            given[name] = values if len(values) > 1 else text
    return {**named_bare_words(bare, options, first, several, root_is_given="root" in given), **given}


def named_bare_words(
    bare: list[str], options: Mapping[str, Option], first: tuple[str, ...], several: str | None, root_is_given: bool
) -> dict[str, object]:
    """The options that words without a name are: an image set or a loss by its name, then ``first`` in its order.

    Raises:
        UsageError: If there are more words than options for them, or an image set has no folder.
    """
    given: dict[str, object] = {}
    plain = []
    for word in bare:
        if "images" in options and "images" not in given and word in _image_sets():
            given["images"] = word
        elif options.get("loss") and "source" not in options and re.fullmatch(r"([a-z_]\w*\.)*[A-Z]\w*Loss", word):
            given["loss"] = word
        else:
            plain.append(word)
    needs_no_root = root_is_given or (several is not None and given.get("images") == "glyphs")
    places = [name for name in first if name != "root" or not needs_no_root]
    many = several or next((name for name in places[-1:] if options[name].takes_many), None)
    surplus = len(plain) - len(places)
    if surplus > 0 and many is None:
        mistyped = _mistyped_image_set(bare) if "images" in options else ""
        word = plain[len(places)]
        raise UsageError(f"{word!r} is one word too many: options are given by name, such as --output{mistyped}")
    left = iter(plain)
    for name in places[: len(plain)]:
        words = [next(left) for _ in range(1 + max(surplus, 0) * (name == many))]
        given[name] = words[0] if len(words) == 1 and (name == several or name != many) else words
    image_set = given.get("images")
    if (
        image_set not in (None, "glyphs")
        and "root" not in given
        and not root_is_given
        and Path(str(image_set)).is_dir()
    ):
        raise UsageError(
            f"{image_set} is the name of an image set and of a folder here: give {image_set} FOLDER for the image set "
            f"in a folder, or ./{image_set} for a folder of your own images"
        )
    return given


def _image_sets() -> Mapping[str, str]:
    from embedding_transfer.images.load import IMAGE_SETS  # when words are read, so that --help stays quick

    return IMAGE_SETS


def _mistyped_image_set(words: list[str]) -> str:
    hints = ((word, nearest(word, _image_sets())) for word in words if not Path(word).exists())
    return next((f"; {word!r} is no image set{hint}" for word, hint in hints if hint), "")
