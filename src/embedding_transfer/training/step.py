"""One step of a training: from a batch to new weights."""

from __future__ import annotations

import contextlib
import warnings
from contextlib import AbstractContextManager

import torch
from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.images.views import resized
from embedding_transfer.networks import Embedded
from embedding_transfer.networks.batch_norm import running_statistics_kept
from embedding_transfer.networks.compiling import compile_or_warn
from embedding_transfer.sources import Source
from embedding_transfer.training.gather import means_of_processes
from embedding_transfer.training.in_parts import step_in_parts
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.optimization import new_optimizer
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.signs import check_source_vectors

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Step:
    """Everything that turns a batch into new weights.

    Args:
        objective: What learns.
        source: What it learns from, if anything.
        options: How.
        accelerator: Where, and in how many processes.

    Raises:
        UsageError: If a batch cannot be embedded in parts, since the loss looks at more than embeddings.
    """

    def __init__(
        self, objective: Objective, source: Source | None, options: TrainingOptions, accelerator: Accelerator
    ) -> None:
        if options.accumulate > 1 and objective.looks_at_maps:
            raise UsageError("--accumulate is for losses on embeddings; this one looks at stage maps")
        self.objective, self.source, self.options, self.accelerator = objective, source, options, accelerator
        self.has_looked_at_source = False
        _prepare_networks(objective, source, options)
        self.optimizer = new_optimizer(objective, options)
        self.learner, self.stepper = accelerator.prepare(objective, self.optimizer)

    def __call__(self, images: Tensor, labels: Tensor, index: Tensor) -> dict[str, Tensor]:
        """One update, unless the loss is not finite.

        Args:
            images: (views * n, 3, h, w) in [0, 1], rows [all view 1, all view 2, ...].
            labels: (views * n,).
            index: (views * n,).

        Returns:
            The loss and its parts, scalars on the device.
        """
        taught = None
        if self.source is not None:
            with self._precision_of_source():
                taught = self.source(images, index, self.options.views)
            if not self.has_looked_at_source:
                check_source_vectors(taught.embedding, self.source.name)
                self.has_looked_at_source = True
        seen = resized(images, self.objective.network.image_size)
        try:
            losses = self._losses_and_gradients(seen, labels, index, taught)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise UsageError(
                "BatchNorm cannot normalize one picture by itself: give a larger --batch-size, larger pictures, or "
                "--batch-norm frozen-statistics"
            ) from error
        if self.objective.looks_at_maps:  # each process has compared the maps of its own rows
            losses = means_of_processes(losses)
        if losses["loss"].device.type == "cpu" and not bool(losses["loss"].isfinite()):
            self.stepper.zero_grad()
            return losses
        if self.options.clip_value is not None:
            self.accelerator.clip_grad_value_(self.learner.parameters(), self.options.clip_value)
        self._leave_out_if_not_finite(losses["loss"])
        self.stepper.step()
        self.stepper.zero_grad()
        return losses

    def _losses_and_gradients(
        self, images: Tensor, labels: Tensor, index: Tensor, taught: Embedded | None
    ) -> dict[str, Tensor]:
        parts = self.options.accumulate
        if parts > 1:
            with self.accelerator.autocast():
                return step_in_parts(self.objective, images, labels, index, taught, parts, self._backward)
        losses: dict[str, Tensor] = self.learner(images, labels, index, taught)
        self._backward(losses["loss"])
        return losses

    def _backward(self, loss: Tensor) -> None:
        with running_statistics_kept(self.objective.network):  # checkpointed blocks run again
            self.accelerator.backward(loss)

    def _precision_of_source(self) -> AbstractContextManager[object]:
        precision = getattr(self.options, "source_precision", None) or self.options.precision
        if precision == "no":
            return contextlib.nullcontext()
        return torch.autocast(self.accelerator.device.type, HALF[precision])

    def _leave_out_if_not_finite(self, loss: Tensor) -> None:
        """On a GPU nobody waits for the loss: the optimizer itself leaves the update out, as with a gradient scaler."""
        if self.optimizer.defaults.get("fused") and self.accelerator.scaler is None:
            self.optimizer.found_inf = (~loss.detach().isfinite()).float()  # type: ignore[attr-defined]


def _prepare_networks(objective: Objective, source: Source | None, options: TrainingOptions) -> None:
    """What options ask of the networks themselves: to keep less in memory, to run compiled."""
    network = objective.network
    if options.gradient_checkpointing and not network.backbone.forget_blocks():
        warnings.warn(f"{network.backbone_name} has no blocks: --gradient-checkpointing saves nothing", stacklevel=4)
    if options.compile:
        compile_or_warn(network.backbone, f"the backbone {network.backbone_name}", network.image_size, learns=True)
        if source is not None:
            source.run_compiled()
