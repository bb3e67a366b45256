"""A run as its page sees it: options, the numbers of its epochs, the best of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedding_transfer.report.scores import score_names


@dataclass(frozen=True)
class RunRecord:
    """What a run directory says.

    Attributes:
        folder: The directory.
        config: All options.
        told: Names of the options that differ from the defaults.
        group: The same text for runs that differ in nothing but their seed.
        lines: Of metrics.jsonl.
        best: The best of them; ``None``: nothing was measured yet.
        start: What was measured before the first epoch, if it was.
        name: What the page calls it.
    """

    folder: Path
    config: Mapping[str, Any]
    told: tuple[str, ...]
    group: str
    lines: Sequence[Mapping[str, Any]]
    best: Mapping[str, Any] | None
    start: Mapping[str, Any] | None
    name: str

    @property
    def is_transfer(self) -> bool:
        """Whether it learned from a source."""
        return "source" in self.config

    @property
    def sources(self) -> list[str]:
        """What it learned from, by name, and the size of the pictures that it was shown, if that was said."""
        named, size = self.config.get("source", []), self.config.get("source_image_size")
        shown = f" at {size} px" if size else ""
        return [f"{name}{shown}" for name in (named if isinstance(named, (list, tuple)) else [named])]

    @property
    def role(self) -> str:
        """What it is beside the others of a page."""
        if not self.is_transfer:
            return "trained on labels"
        return "target" if self.config.get("transfer_weight", 1) > 0 else "target on labels alone"

    @property
    def scores(self) -> dict[str, tuple[float, ...]]:
        """The scores of its best epoch as fractions."""
        return {} if self.best is None else {name: (self.best[name],) for name in score_names(self.best)}

    def is_named(self, source: str) -> bool:
        """Whether this is the run that others name as their source."""
        return os.path.abspath(self.folder) == os.path.abspath(source)

    @property
    def dim(self) -> int | None:
        """Length of its vectors, if that is settled."""
        return self.config.get("embedding_dim")

    @property
    def epochs_left(self) -> int:
        """Epochs that it still has to do."""
        return max(int(self.config.get("epochs", 0)) - len(self.lines), 0)

    @property
    def shape(self) -> str:
        """Its network in words, such as ``resnet18, 64 dimensions``."""
        return f"{self.config.get('backbone') or 'the backbone of its source'}, {self.dim or '?'} dimensions"


def grouped(runs: Sequence[RunRecord]) -> list[list[RunRecord]]:
    """Runs that differ in their seeds alone together, in the order of the first ones."""
    groups: dict[str, list[RunRecord]] = {}
    for run in runs:
        groups.setdefault(run.group, []).append(run)
    return list(groups.values())


def name_of_group(group: Sequence[RunRecord]) -> str:
    """What runs that differ in their seeds are called together: by what their names begin with."""
    first, *others = [run.name for run in group]
    if not others:
        return first
    count = 0
    while count < len(first) and all(name[: count + 1] == first[: count + 1] for name in others):
        count += 1
    common = first[:count].rstrip("-_/ ").removesuffix("seed").rstrip("-_/ ")
    return f"{common or first}, {len(group)} seeds"


def distinct_names(folders: Sequence[Path]) -> list[str]:
    """The last parts of paths, as many as tell all of them apart.

    Example::

        >>> distinct_names([Path("runs/pkt/seed-0"), Path("runs/rkd/seed-0")])
        ['pkt/seed-0', 'rkd/seed-0']
    """
    paths = [folder.resolve() for folder in folders]
    longest = max(len(path.parts) for path in paths)
    names = [path.name for path in paths]
    for count in range(2, longest + 1):
        if len(set(names)) == len(set(paths)):
            break
        names = ["/".join(path.parts[-count:]) for path in paths]
    return names
