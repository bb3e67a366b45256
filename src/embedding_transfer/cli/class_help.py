"""``--loss.help`` lists classes with a line each; ``--loss.help CLASS`` explains the arguments of one."""

from __future__ import annotations

import inspect
from typing import Any

from embedding_transfer.build import SIZES, class_names, find_class
from embedding_transfer.build.classes import Homes
from embedding_transfer.cli.options import sentences_of


def list_of_classes(option: str, home: Homes) -> str:
    """Names and first sentences of the classes that an option may name."""
    lines = []
    for module in home if isinstance(home, tuple) else (home,):
        lines.append(f"{option} takes a class of {module.__name__}:")
        classes = {name: getattr(module, name) for name in class_names(module)}
        width = max(map(len, classes), default=0)
        lines += [f"  {name:<{width}}  {_first_sentence(cls)}" for name, cls in classes.items() if _is_meant(cls)]
    return "\n".join([*lines, f"{option}.help CLASS explains the arguments of one; your own: {option} package.Class"])


def help_of_class(option: str, name: str, home: Homes) -> str:
    """What a class is, and its arguments with defaults.

    Raises:
        UsageError: If there is no such class.
    """
    cls = find_class(name, home)
    said = sentences_of(cls)
    lines = [f"{cls.__name__}: {_first_sentence(cls)}"]
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.name in SIZES or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        default = "required" if parameter.default is parameter.empty else f"default: {parameter.default}"
        lines.append(f"  {option}.{parameter.name} ({default})  {said.get(parameter.name, '')}".rstrip())
    return "\n".join(lines)


def _is_meant(cls: Any) -> bool:
    """Not a base class, which computes nothing."""
    return not inspect.isabstract(cls) and cls.__name__ not in ("TransferLoss", "MetricLoss", "MinedLoss")


def _first_sentence(cls: Any) -> str:
    text = inspect.getdoc(cls) if cls.__doc__ else ""
    return (text or "").strip().split("\n")[0].replace("``", "")
