"""Transfer: what reaches the loss, what learns, what stays frozen."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.losses import RelaxedContrastiveLoss, TransferLoss
from embedding_transfer.networks import Embedded, EmbeddingNetwork, load_network
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer

EVERY_LOSS: dict[str, dict[str, Any]] = {
    "RelaxedContrastiveLoss": {},
    "RelaxedMSLoss": {},
    "RKDLoss": {},
    "PKTLoss": {},
    "DarkRankLoss": {},
    "AttentionTransferLoss": {},
    "FitNetLoss": {},
    "CRDLoss": {"nce_k": 8, "feat_dim": 4},
    "RAMLLoss": {},
    "SimilarityKLLoss": {},
    "D3stillLoss": {},
    "Matryoshka": {"loss": {"class_path": "SimilarityKLLoss", "init_args": {"anchors": "queue", "queue_size": 50}}},
}


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("loss", EVERY_LOSS)
def test_every_loss_trains_a_target_of_another_architecture(
    loss: str, views: int, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 2, "batch_size": 8, "views": views, "image_size": 32}
    transfer(
        source=tiny_source,
        loss={"class_path": loss, "init_args": EVERY_LOSS[loss]},
        backbone="resnet10t",
        embedding_dim=4,
        output=tmp_path / "run",
        **options,
    )
    lines = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert all(torch.tensor(line["loss"]).isfinite() for line in lines)
    assert load_network(tmp_path / "run").embedding_dim == 4
    torch.manual_seed(0)
    fresh = EmbeddingNetwork("resnet10t", 4, image_size=32)
    first_convolution = next(iter(fresh.backbone.state_dict()))
    trained = torch.load(tmp_path / "run/state.pt", weights_only=True)["objective"]
    assert not torch.equal(
        fresh.backbone.state_dict()[first_convolution], trained[f"network.backbone.{first_convolution}"]
    )


@pytest.mark.parametrize(
    "loss",
    [
        "ProxyAnchorLoss",
        "ProxyNCALoss",
        "MultiSimilarityLoss",
        "ContrastiveLoss",
        "TripletLoss",
        "NPairsLoss",
        "CrossEntropyLoss",
        "pytorch_metric_learning.losses.ArcFaceLoss",
    ],
)
def test_every_metric_loss_trains_a_source(loss: str, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    options = {**tiny_options, "epochs": 1, "views": 2}
    train_source(loss=loss, backbone="convnet-4", embedding_dim=8, output=tmp_path / "run", **options)
    state = torch.load(tmp_path / "run/state.pt", weights_only=True)
    learning = [name for name in state["objective"] if name.startswith("loss.")]
    in_optimizer = sum(len(group["params"]) for group in state["optimizer"]["param_groups"])
    of_network = sum(1 for _ in EmbeddingNetwork("convnet-4", 8, image_size=16).parameters())
    assert in_optimizer == of_network + len(learning)
    assert state["optimizer"]["param_groups"][1]["initial_lr"] == pytest.approx(0.1)  # 100 x lr, as published


def test_a_miner_chooses_the_pairs(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    train_source(
        loss="pytorch_metric_learning.losses.TripletMarginLoss",
        miner="pytorch_metric_learning.miners.BatchHardMiner",
        backbone="convnet-4",
        embedding_dim=8,
        output=tmp_path / "run",
        **{**tiny_options, "epochs": 1},
    )


def test_transfer_teaches_without_labels(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    """A target that sees no label finds classes nearly as its source does, far above the untrained network."""
    options = {**tiny_options, "epochs": 20, "evaluate_every": 20, "lr": 3e-3}
    result = transfer(source=tiny_source, embedding_dim=4, output=tmp_path / "run", **options)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]
    assert result.last["recall@1"] > 0.4  # 5 classes of 5: chance is 4 / 24


class Recording(TransferLoss):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[str, Any]] = []

    def forward(
        self, target: Tensor, source: Tensor, labels: Tensor, index: Tensor, source_maps: list[Tensor]
    ) -> Tensor:
        self.seen.append({"target": target, "source": source, "labels": labels, "index": index, "maps": source_maps})
        return target.square().mean()


def test_a_loss_gets_what_it_names_in_rows_of_views(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    loss = Recording()
    transfer(source=tiny_source, loss=loss, output=tmp_path / "run", **{**tiny_options, "epochs": 1}, views=3)
    for seen in loss.seen:
        assert seen["target"].shape == seen["source"].shape == (36, 8)
        assert torch.equal(seen["labels"], seen["labels"][:12].repeat(3))
        assert torch.equal(seen["index"], seen["index"][:12].repeat(3))
        assert [len(stage) for stage in seen["maps"]] == [36] * 4
        assert not seen["source"].requires_grad
        assert not torch.equal(seen["source"][:12], seen["source"][12:24])  # another view, another embedding


def test_mean_views_share_one_row(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    loss = Recording()
    options = {**tiny_options, "epochs": 1, "views": 2, "source_views": "mean"}
    transfer(source=tiny_source, loss=loss, output=tmp_path / "run", **options)
    seen = loss.seen[0]["source"]
    assert torch.equal(seen[:12], seen[12:])
    torch.testing.assert_close(seen.norm(dim=1), torch.ones(24))


def test_the_metric_loss_is_added_with_its_weight() -> None:
    torch.manual_seed(0)
    network = EmbeddingNetwork("convnet-4", 8, image_size=16).eval()

    def on_labels(embeddings: Tensor, labels: Tensor) -> Tensor:
        return embeddings.abs().mean()

    loss = RelaxedContrastiveLoss()
    objective = TransferObjective(network, loss, views=1, transfer_weight=3.0)
    objective.metric_loss, objective.metric_weight = on_labels, 5.0  # type: ignore[assignment]
    images, source = torch.rand(6, 3, 16, 16), torch.randn(6, 4)
    parts = objective(images, torch.arange(6), torch.arange(6), Embedded([], torch.empty(0), source))
    embeddings = network(images)
    torch.testing.assert_close(parts["loss"], 3 * loss(embeddings, source) + 5 * embeddings.abs().mean())
    torch.testing.assert_close(parts["loss"], 3 * parts["transfer_loss"] + 5 * parts["metric_loss"])


def test_the_target_is_shaped_like_the_source_unless_told(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {name: value for name, value in tiny_options.items() if name != "image_size"}
    transfer(source=tiny_source, output=tmp_path / "run", **{**options, "epochs": 1})
    target, source = load_network(tmp_path / "run"), load_network(tiny_source)
    assert (target.backbone_name, target.embedding_dim, target.image_size) == ("convnet-4", 8, 16)
    assert target.crop == source.crop == 1.0
    assert not torch.equal(target.head.weight, source.head.weight)


def test_a_missing_source_is_never_a_random_one(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such network"):
        transfer(source=tmp_path / "none", output=tmp_path / "run", **tiny_options)
    assert not (tmp_path / "run").exists()


def test_a_method_stands_for_its_options_and_what_is_given_beside_it_wins(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    short = {**tiny_options, "epochs": 1}
    transfer(tiny_source, method="RKD", output=tmp_path / "rkd", **short)
    assert ".RKDLoss" in (tmp_path / "rkd/config.yaml").read_text()
    transfer(tiny_source, method="best", embedding_dim=4, source_views="own", output=tmp_path / "same", **short)
    same = (tmp_path / "same/config.yaml").read_text()
    assert "start_from_source: true" in same
    assert "sigma: 0.5" in same
    assert "source_views: own" in same
    transfer(tiny_source, method="best", backbone="convnet-4", output=tmp_path / "smaller", **short)
    assert ".WeightedSum" in (tmp_path / "smaller/config.yaml").read_text()
    weights = {"backbone": "convnet-4", "weights": tmp_path / "smaller/best.safetensors"}
    transfer(tiny_source, method="best", **weights, output=tmp_path / "learned", **short)
    assert ".RKDLoss" in (tmp_path / "learned/config.yaml").read_text()
    with pytest.raises(UsageError, match=r"no method 'RDK', did you mean RKD"):
        transfer(tiny_source, method="RDK", output=tmp_path / "none", **short)
