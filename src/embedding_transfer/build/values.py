"""Values of options by their type: what people write in Python, on a command line or in YAML means the same."""

from __future__ import annotations

import math
import types
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from jsonargparse import ArgumentParser

from embedding_transfer.build.plain_yaml import load_yaml
from embedding_transfer.build.ranges import check_range, without_ranges
from embedding_transfer.errors import InputError, UsageError, nearest, shown

YAML_WORDS = {False: ("no", "off", "false"), True: ("yes", "on", "true")}
"""What YAML 1.1 reads as a truth value where somebody meant the word."""

NULLS = ("null", "~", "none")
NOTHING = object()

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}


def as_type(value: Any, annotation: Any, name: str) -> Any:
    """``value`` as its annotation says: numbers, paths and lists may be text, ``no`` may be the word or YAML's false.

    Args:
        value: What somebody wrote.
        annotation: ``int``, ``float``, ``bool``, ``str``, ``Path``, ``Literal``, tuples and unions of these, with a
            :class:`Range` or without. Whatever else is taken as it is.
        name: Of the option, for messages.

    Raises:
        UsageError: If the value is of another type, empty, or a number that is not finite or out of its range.

    Example::

        >>> as_type("1,2,4", tuple[int, ...], "ks")
        (1, 2, 4)
        >>> as_type(False, Literal["no", "bf16"], "precision")  # YAML's no
        'no'
    """
    members = members_of(annotation)
    if not all(_is_plain(member) for member in members):
        return value
    found = value
    if not any(_fits(value, member) for member in members):
        found = _understood(value, annotation, name)
    check_range(found, annotation, name)
    return found


def _understood(value: Any, annotation: Any, name: str) -> Any:
    """What a value that is not yet of its type means."""
    members = members_of(annotation)
    try:
        found = _checker(without_ranges(annotation)).parse_object({"value": _meant(value, members)})["value"]
    except Exception:  # of jsonargparse, or what its YAML stumbles over
        found = NOTHING
    if found is None and not (value is None or (isinstance(value, str) and value.strip().lower() in NULLS)):
        found = NOTHING  # a union with None gives None for what it does not understand
    is_list = isinstance(value, (tuple, list)) and isinstance(found, (tuple, list))
    if any(isinstance(item, (str, Path)) and _is_empty(item) for item in (value if is_list else (value,))):
        found = NOTHING
    if found is NOTHING or (found is None and type(None) not in members):
        raise UsageError(f"{name}: expected {in_words(annotation)}; got {_said(value)}{_near(value, members)}")
    return found


def _is_empty(text: str | Path) -> bool:
    """Nothing, or with a null character, which no name and no path has."""
    return isinstance(text, str) and (not text.strip() or "\0" in text)


def _said(value: Any) -> str:
    return "nothing" if isinstance(value, str) and not value.strip() else shown(value)


def plain_value(text: str) -> Any:
    """What YAML makes of a text, numbers such as ``1e-3`` included.

    Example::

        >>> plain_value("1e-3"), plain_value("[1, 2]"), plain_value("cosine")
        (0.001, [1, 2], 'cosine')
    """
    try:
        value = load_yaml(text)
    except InputError:
        return text
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def in_words(annotation: Any) -> str:
    """A type as people say it.

    Example::

        >>> in_words(int | None)
        'a whole number or null'
    """
    return " or ".join(_word(member) for member in members_of(annotation))


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The types of a union, or the one type that it is; without ranges."""
    plain = without_ranges(annotation)
    return get_args(plain) if get_origin(plain) in (Union, types.UnionType) else (plain,)


def _word(kind: Any) -> str:
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return f"'{choices[0]}'" if len(choices) == 1 else f"one of {', '.join(map(repr, choices))}"
    if get_origin(kind) in (tuple, list):
        return f"a list, each {_word(get_args(kind)[0])}"
    return "null" if kind is type(None) else WORDS.get(kind, str(kind))


def _is_plain(kind: Any) -> bool:
    if get_origin(kind) in (tuple, list):
        return all(member is Ellipsis or _is_plain(member) for member in get_args(kind))
    return kind is type(None) or kind in WORDS or get_origin(kind) is Literal


def _fits(value: Any, kind: Any) -> bool:
    """Whether nothing has to be done: most values come typed, and a grid has thousands of them."""
    if get_origin(kind) is Literal:
        return value in get_args(kind) and not isinstance(value, bool)
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_fits(item, get_args(kind)[0]) for item in value)
    if kind is Path:
        return isinstance(value, Path)
    if kind is float:
        return type(value) is float and math.isfinite(value)
    return type(value) is kind and kind in (int, bool, type(None))


def _meant(value: Any, members: tuple[Any, ...]) -> Any:
    """The value as its text would be read, in the one form that all types take."""
    choices = [choice for member in members if get_origin(member) is Literal for choice in get_args(member)]
    if isinstance(value, bool) and bool not in members:
        return next((word for word in YAML_WORDS[value] if word in choices), value)
    if any(get_origin(member) in (tuple, list) for member in members):
        if isinstance(value, str) and not value.startswith("["):
            return [part.strip() for part in value.split(",")] if value not in ("", "null") else value
        return [value] if isinstance(value, (int, float, Path)) else value
    if isinstance(value, float) and value.is_integer() and int in members and float not in members:
        return int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and members[0] is str:
        return str(value)
    return value


def _near(value: Any, members: tuple[Any, ...]) -> str:
    choices = [str(choice) for member in members if get_origin(member) is Literal for choice in get_args(member)]
    if isinstance(value, bool) and (choices or str in members):
        return " (YAML reads no, off, yes and on as truth values: put the word in quotes)"
    return nearest(str(value), choices) if choices else ""


@cache
def _checker(annotation: Any) -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--value", type=annotation)
    return parser
