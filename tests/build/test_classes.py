"""From a name to an object: losses by name, path, class or options, sizes filled in by name."""

from typing import Any

import pytest
import torch

from embedding_transfer import losses, metric_losses
from embedding_transfer.build import build, described, find_class, with_argument
from embedding_transfer.errors import UsageError
from embedding_transfer.losses import CRDLoss, PKTLoss, RelaxedContrastiveLoss, RKDLoss, TransferLoss, WeightedSum
from embedding_transfer.metric_losses import ProxyAnchorLoss

SIZES = {"target_dim": 4, "source_dim": 6, "n_images": 20, "image_labels": torch.arange(20) % 5}


@pytest.mark.parametrize(
    "spec",
    [
        "RelaxedContrastiveLoss",
        "embedding_transfer.losses.RelaxedContrastiveLoss",
        RelaxedContrastiveLoss,
        {"class_path": "RelaxedContrastiveLoss"},
        {"class_path": "RelaxedContrastiveLoss", "init_args": {"sigma": 1.0}},
    ],
)
def test_a_loss_can_be_named_in_many_ways(spec: object) -> None:
    built = build(spec, losses, SIZES)  # type: ignore[arg-type]
    assert isinstance(built, RelaxedContrastiveLoss)
    assert built.sigma == 1.0


def test_an_object_is_taken_as_it_is() -> None:
    loss = RelaxedContrastiveLoss(sigma=3.0)
    assert build(loss, losses, SIZES) is loss


def test_sizes_are_filled_in_by_name() -> None:
    crd = build({"class_path": "CRDLoss", "init_args": {"feat_dim": 3, "nce_k": 5}}, losses, SIZES)
    assert isinstance(crd, CRDLoss)
    assert crd.target_memory.shape == (20, 3)
    proxies = build("ProxyAnchorLoss", metric_losses, {"num_classes": 7, "embedding_size": 4})
    assert isinstance(proxies, ProxyAnchorLoss)
    assert proxies.proxies.shape == (7, 4)


def test_sums_are_built_with_their_parts() -> None:
    parts = [{"class_path": "RKDLoss"}, {"class_path": "CRDLoss", "init_args": {"nce_k": 5}}]
    spec = {"class_path": "WeightedSum", "init_args": {"losses": parts, "weights": [1.0, 0.5]}}
    built = build(spec, losses, SIZES)
    assert isinstance(built, WeightedSum)
    assert {"target", "source", "index"} <= set(built.fields)


def test_a_loss_within_a_loss_may_be_its_name_alone() -> None:
    spec = with_argument({"class_path": "Matryoshka", "init_args": {"loss": "RKDLoss", "dims": "4,2"}}, "loss.a", 1)
    assert spec["init_args"]["loss"] == {"class_path": "RKDLoss", "init_args": {"a": 1}}
    for named in ("CRDLoss", {"class_path": "CRDLoss"}):
        built = build({"class_path": "Matryoshka", "init_args": {"loss": named, "dims": "4,2"}}, losses, SIZES)
        assert built.dims == [4, 2]
        assert isinstance(built.losses[0], CRDLoss)  # with the sizes that it asks for
    described_as = described({"class_path": "Matryoshka", "init_args": {"loss": "RKDLoss", "dims": [4, 2]}}, losses)
    assert described_as["init_args"] == {"loss": RKD, "dims": [4, 2]}
    assert described({"class_path": "Matryoshka", "init_args": described_as["init_args"]}, losses) == described_as
    for parts in ("RKDLoss,PKTLoss", ["RKDLoss", {"class_path": "PKTLoss"}]):
        of_sum = build({"class_path": "WeightedSum", "init_args": {"losses": parts, "weights": "1,2"}}, losses, {})
        assert [type(part) for part in of_sum.losses] == [RKDLoss, PKTLoss]
    with pytest.raises(UsageError, match=r"no 'PKTLos' in embedding_transfer\.losses, did you mean PKTLoss\?"):
        build({"class_path": "Matryoshka", "init_args": {"loss": "PKTLos"}}, losses, {})


