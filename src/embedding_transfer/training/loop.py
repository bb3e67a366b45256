"""What training a source and transfer share: epochs, evaluation, the best and the last state, exact resume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.errors import TrainingError
from embedding_transfer.images import Batches, ImageSet, ImageSplits
from embedding_transfer.images.download.progress import phase, say
from embedding_transfer.images.loading import batches_of
from embedding_transfer.images.views import as_floats, views_first
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.report.length_table import head_and_rows_by_length
from embedding_transfer.report.runs.write import write_run_page
from embedding_transfer.report.scores import score_names
from embedding_transfer.report.tables import print_table
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.lengths import scores_by_length
from embedding_transfer.sources import Source
from embedding_transfer.training.evaluation import Evaluation
from embedding_transfer.training.gather import share_buffers
from embedding_transfer.training.loader import training_loader
from embedding_transfer.training.loss_watch import LossWatch
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.optimization import new_schedule
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.progress import TrainingProgress
from embedding_transfer.training.record import Record, Within
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.run_directory import RunDirectory
from embedding_transfer.training.run_record import run_record
from embedding_transfer.training.sentences import choice_sentence, epoch_sentence, start_sentence
from embedding_transfer.training.signs import warn_of_collapse, warn_of_no_loss, warn_of_worse_than_start
from embedding_transfer.training.step import Step


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
        self.batches = Batches(images.train, *options.batch, options.seed, *share, options.view_epochs)
        seen = max(objective.network.image_size, (source and source.image_size) or 0)  # drawn for the larger eye, once
        self.loader = training_loader(self.batches, seen, options, accelerator.device)
        self.source = None if source is None else source.to(accelerator.device)
        self.step = Step(objective, self.source, options, accelerator)
        self.schedule = new_schedule(self.step.optimizer, options)
        self.record = Record(run, (objective, self.step.optimizer, self.schedule), evaluation.chooses, accelerator)
        self._best_embeddings: Tensor | None = None  # (n, d) of the test images

    def train(self, starts: str = "random weights") -> TrainingResult:
        """All epochs, or those that a resumed run still lacks.

        Args:
            starts: What the network starts from, in words.

        Raises:
            TrainingError: If the loss is no longer finite; the state of the last complete epoch is kept.
            InputError: If an image cannot be read; the message names it.
        """
        try:
            if not self._start(starts):
                self._measure_start()
            self._train_epochs()
            self.record.background.wait()
            best = self.record.best()
            self._report(best)
        finally:
            self.record.close()
            if self.source is not None:
                self.source.finish()
            for tracker in self.accelerator.trackers:
                tracker.finish()
        lines = self.record.lines
        return TrainingResult(self.run.folder, best, lines[-1], sum(line["seconds"] for line in lines))

    def _start(self, starts: str) -> bool:
        """Take over the last state if there is one, and say what begins; returns whether there was one."""
        goes_on = self.record.start(self.options.resume)
        if goes_on:
            done, steps = len(self.record.lines), self.record.within.steps
            starts = f"epoch {done}{f' and {steps} steps' if steps else ''} of the run in {self.run.folder}"
        if self.accelerator.is_main_process:
            say(start_sentence(self.images, self.batches, self.options, self.accelerator.device, starts))
        if self.options.log is not None:
            self.accelerator.init_trackers("embedding-transfer", config=self.run.flat_config())
        return goes_on

    def _measure_start(self) -> None:
        """Epoch 0: the network as it is before it learns."""
        started = time.perf_counter()
        with phase(f"epoch 0: embedding {len(self.images.test):,} test pictures for what it starts from"):
            line: dict[str, Any] = {"epoch": 0, **self._evaluate()}
        line["seconds"] = round(time.perf_counter() - started, 3)
        self.record.add_start(line)
        self._say(line)

    def _train_epochs(self) -> None:
        options, done = self.options, len(self.record.lines)
        steps, batch_size = len(self.batches), self.batches.batch_size
        all_pictures = options.epochs * steps * batch_size
        before = (done * steps + self.record.within.steps) * batch_size
        with TrainingProgress("train", all_pictures, before, self.accelerator.is_main_process) as progress:
            for epoch in range(done, options.epochs):
                progress.begin_epoch(epoch + 1, options.epochs)
                started = time.perf_counter()
                line = self._train_epoch(epoch, progress)
                if (epoch + 1) % options.evaluate_every == 0 or epoch + 1 == options.epochs:
                    line |= self._evaluate()
                line["seconds"] = round(time.perf_counter() - started, 3)
                self._keep(line)

    def _train_epoch(self, epoch: int, progress: TrainingProgress) -> dict[str, Any]:
        within = self.record.within
        self.batches.epoch, self.batches.start = epoch, within.steps
        self.objective.network.backbone_learns = epoch >= self.options.warmup_epochs
        self.step.learner.train()
        if self.source is not None:
            self.source.begin_epoch(epoch)
        started, steps = time.perf_counter(), len(self.batches)
        watch = LossWatch(f"epoch {epoch + 1}", steps, self.accelerator.device, within.sums, within.steps)
        for done, (images, labels, index) in enumerate(self._batches(), within.steps + 1):
            torch.manual_seed(_seed_of_step(self.options.seed, epoch, done - 1))
            self._watch(watch, self.step(images, labels, index))
            progress.step(self.batches.batch_size, watch.last)
            self.record.background.check()
            if self.options.save_every_steps and done % self.options.save_every_steps == 0 and done < steps:
                share_buffers(self.objective.network)
                self._watch(watch)
                self.record.save(Within(done, watch.totals()))
        self._watch(watch)
        if self.accelerator.is_main_process:
            warn_of_no_loss(watch.means(), watch.where)
        pictures = (steps - within.steps) * self.batches.batch_size
        line = {
            "epoch": epoch + 1,
            **watch.means(),
            "lr": self.schedule.get_last_lr()[0],
            "images_per_second": round(pictures / (time.perf_counter() - started), 1),
        }
        self.schedule.step()
        share_buffers(self.objective.network)
        return line

    def _watch(self, watch: LossWatch, losses: dict[str, Tensor] | None = None) -> None:
        """Take the losses of a step, or look at those that nobody has seen.

        Raises:
            TrainingError: If one is not finite.
        """
        try:
            watch.look() if losses is None else watch.add(losses)
        except TrainingError as error:
            kept = f"{self.run.folder} keeps the state after epoch {len(self.record.lines)}"
            raise TrainingError(f"{error}: lower --lr or look at the images; {kept}") from error

    def _batches(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Images (views * n, 3, h, w) in [0, 1], labels (views * n,), indices (views * n,), on the device."""
        for views, labels, index in batches_of(self.loader):
            images = as_floats(views_first(views.to(self.accelerator.device, non_blocking=True)))
            rows = (each.to(self.accelerator.device).repeat(self.options.views) for each in (labels, index))
            yield images, *rows

    def _evaluate(self) -> dict[str, float]:
        self._embeddings = self._embed(self.objective.network, self.images.test)
        if self.accelerator.is_main_process:
            warn_of_collapse(self._embeddings)
        return self.evaluation.measure(self._embeddings, lambda images: self._embed(self.objective.network, images))

    def _embed(self, network: EmbeddingNetwork, images: ImageSet) -> Tensor:
        return embed_images(network, images, workers=self.options.workers, accelerator=self.accelerator)

    def _keep(self, line: dict[str, Any]) -> None:
        if self.record.add(line):
            self._best_embeddings = self._embeddings.cpu()
        self._say(line)

    def _say(self, line: dict[str, Any]) -> None:
        self.accelerator.log({name: value for name, value in line.items() if name != "epoch"}, step=line["epoch"])
        if self.accelerator.is_main_process:
            say(epoch_sentence(line, self.options.epochs))

    def _report(self, best: dict[str, Any]) -> None:
        """Write report.html about the best network and say in two lines how it ended."""
        embeddings = self._best_embeddings
        if embeddings is None:  # the best epoch was before this run was resumed
            embeddings = self._embed(EmbeddingNetwork.load(self.run.best_file), self.images.test).cpu()
        if self.accelerator.is_main_process:
            page, lines, start = self.run.folder / "report.html", self.record.lines, self.record.start_line
            run = run_record(self.run.folder, self.run.config, lines, best, start, self.run.folder.name)
            network, taught = self.objective.network, self.evaluation.taught
            write_run_page(page, run, self.images.test, embeddings, network, taught)
            said = {"start": start, f"best ({choice_sentence(self.evaluation.chooses)})": best, "last": lines[-1]}
            for name, line in said.items():
                if line is not None:
                    print(f"{name}: {epoch_sentence(line, self.options.epochs)}")
            warn_of_worse_than_start(start, best, lines[-1], score_names(best)[0])
            if scores_by_length(best):
                print_table(*head_and_rows_by_length(best, embeddings.shape[1]))
            print(f"network: {self.run.best_file}  report: {page}")
            self.run.state.drop_before()


def _seed_of_step(seed: int, epoch: int, step: int) -> int:
    return int(np.random.SeedSequence((seed, epoch, step)).generate_state(1)[0])
