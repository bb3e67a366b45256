"""What the networks of a grid cost to run, measured once for each shape of a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from accelerate import Accelerator

from embedding_transfer.files import write_text
from embedding_transfer.grid.baselines import changed_at
from embedding_transfer.grid.measured import read_measured
from embedding_transfer.networks import load_network
from embedding_transfer.report.runs.cost import UNKNOWN, Cost, cost_of
from embedding_transfer.report.runs.measure import cost_of_source
from embedding_transfer.sources import open_source
from embedding_transfer.training.transfer_options import TransferOptions


class Size(NamedTuple):
    """Length of the vectors of a network, and what it costs."""

    dim: int | None = None
    cost: Cost = UNKNOWN


NO_SIZE = Size()


class Costs:
    """Sizes of networks, kept in a file, so that a table that is made again says the same.

    Args:
        file: JSON: sizes by what they are of.
        accelerator: Where time is measured.
    """

    def __init__(self, file: Path, accelerator: Accelerator) -> None:
        self.file, self.device = file, accelerator.device
        self.kept: dict[str, Any] = read_measured(file)

    def of_run(self, folder: Path) -> Size:
        """Of the best network of a run; networks of one shape share their numbers."""
        network = load_network(folder)
        shape = (network.backbone_name, network.embedding_dim, network.image_size, network.pooling)
        return self._known(
            f"{shape} on {self.device}",
            lambda: Size(network.embedding_dim, cost_of(network.to(self.device), timed=True)),
        )

    def of_source(self, options: TransferOptions) -> Size:
        """Of what targets learned from; all networks in it together, and nothing but the length for stored vectors."""

        def measured() -> Size:
            source = open_source(options.source, options)
            return Size(source.dim, cost_of_source(source.to(self.device)))

        names = [(str(name), changed_at(Path(str(name)))) for name in options.source]
        return self._known(f"{names} on {self.device}", measured)

    def _known(self, what: str, measured: Callable[[], Size]) -> Size:
        if what not in self.kept:
            self.kept[what] = measured()
            write_text(self.file, json.dumps(self.kept, indent=1))
        dim, cost = self.kept[what]
        return Size(dim, Cost(*cost))
