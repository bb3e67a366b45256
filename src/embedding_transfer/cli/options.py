"""The options of a verb, read from its function: names, types, defaults, and the sentences of the docstring."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, get_origin, get_type_hints

import docstring_parser

from embedding_transfer.build.typed_arguments import hints_of_parameters
from embedding_transfer.build.values import members_of

MISSING = dataclasses.MISSING

OPTIONS_OF = {
    **dict.fromkeys(
        ("audit-source", "embed", "evaluate", "search"), "embedding_transfer.sources.settings:SourceSettings"
    ),
    "compress": "embedding_transfer.vectors.options:CompressOptions",
    "train-source": "embedding_transfer.training.source_options:SourceOptions",
    "transfer": "embedding_transfer.training.transfer_options:TransferOptions",
}
"""Verbs whose ``**options`` are the fields of a dataclass."""


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        name: With underscores.
        annotation: Its type, with the range of its numbers.
        default: ``MISSING`` if it is required.
        help: What it means.
        class_of: For an option that names a class, what kind: ``losses``, ``metric_losses``, ``miners``.
        takes_many: Whether several values may be given.
    """

    name: str
    annotation: Any
    default: Any
    help: str
    class_of: str | None = None
    takes_many: bool = False


def function_of(verb: str) -> Callable[..., Any]:
    """The function that a verb is."""
    name = verb.replace("-", "_")
    return getattr(importlib.import_module(f"embedding_transfer.verbs.{name}"), name)


def options_class_of(verb: str) -> Any:
    """The dataclass of a verb's ``**options``, or ``None``."""
    module, _, name = OPTIONS_OF.get(verb, "").partition(":")
    return getattr(importlib.import_module(module), name) if module else None


@cache
def options_of(verb: str) -> dict[str, Option]:
    """All options of a verb by name, in the order of its signature."""
    options_class = options_class_of(verb)
    further = {} if options_class is None else _of_dataclass(options_class)
    function = function_of(verb)
    hints, said = hints_of_parameters(function), sentences_of(function)
    return {
        name: Option(
            name,
            hints[name],
            MISSING if p.default is p.empty else p.default,
            said[name],
            takes_many=_is_list(hints[name]),
        )
        for name, p in inspect.signature(function).parameters.items()
        if p.kind is not p.VAR_KEYWORD and name not in further
    } | further


def _of_dataclass(options_class: Any) -> dict[str, Option]:
    hints = get_type_hints(options_class, include_extras=True)
    said: dict[str, str] = {}
    for cls in reversed(options_class.__mro__):
        said |= sentences_of(cls) if dataclasses.is_dataclass(cls) else {}
    own = options_class.__annotations__
    fields = sorted(dataclasses.fields(options_class), key=lambda field: field.name not in own)
    return {
        field.name: Option(
            field.name,
            hints[field.name],
            field.default,
            said[field.name],
            field.metadata.get("class_of"),
            bool(field.metadata.get("many")) or _is_list(hints[field.name]),
        )
        for field in fields
    }


def _is_list(annotation: Any) -> bool:
    return any(get_origin(member) in (tuple, list) for member in members_of(annotation))


def sentences_of(documented: Any) -> dict[str, str]:
    """What the docstring says of each argument, on one line, without marks."""
    parsed = docstring_parser.parse(inspect.getdoc(documented) or "", docstring_parser.DocstringStyle.GOOGLE)
    return {p.arg_name: " ".join((p.description or "").replace("``", "").split()) for p in parsed.params}
