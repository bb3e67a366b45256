"""What a training keeps: the metrics of its epochs, the best network, and the state to resume from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from accelerate import Accelerator
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from embedding_transfer.networks.network_file import write_network_file
from embedding_transfer.training.background import Background, copy_of
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.run_directory import RunDirectory


class Within(NamedTuple):
    """How far an epoch is: steps that are done, and the sums of their losses by name."""

    steps: int = 0
    sums: Mapping[str, float] = MappingProxyType({})


class Record:
    """The metrics of the epochs, in memory, and all files of a run but its page; written by the first process.

    Args:
        run: Where files go.
        learns: What learns, its optimizer and its schedule; they take over the state of a resumed run.
        chooses: The name of the number whose largest value is the best epoch's.
        accelerator: Knows which process this is.

    Attributes:
        lines: The metrics of each epoch that is done.
        start_line: What was measured before the first epoch; ``None`` if nothing was.
        within: How far the next one is when it begins, as in a run that is resumed.
    """

    def __init__(
        self,
        run: RunDirectory,
        learns: tuple[Objective, Optimizer, LRScheduler],
        chooses: str,
        accelerator: Accelerator,
    ) -> None:
        self.run, self.chooses, self.accelerator = run, chooses, accelerator
        self.objective, self.optimizer, self.schedule = learns
        self.lines: list[dict[str, Any]] = []
        self.start_line: dict[str, Any] | None = None
        self.within = Within()
        self.bests_from = 0  # lines before have lost their network
        self.background = Background()

    def start(self, resume: bool) -> bool:
        """Lock the folder, take over the last state if asked to; returns whether there was one.

        Raises:
            UsageError: If another training is at work in the folder.
            InputError: If the state is damaged, and so is the one before it.
        """
        if self.accelerator.is_main_process:
            self.run.lock()
        self.accelerator.wait_for_everyone()
        state = self.run.state.load() if resume else None
        if state is not None:
            self.objective.load_state_dict(state["objective"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.lines, self.within = state["metrics"], Within(**state.get("within", {}))
            self.start_line = state.get("start")
            self.bests_from = state.get("bests_from", 0)
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            self.run.start(self.lines, self.start_line)
        if self._scored() and not self.run.has_best():
            self._replace_best()
        self.accelerator.wait_for_everyone()
        return state is not None

    def _replace_best(self) -> None:
        self.bests_from = len(self.lines) - 1
        if self.accelerator.is_main_process:
            file, number = self.run.best_file, len(self.lines)
            warnings.warn(f"{file} is missing or damaged: the network of epoch {number} takes its place", stacklevel=3)
            self._save_networks(self.objective.state_dict(), self.objective.network.description, is_best=True)

    def add_start(self, line: dict[str, Any]) -> None:
        """Keep what was measured before the first epoch."""
        self.start_line = line
        if self.accelerator.is_main_process:
            self.run.start(self.lines, line)

    def add(self, line: dict[str, Any]) -> bool:
        """Keep an epoch; returns whether it is the best so far."""
        score = line.get(self.chooses, -1.0)
        is_best = score > max((scored[self.chooses] for scored in self._scored()), default=-1.0)
        self.lines.append(line)
        self.within = Within()
        self.save(Within(), is_best)
        return is_best

    def save(self, within: Within, is_best: bool = False) -> None:
        """Write a copy of the state in the background; after an epoch its networks and its metrics before it."""
        if not self.accelerator.is_main_process:
            return
        self.background.wait()  # before there is a second copy
        state = copy_of(
            {
                "metrics": [dict(line) for line in self.lines],
                "within": {"steps": within.steps, "sums": dict(within.sums)},
                "start": self.start_line,
                "bests_from": self.bests_from,
                "objective": self.objective.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
            }
        )
        description = self.objective.network.description

        def write() -> None:
            if within.steps == 0:
                self._save_networks(state["objective"], description, is_best)
                self.run.log(state["metrics"][-1])
            self.run.save_state(state)

        self.background.do(write)

    def _save_networks(self, state: Mapping[str, Tensor], description: dict[str, Any], is_best: bool) -> None:
        """The networks of a state of the objective; the best one also in its source's space, for queries there."""
        self.run.save_networks(_under(state, "network."), description, is_best)
        if is_best and (wider := self.objective.in_source_space(state)) is not None:
            write_network_file(self.run.in_source_space_file, *wider)

    def best(self) -> dict[str, Any]:
        """The metrics of the best epoch; the last evaluated one where the network of all others is lost."""
        scored = self._scored() or [line for line in self.lines if self.chooses in line][-1:]
        return max(scored, key=lambda line: line[self.chooses])

    def _scored(self) -> list[dict[str, Any]]:
        return [line for line in self.lines[self.bests_from :] if self.chooses in line]

    def close(self) -> None:
        """Wait for what is being written, and let other trainings into the folder."""
        try:
            self.background.close()
        finally:
            self.run.unlock()


def _under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries under a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
