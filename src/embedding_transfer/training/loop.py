"""What training a source and transfer share: epochs, evaluation, the best and the last state, exact resume."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from embedding_transfer.errors import TrainingError
from embedding_transfer.images import Batches, ImageSet, ImageSplits
from embedding_transfer.images.loading import batches_of
from embedding_transfer.images.views import as_floats, resized, views_first
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.report.run_page import write_run_page
from embedding_transfer.retrieval.embed import embed_images, quiet
from embedding_transfer.sources import Source
from embedding_transfer.training.evaluation import Evaluation
from embedding_transfer.training.gather import share_buffers
from embedding_transfer.training.loader import training_loader
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.optimization import new_optimizer, new_schedule
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.run_directory import RunDirectory
from embedding_transfer.training.sentences import epoch_sentence, say, start_sentence


class Training:
    """Trains an objective on ``images.train``, evaluates its network on ``images.test``, keeps the best and the last.

    Everything random depends on (seed, epoch, step) alone, so a resumed training is the same training.

    Args:
        objective: What learns.
        images: What it learns from and is evaluated on.
        options: How.
        run: Where results go.
        accelerator: Where tensors live, and the processes that share the work.
        evaluation: What is measured of the network, and what chooses the best epoch.
        source: The source, for transfer.

    Raises:
        UsageError: If the options do not fit the images.
    """

    def __init__(
        self,
        objective: Objective,
        images: ImageSplits,
        options: TrainingOptions,
        run: RunDirectory,
        accelerator: Accelerator,
        evaluation: Evaluation,
        source: Source | None = None,
    ) -> None:
        self.objective, self.images, self.options = objective, images, options
        self.run, self.accelerator, self.evaluation = run, accelerator, evaluation
        share = (accelerator.process_index, accelerator.num_processes)
        self.batches = Batches(images.train, *options.batch, options.seed, *share)
        self.size = objective.network.image_size
        seen = max(self.size, (source and source.image_size) or 0)  # views are drawn for the larger eye, once
        self.loader = training_loader(self.batches, seen, options, accelerator.device)
        self.optimizer = new_optimizer(objective, options)
        self.schedule = new_schedule(self.optimizer, options)
        self.learner, self.stepper = accelerator.prepare(objective, self.optimizer)
        self.source = None if source is None else source.to(accelerator.device)
        self._best_embeddings: Tensor | None = None  # (n, d) of the test images

    def train(self, starts: str = "random weights") -> TrainingResult:
        """All epochs, or those that a resumed run still lacks.

        Args:
            starts: What the network starts from, in words.

        Raises:
            TrainingError: If the loss is no longer finite; the state of the last complete epoch is kept.
            InputError: If an image cannot be read; the message names it.
        """
        lines = self._start(starts)
        options, per_epoch = self.options, len(self.batches) * self.batches.batch_size
        progress = tqdm(
            total=options.epochs * per_epoch,
            initial=len(lines) * per_epoch,
            unit="img",
            unit_scale=True,
            smoothing=0.05,
            disable=quiet(self.accelerator),
        )
        with progress as bar:
            for epoch in range(len(lines), options.epochs):
                bar.set_description(f"epoch {epoch + 1}/{options.epochs}")
                started = time.perf_counter()
                line = self._train_epoch(epoch, bar)
                if (epoch + 1) % options.evaluate_every == 0 or epoch + 1 == options.epochs:
                    line |= self._evaluate()
                line["seconds"] = round(time.perf_counter() - started, 3)
                lines.append(line)
                self._keep(lines)
        evaluated = [line for line in lines if self.evaluation.chooses in line]
        best = max(evaluated, key=lambda line: line[self.evaluation.chooses])
        self._report(lines, best)
        self.accelerator.end_training()
        return TrainingResult(self.run.folder, best, lines[-1], sum(line["seconds"] for line in lines))

    def _start(self, starts: str) -> list[dict[str, Any]]:
        """Load the last state when resuming; returns the metrics of the epochs that are done."""
        state = self.run.load_state() if self.options.resume else None
        if state is not None:
            self.objective.load_state_dict(state["objective"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
        lines = [] if state is None else state["metrics"]
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            self.run.start(lines)
            starts = f"epoch {len(lines)} of the run in {self.run.folder}" if lines else starts
            say(start_sentence(self.images, self.batches, self.options, self.accelerator.device, starts))
        if self.options.log is not None:
            self.accelerator.init_trackers("embedding-transfer", config=self.run.flat_config())
        return lines

    def _train_epoch(self, epoch: int, bar: tqdm[Any]) -> dict[str, Any]:
        self.batches.epoch = epoch
        self.objective.network.backbone_learns = epoch >= self.options.warmup_epochs
        self.learner.train()
        started = time.perf_counter()
        sums: dict[str, float] = defaultdict(float)
        for step, (images, labels, index) in enumerate(self._steps()):
            torch.manual_seed(_seed_of_step(self.options.seed, epoch, step))
            losses = self._step(images, labels, index)
            if not math.isfinite(losses["loss"]):
                raise TrainingError(
                    f"the loss is {losses['loss']} in epoch {epoch + 1}, step {step + 1} of {len(self.batches)}: lower "
                    f"--lr or look at the images; {self.run.folder} keeps the state after epoch {epoch}"
                )
            for name, value in losses.items():
                sums[name] += value
            bar.set_postfix(loss=f"{losses['loss']:.4g}", refresh=False)
            bar.update(self.batches.batch_size)
        line: dict[str, Any] = {"epoch": epoch + 1, **{name: total / len(self.batches) for name, total in sums.items()}}
        line["lr"] = self.schedule.get_last_lr()[0]
        line["images_per_second"] = round(
            len(self.batches) * self.batches.batch_size / (time.perf_counter() - started), 1
        )
        self.schedule.step()
        share_buffers(self.objective.network)
        return line

    def _steps(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Images (views * n, 3, h, w) in [0, 1], labels (views * n,), indices (views * n,), on the device."""
        for views, labels, index in batches_of(self.loader):
            images = as_floats(views_first(views.to(self.accelerator.device, non_blocking=True)))
            rows = (each.to(self.accelerator.device).repeat(self.options.views) for each in (labels, index))
            yield images, *rows

    def _step(self, images: Tensor, labels: Tensor, index: Tensor) -> dict[str, float]:
        """One update, unless the loss is not finite; returns the loss and its parts."""
        with self.accelerator.autocast():
            source = None if self.source is None else self.source(images, index, self.options.views)
            losses = self.learner(resized(images, self.size), labels, index, source)
        values = {name: value.item() for name, value in losses.items()}
        if math.isfinite(values["loss"]):
            self.accelerator.backward(losses["loss"])
            if self.options.clip_value is not None:
                self.accelerator.clip_grad_value_(self.learner.parameters(), self.options.clip_value)
            self.stepper.step()
            self.stepper.zero_grad()
        return values

    def _evaluate(self) -> dict[str, float]:
        self._embeddings = self._embed(self.objective.network, self.images.test)
        return self.evaluation.measure(self._embeddings, lambda images: self._embed(self.objective.network, images))

    def _embed(self, network: EmbeddingNetwork, images: ImageSet) -> Tensor:
        return embed_images(network, images, workers=self.options.workers, accelerator=self.accelerator)

    def _keep(self, lines: list[dict[str, Any]]) -> None:
        """Write what this epoch brought: metrics, the best network, and last of all the state to resume from."""
        line = lines[-1]
        self.accelerator.log({name: value for name, value in line.items() if name != "epoch"}, step=line["epoch"])
        score = self.evaluation.chooses
        before = [earlier[score] for earlier in lines[:-1] if score in earlier]
        is_best = score in line and line[score] > max(before, default=-1.0)
        if is_best:
            self._best_embeddings = self._embeddings.cpu()
        if not self.accelerator.is_main_process:
            return
        self.run.save_networks(self.objective.network, is_best)
        self.run.log(line)
        self.run.save_state(
            {
                "metrics": lines,
                "objective": self.objective.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
            }
        )
        say(epoch_sentence(line, self.options.epochs))

    def _report(self, lines: list[dict[str, Any]], best: dict[str, Any]) -> None:
        """Write report.html about the best network and say in two lines how it ended."""
        embeddings = self._best_embeddings
        if embeddings is None:  # the best epoch was before this run was resumed
            embeddings = self._embed(EmbeddingNetwork.load(self.run.best_file), self.images.test).cpu()
        if self.accelerator.is_main_process:
            page = self.run.folder / "report.html"
            write_run_page(page, self.run.config, lines, best, self.images.test, embeddings)
            for name, line in (("best", best), ("last", lines[-1])):
                print(f"{name}: {epoch_sentence(line, self.options.epochs)}")
            print(f"network: {self.run.best_file}  report: {page}")


def _seed_of_step(seed: int, epoch: int, step: int) -> int:
    return int(np.random.SeedSequence((seed, epoch, step)).generate_state(1)[0])