def test_wrong_names_and_options_are_named() -> None:
    with pytest.raises(UsageError, match=r"no 'PKTLos' in embedding_transfer\.losses, did you mean PKTLoss\?"):
        build("PKTLos", losses, {})
    with pytest.raises(UsageError, match=r"RelaxedContrastiveLoss has no option 'sgma', did you mean sigma\?"):
        build({"class_path": "RelaxedContrastiveLoss", "init_args": {"sgma": 1}}, losses, {})
    with pytest.raises(UsageError, match="cannot build CRDLoss"):
        build("CRDLoss", losses, {})
    with pytest.raises(UsageError, match=r"cannot import 'no\.such'"):
        find_class("no.such.Thing", losses)
    with pytest.raises(UsageError, match="no 'Thing' in math"):
        find_class("math.Thing", losses)


RKD = {"class_path": "embedding_transfer.losses.RKDLoss", "init_args": {"distance_weight": 1.0, "angle_weight": 2.0}}


@pytest.mark.parametrize(
    "spec",
    ["RKDLoss", "embedding_transfer.losses.rkd.RKDLoss", {"class_path": "RKDLoss", "init_args": {}}, RKDLoss, RKD],
)
def test_every_way_of_naming_a_class_is_described_alike_and_completely(spec: Any) -> None:
    assert described(spec, losses) == RKD


def test_what_is_filled_in_is_no_part_of_a_description() -> None:
    assert set(described("CRDLoss", losses)["init_args"]) == {"feat_dim", "nce_k", "nce_t", "nce_m", "shared_negatives"}
    parts = [{"class_path": "RKDLoss"}, {"class_path": "PKTLoss"}]
    of_sum = described({"class_path": "WeightedSum", "init_args": {"losses": parts, "weights": ["1", 2]}}, losses)
    assert of_sum["init_args"]["losses"][0] == RKD
    assert of_sum["init_args"]["weights"] == [1.0, 2.0]


def test_an_object_is_described_by_its_class_alone_and_not_built_from_that() -> None:
    description = described(RelaxedContrastiveLoss(sigma=3.0), losses)
    assert description == {
        "class_path": "embedding_transfer.losses.RelaxedContrastiveLoss",
        "given_as": "an object",
    }
    assert described(description, losses) == description
    with pytest.raises(UsageError, match="was given as an object in Python"):
        build(description, losses, {})


def test_arguments_are_checked_by_the_types_that_the_class_says() -> None:
    spec = {"class_path": "RKDLoss", "init_args": {"angle_weight": "1e-3"}}
    assert build(spec, losses, {}).angle_weight == 0.001
    with pytest.raises(UsageError, match=r"RKDLoss\.angle_weight: expected a number; got much"):
        build({"class_path": "RKDLoss", "init_args": {"angle_weight": "much"}}, losses, {})


def test_one_argument_is_set_at_a_time() -> None:
    spec = with_argument("RKDLoss", "angle_weight", 3)
    spec = with_argument(spec, "init_args.distance_weight", 0.5)
    assert spec == {"class_path": "RKDLoss", "init_args": {"angle_weight": 3, "distance_weight": 0.5}}
    nested = with_argument({"class_path": "Memory", "init_args": {"loss": "TripletLoss"}}, "loss.margin", 0.1)
    assert nested["init_args"]["loss"] == {"class_path": "TripletLoss", "init_args": {"margin": 0.1}}
    with pytest.raises(UsageError, match="was given as an object"):
        with_argument(RKDLoss(), "angle_weight", 3)


def test_a_loss_that_asks_for_what_no_step_has_is_refused() -> None:
    class Misspelt(TransferLoss):
        def forward(self, target: torch.Tensor, sorce: torch.Tensor) -> torch.Tensor:
            return target

    with pytest.raises(UsageError, match=r"Misspelt\.forward asks for 'sorce', did you mean source\?"):
        _ = Misspelt().fields
