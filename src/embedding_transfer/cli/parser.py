"""The parser of a verb, built by jsonargparse from its function, with forgiving spelling and one-line errors."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from functools import cache
from itertools import takewhile
from types import ModuleType
from typing import Any, NoReturn

from jsonargparse import ArgumentParser
from pytorch_metric_learning import miners
from pytorch_metric_learning.losses import BaseMetricLossFunction
from pytorch_metric_learning.miners import BaseMiner

from embedding_transfer import losses, metric_losses
from embedding_transfer.build import SIZES, find_class
from embedding_transfer.errors import UsageError, nearest

METRIC_LOSS = ((metric_losses.MetricLoss, BaseMetricLossFunction), metric_losses)
CLASS_OPTIONS: dict[str, dict[str, tuple[tuple[type, ...], ModuleType]]] = {
    "train-source": {"loss": METRIC_LOSS, "miner": ((BaseMiner,), miners)},
    "transfer": {"loss": ((losses.TransferLoss,), losses), "metric_loss": METRIC_LOSS},
}
"""Options that name a class: verb, option, what the class must derive from, where bare names are looked up."""

ALIASES = {"--view": "--views", "--IPC": "--images_per_class"}
"""Spellings of the released research code."""


class VerbParser(ArgumentParser):
    """Raises its errors as one line with the nearest right name."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        options = [option.lstrip("-") for action in self._actions for option in action.option_strings]
        if unknown := re.search(r"unrecognized arguments: --([\w.]+)", message):
            raise UsageError(f"no option --{_dashed(unknown[1])}{_dashed(nearest(unknown[1], options))}") from ex
        if unknown := re.fullmatch(r"Option '(\w+)' is not accepted", message.strip()):
            suggestion = nearest(unknown[1], options)
            raise UsageError(f"no option {unknown[1]!r} in a configuration file{suggestion}") from ex
        raise UsageError(_one_line(message)) from ex

    def format_help(self, *formatter: Any, **kwargs: Any) -> str:
        """Options with dashes, as people type them, and without the marks of docstrings."""
        text = super().format_help(*formatter, **kwargs)
        text = re.sub(r",\s+known\s+subclasses:.*?\)", ")", text, flags=re.DOTALL)
        return re.sub(r"--[a-z][\w.]*", lambda option: _dashed(option[0]), text).replace("``", "")


@cache  # a grid parses hundreds of command lines
def new_parser(verb: str, function: Callable[..., Any]) -> VerbParser:
    """The parser of ``embedding-transfer VERB``."""
    summary = (inspect.getdoc(function) or "").splitlines()[0]
    first = next(iter(inspect.signature(function).parameters)).upper()
    usage = f"%(prog)s [{first}] [options]"
    parser = VerbParser(prog=f"embedding-transfer {verb}", usage=usage, description=summary, allow_abbrev=False)
    parser.add_argument("--config", action="config", help="YAML file with options; options given after it win.")
    class_options = CLASS_OPTIONS.get(verb, {})
    parser.add_function_arguments(function, skip=set(class_options))
    for name, (bases, home) in class_options.items():
        default = inspect.signature(function).parameters[name].default
        parser.add_subclass_arguments(
            bases,
            name,
            skip=set(SIZES),
            required=False,
            instantiate=False,
            default=None if default is None else {"class_path": _class_path(default, home)},
            help=f"Class (name or path); its options are --{name}.NAME, explained by --{name}.help CLASS.",
        )
    return parser


def with_first_option(function: Callable[..., Any], arguments: list[str]) -> list[str]:
    """``VALUE ...`` as ``--FIRST=VALUE ...``: the first option of a verb may be given without its name."""
    first = next(iter(inspect.signature(function).parameters.values()))
    values = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    if "tuple" not in str(first.annotation):
        values = values[:1]
    return [f"--{first.name}={','.join(values)}", *arguments[len(values) :]] if values else arguments


def normalized(parser: ArgumentParser, verb: str, arguments: list[str]) -> list[str]:
    """Arguments as ``--option=value``: dashes for underscores, bare switches, ``1,2,4`` for ``[1, 2, 4]``.

    Raises:
        UsageError: If there is no such class, or the class has no such option; the message has the nearest right name.
    """
    types = {option: getattr(a, "_typehint", None) for a in parser._actions for option in a.option_strings}
    homes = {f"--{name}": home for name, (_, home) in CLASS_OPTIONS.get(verb, {}).items()}
    rest, result = list(arguments), []
    while rest:
        option, given, value = rest.pop(0).partition("=")
        if not option.startswith("--"):
            result.append(option + given + value)
            continue
        option = ALIASES.get(option, "--" + option[2:].replace("-", "_"))
        if not given and rest and not rest[0].startswith("--"):
            given, value = "=", rest.pop(0)
        if not given and types.get(option) is bool:
            given, value = "=", "true"
        many = "tuple" in str(types.get(option)) and not value.startswith("[")
        while (many or option not in types) and rest and not rest[0].startswith("--"):
            value += "," + rest.pop(0)
        if many:
            value = f"[{value}]"
        if option in homes and value.isidentifier():
            value = _class_path(value, homes[option])
        result.append(option + given + value)
    for option, home in homes.items():
        _check_options_of_class(option, home, result)
    return sorted(result, key=lambda a: "." in a.partition("=")[0])  # --loss.sigma=2 is understood after --loss=CLASS


def with_overrides(parser: ArgumentParser, arguments: list[str]) -> list[str]:
    """Normalized arguments, those that the parser does not know gathered in its option ``overrides``."""
    known = {option for action in parser._actions for option in action.option_strings}
    others = [argument for argument in arguments if argument.partition("=")[0] not in known]
    rest = [argument for argument in arguments if argument not in others]
    return [*rest, f"--overrides={json.dumps(others)}"] if others else rest


def _check_options_of_class(option: str, home: ModuleType, arguments: list[str]) -> None:
    """That the class of ``--loss=CLASS`` has each NAME of ``--loss.NAME=value``."""
    classes = [a.partition("=")[2] for a in arguments if a.startswith(f"{option}=")]
    names = [a.removeprefix(f"{option}.").partition("=")[0] for a in arguments if a.startswith(f"{option}.")]
    if not classes:
        return  # the default class, or one from a configuration file: the parser's own check
    parameters = [name for name in inspect.signature(find_class(classes[-1], home)).parameters if name not in SIZES]
    for name in names:
        if name not in [*parameters, "help"]:
            cls = classes[-1].rpartition(".")[2]
            raise UsageError(f"{cls} has no option {name!r}{nearest(name, parameters)}; it has {', '.join(parameters)}")


def _class_path(name: str, home: ModuleType) -> str:
    cls = find_class(name, home)
    return f"{cls.__module__}.{cls.__qualname__}"


def _dashed(option: str) -> str:
    return option.replace("_", "-")


def _one_line(message: str) -> str:
    """The heart of one of jsonargparse's nested messages."""
    key = re.search(r'[Pp]arser key "([\w.]+)"', message)
    frame = re.compile("Parser key|Given value|Errors:|Subtypes:|Does not valid|- Expected a <class 'NoneType'>")
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    text = "; ".join(dict.fromkeys(line for line in lines if not frame.match(line))) or message
    text = re.sub(r"Expected a typing\.Literal\[(.*?)\]\. Got value: ", r"expected one of \1; got ", text)
    text = re.sub(r"Expected a <class '(\w+)'>\. Got value: ", r"expected \1; got ", text)
    return f"--{_dashed(key[1])}: {text}" if key else text
