"""A metric loss by its name, with the sizes that it asks for and a miner."""

from collections.abc import Mapping
from typing import Any

from pytorch_metric_learning import losses, miners
from torch import nn

from embedding_transfer import metric_losses
from embedding_transfer.build import Spec, build
from embedding_transfer.errors import UsageError
from embedding_transfer.losses import TransferLoss
from embedding_transfer.metric_losses import named_parts
from embedding_transfer.metric_losses.cross_batch_memory import CrossBatchMemory
from embedding_transfer.metric_losses.metric_loss import MetricLoss
from embedding_transfer.metric_losses.mined_loss import MinedLoss
from embedding_transfer.metric_losses.signatures import takes_embeddings_and_labels
from embedding_transfer.metric_losses.third_party import (
    NO_LOSSES,
    NO_MINERS,
    is_third_party,
    refuse_class,
    usable_losses,
)


def new_metric_loss(loss: Spec, miner: Spec | None, sizes: Mapping[str, Any]) -> MetricLoss:
    """The metric loss that ``loss`` names, on the pairs that ``miner`` chooses.

    Bare names of losses are looked up in ``embedding_transfer.metric_losses``, then in
    ``pytorch_metric_learning.losses``, those of miners in ``pytorch_metric_learning.miners``; so are names of losses,
    miners, distances, reducers and regularizers in the arguments. A loss that is not ours is wrapped in a
    :class:`MinedLoss`, which computes in float32 and speaks in one line where a batch does not fit.

    Args:
        loss: A name, a class path, ``{"class_path": ..., "init_args": {...}}``, a class or an object.
        miner: The same, or ``None``: the loss's own miner if it has one, else all pairs.
        sizes: ``num_classes``, ``embedding_size`` and whatever else a constructor may ask for, by parameter name.

    Returns:
        A module, ``loss(embeddings, labels) -> scalar``.

    Raises:
        UsageError: There is no such class or option; it is no metric loss or no miner; the loss takes no miner.

    Example::

        >>> sizes = {"num_classes": 100, "embedding_size": 64}
        >>> new_metric_loss("ArcFaceLoss", "BatchHardMiner", sizes).name
        'ArcFaceLoss'
        >>> memory = {"class_path": "CrossBatchMemory", "init_args": {"loss": "TripletLoss", "memory_size": 512}}
        >>> new_metric_loss(memory, None, sizes).embedding_memory.shape
        torch.Size([512, 64])
    """
    built = _as_metric_loss(_built(loss, named_parts.LOSSES, sizes, _refuse_no_loss))
    if miner is None:
        return built
    return built.with_miner(_built(miner, named_parts.MINERS, sizes, _refuse_no_miner))


def _built(spec: Spec, homes: named_parts.Homes, sizes: Mapping[str, Any], refuse: Any) -> nn.Module:
    """The object of a spec, looked at by ``refuse`` before it is built, if there is a class, and afterwards."""
    spec = named_parts.whole(spec, homes, sizes)
    cls: Any = spec.get("class_path") if isinstance(spec, Mapping) else None
    if isinstance(cls, type):
        refuse(cls)
    built = build(spec, metric_losses, {})
    refuse(built)
    return built


def _as_metric_loss(loss: nn.Module) -> MetricLoss:
    if isinstance(loss, losses.CrossBatchMemory) and is_third_party(loss):
        return CrossBatchMemory(loss.loss, loss.embedding_size, loss.memory_size, loss.miner)
    if isinstance(loss, losses.MultipleLosses):
        for part in loss.losses.children():
            refuse_class(type(part), NO_LOSSES)
            if isinstance(part, MetricLoss):
                raise UsageError(
                    f"MultipleLosses adds up losses of pytorch-metric-learning, and {part.name} is ours: write "
                    "pytorch_metric_learning.losses. before the names of its losses"
                )
    if isinstance(loss, MinedLoss):
        _refuse_no_loss(loss.loss)
    return loss if isinstance(loss, MetricLoss) else MinedLoss(loss)


def _refuse_no_loss(thing: Any) -> None:
    """Raise UsageError for a class or an object that is no metric loss."""
    cls = thing if isinstance(thing, type) else type(thing)
    refuse_class(cls, NO_LOSSES)
    if cls is MetricLoss:
        raise UsageError(f"MetricLoss is a base class; {_what_there_is()}")
    if issubclass(cls, TransferLoss):
        raise UsageError(
            f"{cls.__name__} is a transfer loss, loss(target, source), and no metric loss, loss(embeddings, labels); "
            f"{_what_there_is()}"
        )
    if issubclass(cls, miners.BaseMiner) or not _takes_labels(thing):
        raise UsageError(
            f"{cls.__name__} is no metric loss: that is a module with forward(embeddings, labels); {_what_there_is()}"
        )


def _refuse_no_miner(thing: Any) -> None:
    """Raise UsageError for a class or an object that is no miner."""
    cls = thing if isinstance(thing, type) else type(thing)
    refuse_class(cls, NO_MINERS)
    is_loss = issubclass(cls, (MetricLoss, losses.BaseMetricLossFunction, losses.MultipleLosses, TransferLoss))
    if is_loss or not _takes_labels(thing):
        there = ", ".join(name for name in named_parts.class_names(miners) if name not in NO_MINERS)
        raise UsageError(
            f"{cls.__name__} is no miner: that is a module with forward(embeddings, labels) that returns indices of "
            f"pairs or triplets; there are {there}"
        )


def _takes_labels(thing: Any) -> bool:
    cls = thing if isinstance(thing, type) else type(thing)
    return issubclass(cls, nn.Module) and not cls.__module__.startswith("torch.") and takes_embeddings_and_labels(thing)


def _what_there_is() -> str:
    ours = [name for name in named_parts.class_names(metric_losses) if name != "MetricLoss"]
    theirs = [name for name in usable_losses() if name not in ours]
    return f"there are {', '.join(ours)}, and of pytorch-metric-learning {', '.join(theirs)}"
