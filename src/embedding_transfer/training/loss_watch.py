"""Losses are added up where they are computed, and looked at now and then: a GPU is not waited for at every step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from embedding_transfer.errors import TrainingError

GPU_STEPS = 16
"""Steps between two looks at a GPU. A CPU is looked at every step, which costs nothing there."""


class LossWatch:
    """The losses of an epoch: their sums, and whether all of them are finite.

    Args:
        where: What messages say of the epoch, such as ``"epoch 3"``.
        steps: How many steps the epoch has.
        device: Where losses are computed.
        sums: Of the steps that are already done, by name.
        done: How many of them.
    """

    def __init__(
        self, where: str, steps: int, device: torch.device, sums: Mapping[str, float] | None = None, done: int = 0
    ) -> None:
        self.where, self.steps = where, steps
        self.dtype = torch.float32 if device.type == "mps" else torch.float64
        self.sums: dict[str, Any] = dict(sums or {})
        self.done = self.looked_at = done
        self.every = 1 if device.type == "cpu" else GPU_STEPS
        self.unseen: list[Tensor] = []
        self.last = math.nan

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take the losses of a step, scalars with ``"loss"`` among them; now and then look whether they are finite.

        Raises:
            TrainingError: If one is not; the message names the step.
        """
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.detach().to(self.dtype)
        self.unseen.append(losses["loss"].detach())
        self.done += 1
        if self.done % self.every == 0:
            self.look()

    def look(self) -> None:
        """Look at all losses since the last look.

        Raises:
            TrainingError: As :meth:`add`.
        """
        if not self.unseen:
            return
        values = torch.stack(self.unseen).tolist()
        for number, value in enumerate(values, self.looked_at + 1):
            if not math.isfinite(value):
                raise TrainingError(f"the loss is {value} in {self.where}, step {number} of {self.steps}")
        self.unseen, self.looked_at, self.last = [], self.done, values[-1]

    def totals(self) -> dict[str, float]:
        """The sums so far, by name."""
        return {name: float(total) for name, total in self.sums.items()}

    def means(self) -> dict[str, float]:
        """The mean of each loss over the steps so far, by name.

        Raises:
            TrainingError: As :meth:`add`.
        """
        self.look()
        return {name: total / self.done for name, total in self.totals().items()}
