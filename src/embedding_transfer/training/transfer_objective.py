"""What a target is trained for: a transfer loss and, if wanted, a metric loss on the labels beside it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from embedding_transfer.losses import TransferLoss
from embedding_transfer.losses.source_projection import SourceProjection
from embedding_transfer.losses.transfer_loss import Batch
from embedding_transfer.networks import Embedded, EmbeddingNetwork
from embedding_transfer.networks.projected import projected
from embedding_transfer.training.gather import gather_rows
from embedding_transfer.training.objective import NetworkState, Objective


class TransferObjective(Objective):
    """A target network, a transfer loss and, if wanted, a metric loss on the labels beside it."""

    def __init__(
        self,
        network: EmbeddingNetwork,
        loss: TransferLoss,
        views: int,
        transfer_weight: float = 1.0,
        metric_loss: nn.Module | None = None,
        metric_weight: float = 1.0,
    ) -> None:
        super().__init__(network)
        self.loss, self.metric_loss, self.views = loss, metric_loss, views
        self.transfer_weight, self.metric_weight = transfer_weight, metric_weight

    def compare(self, target: Embedded, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        if source is None:  # labels alone
            assert self.metric_loss is not None
            embedding, labels = gather_rows(target.embedding, self.views), gather_rows(labels, self.views)
            return {"loss": self.metric_weight * self.metric_loss(embedding, labels)}
        batch = Batch(  # embeddings of all processes; maps of this one, since losses on maps are means over rows
            target=gather_rows(target.embedding, self.views),
            source=gather_rows(source.embedding, self.views),
            target_maps=target.maps,
            source_maps=source.maps,
            labels=gather_rows(labels, self.views),
            index=gather_rows(index, self.views),
        )
        transferred = self.loss.of_batch(batch)
        if self.metric_loss is None:
            return {"loss": self.transfer_weight * transferred}
        on_labels = self.metric_loss(batch.target, batch.labels)
        total = self.transfer_weight * transferred + self.metric_weight * on_labels
        return {"loss": total, "transfer_loss": transferred, "metric_loss": on_labels}

    @property
    def looks_at_maps(self) -> bool:
        return "target_maps" in self.loss.fields

    def in_source_space(self, state: Mapping[str, Tensor]) -> NetworkState | None:
        name = next((name for name, part in self.named_modules() if isinstance(part, SourceProjection)), None)
        if name is None:
            return None
        of_network = {key.removeprefix("network."): state[key] for key in state if key.startswith("network.")}
        return projected(of_network, self.network.description, state[f"{name}.weight"], state.get(f"{name}.bias"))

    def label_parameters(self) -> list[nn.Parameter]:
        return [] if self.metric_loss is None else list(self.metric_loss.parameters())
