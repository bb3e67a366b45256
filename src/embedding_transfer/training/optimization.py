"""Optimizers and schedules by name."""

from __future__ import annotations

from typing import Any

from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, StepLR

from embedding_transfer.training.objective import Objective
from embedding_transfer.training.options import TrainingOptions


def new_optimizer(objective: Objective, options: TrainingOptions) -> Optimizer:
    """An optimizer of all that learns: a metric loss's parameters at ``lr * loss_lr_factor``, all else at ``lr``."""
    of_labels = objective.label_parameters()
    others = {id(p): p for p in objective.parameters() if p.requires_grad}
    for parameter in of_labels:
        others.pop(id(parameter), None)
    groups: list[dict[str, Any]] = [
        {"params": list(others.values())},
        {"params": of_labels, "lr": options.lr * options.loss_lr_factor},
    ]
    rates: dict[str, Any] = {"lr": options.lr, "weight_decay": options.weight_decay}
    if options.optimizer != "rmsprop" and all(parameter.is_cuda for parameter in objective.parameters()):
        rates["fused"] = True  # one kernel for all parameters, which can leave a step out by itself
    if options.optimizer == "adamw":
        return AdamW(groups, **rates)
    if options.optimizer == "adam":
        return Adam(groups, **rates)
    if options.optimizer == "sgd":
        return SGD(groups, momentum=0.9, nesterov=True, **rates)
    return RMSprop(groups, alpha=0.9, momentum=0.9, **rates)


def new_schedule(optimizer: Optimizer, options: TrainingOptions) -> LRScheduler:
    """The learning rate per epoch: cosine to 0, steps, or constant."""
    if options.schedule == "cosine":
        return CosineAnnealingLR(optimizer, options.epochs)
    if options.schedule == "step":
        return StepLR(optimizer, options.decay_step, options.decay_gamma)
    return ConstantLR(optimizer, factor=1.0)
