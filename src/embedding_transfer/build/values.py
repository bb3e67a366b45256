"""Values of options by their type: what people write in Python, on a command line or in YAML means the same."""

from __future__ import annotations

import math
import types
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from embedding_transfer.errors import UsageError, nearest

YAML_WORDS = {False: ("no", "off", "false"), True: ("yes", "on", "true")}
"""What YAML 1.1 reads as a truth value where somebody meant the word."""

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}


def as_type(value: Any, annotation: Any, name: str) -> Any:
    """``value`` as its annotation says: numbers, paths and lists may be text, ``no`` may be the word or YAML's false.

    Args:
        value: What somebody wrote.
        annotation: ``int``, ``float``, ``bool``, ``str``, ``Path``, ``Literal``, tuples and unions of these. Whatever
            else is taken as it is.
        name: Of the option, for messages.

    Raises:
        UsageError: If the value is of another type, or a number that is not finite.

    Example::

        >>> as_type("1,2,4", tuple[int, ...], "ks")
        (1, 2, 4)
        >>> as_type(False, Literal["no", "bf16"], "precision")  # YAML's no
        'no'
    """
    members = members_of(annotation)
    if not all(_is_plain(member) for member in members):
        return value
    if any(_fits(value, member) for member in members):
        return value
    try:
        found = _checker(annotation).parse_object({"value": _meant(value, members)})["value"]
        fits = found is not None or type(None) in members
    except ArgumentError:
        fits = False
    if not fits:
        raise UsageError(f"{name}: expected {in_words(annotation)}; got {value}{_near(value, members)}")
    if isinstance(found, float) and not math.isfinite(found):
        raise UsageError(f"{name}: expected a finite number; got {found}")
    return found


def plain_value(text: str) -> Any:
    """What YAML makes of a text, numbers such as ``1e-3`` included.

    Example::

        >>> plain_value("1e-3"), plain_value("[1, 2]"), plain_value("cosine")
        (0.001, [1, 2], 'cosine')
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
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
    """The types of a union, or the one type that it is."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


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
