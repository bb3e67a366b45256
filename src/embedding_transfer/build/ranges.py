"""The numbers that an option may be: said once, in its type beside its default, whoever gives the value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from embedding_transfer.errors import UsageError, shown


@dataclass(frozen=True)
class Range:
    """The numbers from ``least``, or ``above`` another, up to ``most``, or ``below`` another.

    Written into a type, ``Annotated[float, Range(above=0)]``, it holds for every number of the type, such as each of a
    list; words and ``None`` beside the numbers are left alone. NaN and infinity are in no range.

    Example::

        >>> print(Range(0, below=1), "|", Range(1, 4096), "|", Range(above=0), "|", Range(0))
        from 0 to below 1 | from 1 to 4,096 | above 0 | at least 0
    """

    least: float | None = None
    most: float | None = None
    above: float = -math.inf
    below: float | None = None

    def broken_by(self, number: float) -> str | None:
        """What a number must be and is not, ``None`` if it is in the range.

        Example::

            >>> Range(1, 4096).broken_by(0), Range(1, 4096).broken_by(7)
            ('at least 1', None)
        """
        if self.least is not None and number < self.least:
            return f"at least {self.least:,}"
        if number <= self.above:
            return f"above {self.above:,}"
        if self.most is not None and number > self.most:
            return f"at most {self.most:,}"
        return f"below {self.below:,}" if self.below is not None and number >= self.below else None

    def __str__(self) -> str:
        first = f"{self.least:,}" if self.least is not None else f"above {self.above:,}"
        if self.most is None and self.below is None:
            return first if self.least is None else f"at least {first}"
        return f"from {first} to {self.most:,}" if self.below is None else f"from {first} to below {self.below:,}"


Count = Annotated[int, Range(1, 1_000_000)]
BatchSize = Annotated[int, Range(1, 1_000_000)]
Dim = Annotated[int, Range(1, 65_536)]
ImageSize = Annotated[int, Range(1, 8_192)]
Seed = Annotated[int, Range(0, 2**32 - 1)]
Momentum = Annotated[float, Range(0, 1)]
Share = Annotated[float, Range(0.05, 1)]
Views = Annotated[int, Range(1, 64)]
Warmup = Annotated[int, Range(0, 1_000_000)]
Workers = Annotated[int, Range(0, 256)]
Positive = Annotated[float, Range(above=0)]
NotNegative = Annotated[float, Range(0)]
"""Kinds of numbers that several options have."""


def check_range(value: Any, annotation: Any, name: str) -> None:
    """Raises UsageError unless every number in a value is finite, and in the range that its type says, if it says one.

    Example::

        >>> check_range(0, Count, "epochs")
        Traceback (most recent call last):
        ...
        embedding_transfer.errors.UsageError: epochs must be at least 1; got 0
    """
    allowed = range_of(annotation)
    for number in value if isinstance(value, (tuple, list)) else (value,):
        if not isinstance(number, (int, float)) or isinstance(number, bool):
            continue
        if isinstance(number, float) and not math.isfinite(number):
            raise UsageError(f"{name}: expected a finite number; got {number}")
        broken = None if allowed is None else allowed.broken_by(number)
        if broken is not None:
            raise UsageError(f"{name} must be {broken}; got {shown(number)}")


@cache
def range_of(annotation: Any) -> Range | None:
    """The first range in a type.

    Example::

        >>> print(range_of(tuple[Positive, ...] | None))
        above 0
    """
    if get_origin(annotation) is Annotated:
        return next((said for said in annotation.__metadata__ if isinstance(said, Range)), None)
    return next((found for inner in get_args(annotation) if (found := range_of(inner)) is not None), None)


@cache
def without_ranges(annotation: Any) -> Any:
    """A type as it would be without ranges.

    Example::

        >>> without_ranges(tuple[Count, ...])
        tuple[int, ...]
    """
    return get_type_hints(type("One", (), {"__annotations__": {"value": annotation}}))["value"]
