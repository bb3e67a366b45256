"""What a class or an object can be called with: how a metric loss and a miner are told from other things."""

import inspect
from collections.abc import Mapping
from inspect import Parameter
from typing import Any

from torch import nn


def positional_parameters(module: nn.Module | type[nn.Module]) -> list[Parameter]:
    """The parameters of ``forward`` that can be given by position, without self."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    if isinstance(module, type):
        parameters = parameters[1:]
    return [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def takes_embeddings_and_labels(module: nn.Module | type[nn.Module]) -> bool:
    """Whether ``forward`` can be called with two tensors and no more."""
    parameters = positional_parameters(module)
    return len(parameters) >= 2 and all(p.default is not p.empty for p in parameters[2:])


def constructor_parameters(cls: Any) -> Mapping[str, Parameter] | None:
    """The parameters of a constructor by name, with those of the base classes to which it hands on ``**kwargs``.

    Returns:
        None where somebody else's ``**kwargs`` are left: every name may be right.
    """
    if not isinstance(cls, type):
        parameters = inspect.signature(cls).parameters
        return None if any(p.kind is p.VAR_KEYWORD for p in parameters.values()) else parameters
    found: dict[str, Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(base).parameters
        for name, parameter in parameters.items():
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                found.setdefault(name, parameter)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return found
    return found
