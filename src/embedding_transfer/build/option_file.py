"""Options in YAML files, and layers of options: defaults, recipe, method, what is typed; the last one wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedding_transfer.build.classes import Spec, with_argument
from embedding_transfer.build.plain_yaml import load_yaml
from embedding_transfer.errors import InputError, UsageError


def read_options(file: Path) -> dict[str, Any]:
    """The options in a YAML file by name; dashes in names are underscores.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is no YAML, or holds something else than options; the message has the line.
    """
    if not file.is_file():
        raise UsageError(f"no file {file}")
    try:
        options = load_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, InputError) as error:
        raise InputError(f"cannot read {file}: {error}") from error
    if not isinstance(options, dict) or not all(isinstance(name, str) for name in options):
        raise InputError(f"{file} must hold options by name, such as: epochs: 10")
    return {name.replace("-", "_"): value for name, value in options.items()}


def merged(layers: list[Mapping[str, Any]], classes: Mapping[str, Spec | None]) -> dict[str, Any]:
    """One set of options from several, later ones winning; ``loss.sigma`` sets an argument of the class in ``loss``.

    Args:
        layers: Options by name.
        classes: The options that name a class, with their defaults.

    Raises:
        UsageError: If an option with a dot belongs to none that names a class.

    Example::

        >>> merged([{"loss": "RKDLoss"}, {"loss.angle_weight": 1}], {"loss": "RelaxedContrastiveLoss"})
        {'loss': {'class_path': 'RKDLoss', 'init_args': {'angle_weight': 1}}}
    """
    result: dict[str, Any] = {}
    for layer in layers:
        result |= {name: value for name, value in layer.items() if "." not in name}
        for name, value in layer.items():
            option, _, argument = name.partition(".")
            if not argument:
                continue
            if option not in classes:
                raise UsageError(f"no option {name!r}: {option} names no class")
            spec = result.get(option, classes[option])
            if spec is None:
                raise UsageError(f"{name} needs {option}, the class whose argument it is")
            result[option] = with_argument(spec, argument, value)
    return result
