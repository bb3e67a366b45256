"""What of pytorch-metric-learning can train here, and the reason why the rest cannot (as of version 2.9)."""

from typing import Any

from pytorch_metric_learning import losses
from torch import Tensor, nn

from embedding_transfer.errors import UsageError

NO_LOSSES = {
    "BaseLossWrapper": "it is a base class",
    "BaseMetricLossFunction": "it is a base class",
    "EmbeddingRegularizerMixin": "it is a base class",
    "GenericPairLoss": "it is a base class",
    "WeightRegularizerMixin": "it is a base class",
    "InstanceLoss": "with labels it takes row k of a batch for class k, whatever that row shows",
    "ManifoldLoss": "it takes no labels",
    "SelfSupervisedLoss": "it takes no labels but a second set of embeddings",
    "SmoothAPLoss": "it is right only for rows sorted by class, as many of each as there are classes; use FastAPLoss",
    "VICRegLoss": "it takes no labels but a second set of embeddings",
}
"""Losses that cannot learn from the rows and labels of a batch, or that would learn something else."""

NO_MINERS = {
    "BaseMiner": "it is a base class",
    "EmbeddingsAlreadyPackagedAsTriplets": "it takes batches of rows in the order anchor, positive, negative",
}
"""Miners that cannot choose from the rows of a batch."""

UNMINED = ("P2SGradLoss", "PNPLoss", "RankedListLoss")
"""Losses that refuse mined pairs when they are called."""

SIZES = {"P2SGradLoss": {"descriptors_dim": "embedding_size"}}
"""Constructor parameters that mean a size but are called otherwise."""


def is_third_party(thing: Any) -> bool:
    """Whether an object or a class is one of pytorch-metric-learning itself (not somebody's subclass of one)."""
    return (thing if isinstance(thing, type) else type(thing)).__module__.startswith("pytorch_metric_learning.")


def usable_losses() -> list[str]:
    """The names of the losses of pytorch-metric-learning that can train here."""
    return sorted(name for name, value in vars(losses).items() if isinstance(value, type) and name not in NO_LOSSES)


def refuse_class(cls: type, reasons: dict[str, str]) -> None:
    """Raise UsageError if a class of pytorch-metric-learning is among those with a reason against them."""
    if is_third_party(cls) and cls.__name__ in reasons:
        raise UsageError(f"{cls.__name__} of pytorch-metric-learning cannot be used here: {reasons[cls.__name__]}")


def refuse_miner(loss: nn.Module) -> None:
    """Raise UsageError if a loss of pytorch-metric-learning takes no mined pairs."""
    name = type(loss).__name__
    if is_third_party(loss) and name in UNMINED:
        raise UsageError(f"{name} takes no miner: its formula weighs all rows of a batch by itself")
    if isinstance(loss, losses.MultipleLosses):
        unmined = [type(part).__name__ for part in loss.losses.children() if type(part).__name__ in UNMINED]
        if loss.miners is not None or unmined:
            has = "has miners of its own" if loss.miners is not None else f"has {unmined[0]}, which takes none"
            raise UsageError(f"MultipleLosses takes no miner: it {has}")


def keep_state(loss: nn.Module) -> None:
    """Put what a loss remembers from step to step into its state dict, so that a resumed training goes on the same."""
    for part in loss.modules():
        if isinstance(part, losses.DynamicSoftMarginLoss) and "hist_" in vars(part):
            histogram: Tensor = vars(part).pop("hist_")
            part.register_buffer("hist_", histogram)
