"""``--loss.help`` lists classes with a line each; ``--loss.help CLASS`` explains the arguments of one."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from embedding_transfer.build import SIZES, class_names, find_class
from embedding_transfer.build.classes import Homes, hints_of_class
from embedding_transfer.build.ranges import range_of
from embedding_transfer.cli.options import sentences_of
from embedding_transfer.metric_losses.third_party import NO_LOSSES, NO_MINERS


def list_of_classes(option: str, home: Homes) -> str:
    """Names and first sentences of the classes that an option may name."""
    lines = []
    for module in home if isinstance(home, tuple) else (home,):
        lines.append(f"{option} takes a class of {module.__name__}:")
        classes = {name: getattr(module, name) for name in _usable(module)}
        width = max(map(len, classes), default=0)
        lines += [f"  {name:<{width}}  {_first_sentence(cls)}".rstrip() for name, cls in classes.items()]
    return "\n".join([*lines, f"{option}.help CLASS explains the arguments of one; your own: {option} package.Class"])


def help_of_class(option: str, name: str, home: Homes) -> str:
    """What a class is, and its arguments with defaults.

    Raises:
        UsageError: If there is no such class.
    """
    cls = find_class(name, home)
    said, hints = sentences_of(cls), hints_of_class(cls)
    lines = [f"{cls.__name__}: {_first_sentence(cls)}"]
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.name in SIZES or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        default = "required" if parameter.default is parameter.empty else f"default: {parameter.default}"
        allowed = range_of(hints.get(parameter.name))
        known = default if allowed is None else f"{default}; {allowed}"
        lines.append(f"  {option}.{parameter.name} ({known})  {said.get(parameter.name, '')}".rstrip())
    return "\n".join(lines)


def _usable(module: ModuleType) -> list[str]:
    """Names of the classes that compute something: no base classes, nothing that would be refused."""
    left_out = {"TransferLoss", "MetricLoss", "MinedLoss", *NO_LOSSES, *NO_MINERS}
    return [name for name in class_names(module) if name not in left_out]


def _first_sentence(cls: Any) -> str:
    text = inspect.getdoc(cls) if cls.__doc__ else ""
    return (text or "").strip().split("\n")[0].replace("``", "")
