"""Numbers that are given to a function or a constructor in Python are held to the ranges that its types say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

from embedding_transfer.build.ranges import range_of
from embedding_transfer.build.values import as_type

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_range(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorator: arguments whose types have a :class:`Range` become what their types say, or are refused.

    Raises:
        UsageError: From the decorated function, if a number is out of its range or no number; the message names it, and
            the class where it is an argument of a constructor.

    Example::

        >>> from embedding_transfer.build.ranges import Count
        >>> @in_range
        ... def few(ks: tuple[Count, ...] = (1,)):
        ...     return ks
        >>> few([1, 2])
        (1, 2)
    """
    signature = inspect.signature(function)

    @wraps(function)
    def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        given = signature.bind(*args, **kwargs)
        owner = f"{type(args[0]).__name__}." if function.__name__ == "__init__" else ""
        for name, hint in hints_of_parameters(function).items():
            if name in given.arguments and range_of(hint) is not None:
                given.arguments[name] = as_type(given.arguments[name], hint, f"{owner}{name}")
        return function(*given.args, **given.kwargs)

    return checked


@cache
def hints_of_parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """As ``get_type_hints`` with ranges, but without the result's type, whose import may cost seconds."""
    annotations = {name: hint for name, hint in function.__annotations__.items() if name != "return"}
    parameters = type("Parameters", (), {"__annotations__": annotations})
    return get_type_hints(parameters, globalns=inspect.unwrap(function).__globals__, include_extras=True)
