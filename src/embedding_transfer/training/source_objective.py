"""What a source is trained for: a metric loss on its embeddings."""

from __future__ import annotations

from torch import Tensor, nn

from embedding_transfer.networks import Embedded, EmbeddingNetwork
from embedding_transfer.training.gather import gather_rows
from embedding_transfer.training.objective import Objective


class SourceObjective(Objective):
    """A network and a metric loss on its embeddings."""

    def __init__(self, network: EmbeddingNetwork, loss: nn.Module, views: int) -> None:
        super().__init__(network)
        self.loss, self.views = loss, views

    def compare(self, target: Embedded, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        embedding = gather_rows(target.embedding, self.views)  # (views * batch, d)
        return {"loss": self.loss(embedding, gather_rows(labels, self.views))}

    def label_parameters(self) -> list[nn.Parameter]:
        return list(self.loss.parameters())
