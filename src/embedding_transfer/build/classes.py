"""From what a user names to an object: a loss by name, class path or arguments, with sizes filled in from the data."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

from embedding_transfer.build.ranges import check_range
from embedding_transfer.build.values import as_type, plain_value
from embedding_transfer.errors import EmbeddingTransferError, UsageError, nearest, reason, shown

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

Spec = str | Mapping[str, Any] | type | Callable[..., Any]
"""A name or class path, ``{"class_path": ..., "init_args": {...}}`` as recipes write it, a class, or an object."""

Homes = ModuleType | tuple[ModuleType, ...]
"""The modules in which bare class names are looked up, first come first served."""


def build(spec: Spec, home: Homes, sizes: Mapping[str, Any]) -> Any:
    """The object that ``spec`` asks for; constructor parameters that have the name of a size get its value.

    Args:
        spec: See :data:`Spec`. Nested specs in its arguments are built, too.
        home: Where bare class names are looked up.
        sizes: What is known of networks and images: ``target_dim``, ``n_images``, ``num_classes``, ...

    Raises:
        UsageError: If there is no such class, or it does not take these arguments.
    """
    if not isinstance(spec, (str, Mapping, type)):
        return spec
    cls, given = _class_and_arguments(spec, home)
    filled = {name: value for name, value in sizes.items() if name in inspect.signature(cls).parameters}
    arguments = {name: _built(value, home, sizes) for name, value in given.items()}
    try:
        return cls(**{**filled, **arguments})
    except EmbeddingTransferError:
        raise
    except Exception as error:  # of somebody else's class, or a size that cannot be had
        raise UsageError(f"cannot build {cls.__name__}: {reason(error)}") from error


def described(spec: Spec, home: Homes) -> dict[str, Any]:
    """``spec`` as complete plain data: class path and every argument that is no size, defaults included.

    An object that was given has its class path alone: its arguments cannot be known.

    Raises:
        UsageError: If there is no such class, or it does not take these arguments.
    """
    if not isinstance(spec, (str, Mapping, type)):
        return {"class_path": class_path(type(spec), home), "given_as": "an object"}
    if isinstance(spec, Mapping) and "given_as" in spec:
        return dict(spec)
    cls, given = _class_and_arguments(spec, home)
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(cls).parameters.items()
        if name not in SIZES and _is_data(parameter.default)
    }
    arguments = {name: _described_within(value, home) for name, value in {**defaults, **given}.items()}
    return {"class_path": class_path(cls, home), "init_args": arguments}


def with_argument(spec: Spec, path: str, value: Any) -> dict[str, Any]:
    """``spec`` with one argument set, as ``--loss.sigma 0.5`` does; a path with dots leads into nested specs.

    Example::

        >>> with_argument("RKDLoss", "angle_weight", 3.0)
        {'class_path': 'RKDLoss', 'init_args': {'angle_weight': 3.0}}
    """
    if not isinstance(spec, (str, Mapping, type)):
        raise UsageError(f"{type(spec).__name__} was given as an object: its {path} cannot be set by name")
    check_spec(spec, "a class")
    whole: dict[str, Any] = {**spec} if isinstance(spec, Mapping) else {"class_path": spec}
    arguments = dict(whole.get("init_args") or {})
    name, _, rest = path.removeprefix("init_args.").partition(".")
    arguments[name] = with_argument(arguments.get(name, ""), rest, value) if rest else value
    return {**whole, "init_args": arguments}


def find_class(name: str, home: Homes) -> Any:
    """The class called ``name`` in ``home``, or at the class path ``name``.

    Raises:
        UsageError: If there is none; the message has the nearest right name.
    """
    homes = home if isinstance(home, tuple) else (home,)
    if "." not in name:
        for place in homes:
            if name in class_names(place):
                return getattr(place, name)
        known = [known for place in homes for known in class_names(place)]
        raise UsageError(f"no {name!r} in {homes[0].__name__}{nearest(name, known)}; there are {', '.join(known)}")
    module_name, _, attribute = name.rpartition(".")
    if module_name.partition(".")[0] in sys.stdlib_module_names:
        raise UsageError(f"no {attribute!r} in {module_name} to train with: it is of Python's own library")
    try:
        module = importlib.import_module(module_name)
        found = getattr(module, attribute, None)
    except (Exception, SystemExit) as error:  # a module that is imported is run, and may raise anything
        raise UsageError(f"cannot import {module_name!r} of class path {name!r}: {reason(error)}") from error
    if found is None:
        raise UsageError(f"no {attribute!r} in {module_name}{nearest(attribute, dir(module))}")
    return found


def check_spec(spec: Any, name: str) -> None:
    """Raises UsageError if a mapping that should name a class and its arguments, or one within it, is something else.

    Example::

        >>> check_spec({"class_path": "RKDLoss", "init_args": 5}, "loss")
        Traceback (most recent call last):
        ...
        embedding_transfer.errors.UsageError: init_args of loss must be arguments by name; got 5
    """
    if isinstance(spec, Mapping):
        arguments = spec.get("init_args")
        if not (arguments is None or (isinstance(arguments, Mapping) and all(isinstance(n, str) for n in arguments))):
            raise UsageError(f"init_args of {name} must be arguments by name; got {shown(arguments)}")
        for argument, value in (arguments or {}).items():
            check_spec(value, f"{name}.{argument}")
    elif isinstance(spec, (list, tuple)):
        for part in spec:
            check_spec(part, name)


def class_names(module: ModuleType) -> list[str]:
    """The public classes of a module."""
    return [name for name, _ in inspect.getmembers(module, inspect.isclass) if not name.startswith("_")]


def class_path(cls: Any, home: Homes) -> str:
    """Where a class is to be had: from ``home`` if that has it, else from the module that defines it."""
    for place in home if isinstance(home, tuple) else (home,):
        known: Any = getattr(place, cls.__name__, ...)
        if known is cls:
            return f"{place.__name__}.{cls.__name__}"
    return f"{cls.__module__}.{cls.__qualname__}"


def _class_and_arguments(spec: str | Mapping[str, Any] | type, home: Homes) -> tuple[Any, dict[str, Any]]:
    """The class and its arguments, each as the type that the class says."""
    if isinstance(spec, Mapping) and "given_as" in spec:
        raise UsageError(f"{spec['class_path']} was given as an object in Python: name it and its arguments instead")
    named = spec.get("class_path") if isinstance(spec, Mapping) else spec
    if not named or not isinstance(named, (str, type)):
        raise UsageError(f"a class is named by its name or as {{class_path: NAME, init_args: {{...}}}}; got {spec}")
    check_spec(spec, named if isinstance(named, str) else named.__name__)
    cls = find_class(named, home) if isinstance(named, str) else named
    if isinstance(named, str) and not _is_module(cls):
        raise UsageError(f"{named} is no torch.nn.Module: only such classes are built by their name")
    arguments = (spec.get("init_args") or {}) if isinstance(spec, Mapping) else {}
    parameters = inspect.signature(cls).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    own = [name for name in parameters if name not in SIZES]
    for name in arguments:
        if name not in parameters and not takes_any:
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise UsageError(f"{cls.__name__} has no option {name!r}{nearest(name, own)}; {has}")
    hints = hints_of_class(cls)
    return cls, {name: _typed(value, hints.get(name), f"{cls.__name__}.{name}") for name, value in arguments.items()}


def hints_of_class(cls: Any) -> dict[str, Any]:
    """The types of a class's arguments with their ranges; none where they cannot be known."""
    try:
        maker = inspect.getattr_static(cls, "__init__") if isinstance(cls, type) else cls
        return get_type_hints(maker, include_extras=True)
    except Exception:  # names that only a type checker knows, in somebody else's class
        return {}


def _typed(value: Any, hint: Any, name: str) -> Any:
    if hint is None:
        value = plain_value(value) if isinstance(value, str) else value
        check_range(value, None, name)
        return value
    if hasattr(hint, "forward"):  # a module, such as the loss that another loss is made of
        return {"class_path": value} if isinstance(value, str) else value
    if get_origin(hint) is list and hasattr(get_args(hint)[0], "forward"):
        parts = value.split(",") if isinstance(value, str) else value
        return [{"class_path": part.strip()} if isinstance(part, str) else part for part in parts]
    return as_type(value, hint, name)


def _is_module(cls: Any) -> bool:
    """A file of options may name a class: it shall build parts of networks, and not open, run or load anything."""
    from torch import nn

    return isinstance(cls, type) and issubclass(cls, nn.Module)


def _is_data(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple))


def _built(value: Any, home: Homes, sizes: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping) and "class_path" in value:
        return build(value, home, sizes)
    return [_built(item, home, sizes) for item in value] if isinstance(value, list) else value


def _described_within(value: Any, home: Homes) -> Any:
    if isinstance(value, Mapping) and "class_path" in value:
        return described(value, home)
    return [_described_within(item, home) for item in value] if isinstance(value, (list, tuple)) else value
