"""From a command line to the arguments of a verb's function: configuration file first, then what was typed."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedding_transfer.build import as_type, find_class, merged, read_options
from embedding_transfer.cli.help import dashed, usage_of
from embedding_transfer.cli.options import MISSING, Option, options_class_of, options_of
from embedding_transfer.cli.typed import read_words
from embedding_transfer.cli.verbs import FIRST, SEVERAL
from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.grid.methods import method_of


def parse(verb: str, arguments: list[str]) -> dict[str, Any]:
    """Keyword arguments of the verb's function, all of them, from what was typed after the verb.

    Raises:
        UsageError: If there is no such option, one is missing, or a value is none that it takes.
        InputError: If a configuration file cannot be read.
    """
    options = dict(options_of(verb))
    given = read_words(arguments, options, FIRST[verb], SEVERAL.get(verb))
    given.pop("print_config", None)
    method = None
    if verb == "transfer":  # what it stands for takes its place
        method = given.pop(options.pop("method").name, None)
    config = given.pop("config", None) or _config_of_resumed_run(given)
    return _typed(verb, options, _layers(options, config, method, given), options_class_of(verb))


def _layers(options: Mapping[str, Option], config: Any, method: Any, given: dict[str, Any]) -> list[Mapping[str, Any]]:
    """Configuration, method and typed words, names checked; what ``reproduce`` does not know goes to its trainings."""
    layers: list[Mapping[str, Any]] = [given]
    if config is not None:
        layers.insert(0, read_options(Path(str(config))))
        for name in layers[0]:
            if name.partition(".")[0] not in options:
                raise UsageError(f"no option {name!r} in {config}{nearest(name.partition('.')[0], options)}")
    if method is not None:
        layers.insert(-1, method_of(method, {name: value for layer in layers for name, value in layer.items()}))
    unknown = {name: value for name, value in given.items() if name.partition(".")[0] not in options}
    if "overrides" in options:
        layers[-1] = {name: value for name, value in given.items() if name not in unknown} | {"overrides": unknown}
    elif unknown:
        name = next(iter(unknown))
        near = dashed(nearest(name.partition(".")[0], options)) or _nearest_of_classes(name, options, given)
        raise UsageError(f"no option --{dashed(name)}{near}")
    return layers


def _nearest_of_classes(name: str, options: Mapping[str, Option], given: Mapping[str, Any]) -> str:
    """``", did you mean --loss.sigma?"`` for ``--sigm``: an argument of a class that an option names, or nothing."""
    from embedding_transfer.training.config import classes_of  # imports torch: only where nothing else is near

    for option in (option for option in options.values() if option.class_of is not None):
        named = given.get(option.name, option.default)
        if isinstance(named, str):
            cls = find_class(named, classes_of(str(option.class_of)))
            if near := nearest(name, inspect.signature(cls).parameters):
                return near.replace("mean ", f"mean --{dashed(option.name)}.")
    return ""


def _typed(
    verb: str, options: Mapping[str, Option], layers: list[Mapping[str, Any]], options_class: Any
) -> dict[str, Any]:
    classes = {name: option.default for name, option in options.items() if option.class_of is not None}
    values = merged(layers, classes)
    missing = [f"--{dashed(name)}" for name, option in options.items() if option.default is MISSING]
    missing = [name for name in missing if name[2:].replace("-", "_") not in values]
    if missing:
        raise UsageError(f"{' and '.join(missing)} must be given: {usage_of(verb, FIRST[verb])}")
    of_class = {field.name for field in dataclasses.fields(options_class)} if options_class else set()
    typed = {} if options_class is None else vars(options_class.of({n: v for n, v in values.items() if n in of_class}))
    for name, option in options.items():
        if name not in of_class:
            typed[name] = as_type(values[name], option.annotation, name) if name in values else option.default
    return typed


def _config_of_resumed_run(given: Mapping[str, Any]) -> Path | None:
    """``--resume --output RUN`` alone takes all other options from the run's own configuration."""
    config = Path(str(given.get("output", ""))) / "config.yaml"
    return config if given.get("resume") == "true" and "output" in given and config.exists() else None
