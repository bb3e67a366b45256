"""From names to classes: what the name of a loss, a miner or a part of one stands for, and the sizes that it takes."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from pytorch_metric_learning import distances, losses, miners, reducers, regularizers

from embedding_transfer import losses as transfer_losses
from embedding_transfer import metric_losses
from embedding_transfer.build import Spec, check_spec, find_class
from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.metric_losses.cross_batch_memory import CrossBatchMemory
from embedding_transfer.metric_losses.signatures import constructor_parameters
from embedding_transfer.metric_losses.third_party import NO_LOSSES, NO_MINERS, SIZES, is_third_party, refuse_class

Homes = tuple[ModuleType, ...]

LOSSES: Homes = (metric_losses, losses)
"""Where the bare name of a metric loss is looked up: ours first."""

MINERS: Homes = (miners,)

PARTS: dict[str, Homes] = {
    "loss": LOSSES,
    "losses": LOSSES,
    "miner": MINERS,
    "miners": MINERS,
    "distance": (distances,),
    "reducer": (reducers,),
    "embedding_regularizer": (regularizers,),
    "weight_regularizer": (regularizers,),
}
"""Constructor parameters whose values are objects, and where their bare names are looked up."""


def whole(spec: Spec, homes: Homes, sizes: Mapping[str, Any]) -> Any:
    """``spec`` with classes for names, and with every size that its class and those of its parts ask for.

    Args:
        spec: A name, class path, mapping or class; an object is handed back as it is.
        homes: Where a bare name is looked up.
        sizes: Values of constructor parameters by name. A default of pytorch-metric-learning's own losses stays.

    Raises:
        UsageError: There is no such class or option, or the class is one that cannot be used here.
    """
    if not isinstance(spec, (str, Mapping, type)) or (isinstance(spec, Mapping) and "given_as" in spec):
        return spec
    check_spec(spec, "a loss or miner")
    named = spec if not isinstance(spec, Mapping) else spec.get("class_path")
    given = dict(spec.get("init_args") or {}) if isinstance(spec, Mapping) else {}
    cls = named_class(named, homes)
    parameters = constructor_parameters(cls)
    for name in given:
        if parameters is not None and name not in parameters:
            own = [own for own in parameters if own not in sizes]
            raise UsageError(f"{cls.__name__} has no option {name!r}{nearest(name, own)}; it has {', '.join(own)}")
    if cls is CrossBatchMemory and "loss" not in given:
        raise UsageError(
            "CrossBatchMemory remembers rows for another loss: give that as its option 'loss', such as ContrastiveLoss"
        )
    filled = _filled(cls, sizes)
    parts = {name: _part(value, PARTS.get(name), homes, sizes) for name, value in given.items()}
    return {"class_path": cls if isinstance(cls, type) else named, "init_args": {**filled, **parts}}


def named_class(named: Any, homes: Homes) -> Any:
    """The class that a name, a class path or a class stands for; CrossBatchMemory is always ours, which can resume.

    Raises:
        UsageError: There is none, or it cannot be used here.
    """
    if isinstance(named, str) and "." not in named:
        known = {name: getattr(home, name) for home in reversed(homes) for name in class_names(home)}
        if named not in known and homes is LOSSES and named in class_names(transfer_losses):
            return getattr(transfer_losses, named)  # whose use as a metric loss is refused in better words
        if named not in known:
            there = ", ".join(sorted({*known} - {*NO_LOSSES, *NO_MINERS}))
            where = " or ".join(home.__name__ for home in homes)
            raise UsageError(f"no {named!r} in {where}{nearest(named, known)}; there are {there}")
        cls = known[named]
    else:
        cls = find_class(named, homes[0]) if isinstance(named, str) else named
    if not callable(cls):
        raise UsageError(f"a class is named by its name or as {{class_path: NAME, init_args: {{...}}}}; got {named!r}")
    if cls is losses.CrossBatchMemory:
        return CrossBatchMemory
    if isinstance(cls, type):
        refuse_class(cls, {**NO_LOSSES, **NO_MINERS})
    return cls


def class_names(home: ModuleType) -> list[str]:
    """The public classes of a module."""
    return [name for name, value in vars(home).items() if isinstance(value, type) and not name.startswith("_")]


def _filled(cls: Any, sizes: Mapping[str, Any]) -> dict[str, Any]:
    parameters = constructor_parameters(cls) or {}
    wanted = {name: name for name in parameters if name in sizes}
    if is_third_party(cls):  # an optional size means something else there: MarginLoss learns one beta per class with it
        wanted = {name: name for name in wanted if parameters[name].default is parameters[name].empty}
        wanted |= SIZES.get(cls.__name__, {})
    return {name: sizes[size] for name, size in wanted.items() if size in sizes}


def _part(value: Any, part_homes: Homes | None, homes: Homes, sizes: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_part(item, part_homes, homes, sizes) for item in value]
    if (isinstance(value, Mapping) and "class_path" in value) or (part_homes and isinstance(value, (str, type))):
        return whole(value, part_homes or homes, sizes)
    return value
