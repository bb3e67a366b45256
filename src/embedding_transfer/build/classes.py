"""From what a user names to an object: a loss by name, class path or options, with sizes filled in from the data."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from torch import nn

from embedding_transfer.errors import UsageError, nearest

SIZES = (
    "target_dim",
    "source_dim",
    "target_channels",
    "source_channels",
    "n_images",
    "image_labels",
    "num_classes",
    "embedding_size",
    "views",
)
"""Constructor parameters that a training fills in: of the networks, of the training images, of metric losses."""

Spec = nn.Module | str | Mapping[str, Any] | type
"""An object, a class, its name or class path, or ``{"class_path": ..., "init_args": {...}}`` as recipes write it."""


def build(spec: Spec, home: ModuleType, sizes: Mapping[str, Any]) -> Any:
    """The object that ``spec`` asks for; constructor parameters that have the name of a size get its value.

    Args:
        spec: See :data:`Spec`. Nested ``class_path`` mappings in its ``init_args`` are built, too.
        home: The module in which bare class names are looked up.
        sizes: What is known of networks and images: ``target_dim``, ``n_images``, ``num_classes``, ...

    Raises:
        UsageError: If there is no such class, or it does not take these arguments.
    """
    if isinstance(spec, nn.Module):
        return spec
    name_or_class: Any = spec
    arguments: Mapping[str, Any] = {}
    if isinstance(spec, Mapping):
        name_or_class, arguments = spec["class_path"], spec.get("init_args") or {}
    cls = find_class(name_or_class, home) if isinstance(name_or_class, str) else name_or_class
    given = {name: _build_nested(value, home, sizes) for name, value in arguments.items()}
    parameters = inspect.signature(cls).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in given:
        if name not in parameters and not takes_any:
            raise UsageError(f"{cls.__name__} has no option {name!r}{nearest(name, parameters)}")
    filled = {name: value for name, value in sizes.items() if name in parameters}
    try:
        return cls(**{**filled, **given})
    except TypeError as error:
        raise UsageError(f"cannot build {cls.__name__}: {error}") from error


def find_class(name: str, home: ModuleType) -> type:
    """The class called ``name`` in ``home``, or at the class path ``name``.

    Raises:
        UsageError: If there is none; the message has the nearest right name.
    """
    if "." not in name:
        known = [n for n, value in inspect.getmembers(home, inspect.isclass) if not n.startswith("_")]
        if name not in known:
            raise UsageError(f"no {name!r} in {home.__name__}{nearest(name, known)}")
        return getattr(home, name)
    module_name, _, class_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise UsageError(f"cannot import {module_name!r} of class path {name!r}: {error}") from error
    if not hasattr(module, class_name):
        raise UsageError(f"no {class_name!r} in {module_name}{nearest(class_name, dir(module))}")
    return getattr(module, class_name)


def as_data(spec: Spec) -> Any:
    """``spec`` as plain data for config.yaml; an object is described by its class path, without its arguments."""
    if isinstance(spec, nn.Module):
        return {"class_path": f"{type(spec).__module__}.{type(spec).__qualname__}", "given_as": "an object"}
    if isinstance(spec, type):
        return {"class_path": f"{spec.__module__}.{spec.__qualname__}"}
    return spec if isinstance(spec, str) else dict(spec)


def _build_nested(value: Any, home: ModuleType, sizes: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping) and "class_path" in value:
        return build(value, home, sizes)
    if isinstance(value, list):
        return [_build_nested(item, home, sizes) for item in value]
    return value
