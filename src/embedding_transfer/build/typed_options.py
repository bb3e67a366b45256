"""Options as a dataclass whose values are of their types, whoever wrote them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from embedding_transfer.build.classes import check_spec
from embedding_transfer.build.values import as_type
from embedding_transfer.errors import UsageError, nearest

Typed = TypeVar("Typed", bound="TypedOptions")


@dataclass(kw_only=True)
class TypedOptions:
    """Base of dataclasses of options: every value becomes what the type of its field says (see :func:`as_type`).

    Example::

        >>> @dataclass(kw_only=True)
        ... class Few(TypedOptions):
        ...     ks: tuple[int, ...] = (1,)
        >>> Few.of({"ks": "1,2"}).ks
        (1, 2)
    """

    @classmethod
    def of(cls: type[Typed], values: Mapping[str, Any]) -> Typed:
        """The options with these values, and defaults for the rest.

        Raises:
            UsageError: If there is no such option (the message has the nearest name), one that is required is missing,
                or a value does not fit.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for name in values:
            if name not in fields:
                raise UsageError(f"no option {name!r}{nearest(name, fields)}")
        for name, field in fields.items():
            if name not in values and field.default is dataclasses.MISSING:
                raise UsageError(f"--{name} is required")
        return cls(**values)

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for field in dataclasses.fields(self):
            setattr(self, field.name, as_type(getattr(self, field.name), hints[field.name], field.name))
            if "class_of" in field.metadata:
                check_spec(getattr(self, field.name), field.name)
