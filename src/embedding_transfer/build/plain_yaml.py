"""YAML as plain data: a small tree, whatever the text does to become more."""

from __future__ import annotations

from typing import Any

import yaml

from embedding_transfer.errors import InputError, one_line

MOST_CHARACTERS, MOST_VALUES, DEEPEST = 1_000_000, 100_000, 50
"""Of a text; of the tree that it stands for, in which a value counts as often as it is referred to."""


def load_yaml(text: str) -> Any:
    """What YAML makes of a text: numbers, words, dates, lists and mappings; nothing is run.

    Raises:
        InputError: If it is no YAML, too large, too deep, or refers to itself; the message has the line, but no file.

    Example::

        >>> load_yaml("a: &x [1]\\nb: *x")
        {'a': [1], 'b': [1]}
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"it has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(_place(error)) from error
    except RecursionError as error:
        raise InputError("its lists and mappings are too deep") from error
    except Exception as error:  # dates, numbers and names that are none: ValueError, TypeError, AttributeError, ...
        raise InputError(f"it holds a value that cannot be read ({one_line(error)})") from error
    _check_tree(data)
    return data


def _check_tree(data: Any) -> None:
    left, values = [(data, 0)], 0
    while left:
        value, depth = left.pop()
        values += 1
        if values > MOST_VALUES or depth > DEEPEST:
            raise InputError("it refers to itself, or is too large or too deep")
        if isinstance(value, dict):
            left += [(inner, depth + 1) for pair in value.items() for inner in pair]
        elif isinstance(value, (list, tuple, set)):
            left += [(inner, depth + 1) for inner in value]


def _place(error: yaml.YAMLError) -> str:
    """Line and fault of a YAML error, without the name that the parser gives to a text."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return one_line(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem or 'no YAML'}"
