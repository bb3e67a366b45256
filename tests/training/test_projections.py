"""A target in its source's coordinates: how the map there starts, survives, and serves queries in its index."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.images import load_images
from embedding_transfer.losses import Matryoshka, RAMLLoss
from embedding_transfer.losses.source_projection import SourceProjection
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.training.projections import projections
from embedding_transfer.verbs.evaluate import evaluate
from embedding_transfer.verbs.transfer import transfer

IN_SOURCE_SPACE = "best-in-source-space.safetensors"


def vectors(network: EmbeddingNetwork, options: dict[str, Any], half: str = "test") -> Tensor:
    return embed_images(network, getattr(load_images("folder", options["root"]), half), workers=0)


def projection_of(run: Path) -> Tensor:
    """W of the last epoch."""
    return torch.load(run / "state.pt", weights_only=True)["objective"]["loss.projection.weight"]


@pytest.mark.parametrize("l2_normalize", [False, True])
def test_the_best_network_is_kept_in_its_source_s_space(
    l2_normalize: bool, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 1, "l2_normalize": l2_normalize, "embedding_dim": 3}
    transfer(tiny_source, **options, loss="RAMLLoss", output=tmp_path / "run")
    short = vectors(load_network(tmp_path / "run"), options)  # (n, 3)
    wide = vectors(load_network(tmp_path / "run" / IN_SOURCE_SPACE), options)  # (n, 8)
    expected = short @ projection_of(tmp_path / "run").T
    torch.testing.assert_close(wide, F.normalize(expected) if l2_normalize else expected, rtol=1e-4, atol=1e-5)


def test_it_starts_as_the_source_s_principal_components(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 1, "lr": 0, "embedding_dim": 3}
    transfer(tiny_source, **options, loss="RAMLLoss", output=tmp_path / "run")
    expected = SourceProjection(3, 8)
    expected.start(vectors(load_network(tiny_source), options, "train"))
    torch.testing.assert_close(projection_of(tmp_path / "run"), expected.weight.detach())


def test_a_target_that_starts_as_its_source_is_where_its_source_is(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """All eight directions of eight, so that nothing is lost, whatever basis they are in."""
    options = {**tiny_options, "epochs": 1, "lr": 0, "start_from_source": True, "batch_norm": "frozen"}
    loss = {"class_path": "RAMLLoss", "init_args": {"project": True}}
    result = transfer(tiny_source, **options, loss=loss, output=tmp_path / "same")
    assert result.last["loss"] < 1e-9
    transfer(tiny_source, **options, embedding_dim=3, loss="RAMLLoss", output=tmp_path / "short")
    short, source = (load_network(path) for path in (tmp_path / "short", tiny_source))
    from_source = vectors(source, options) @ projection_of(tmp_path / "short")  # along the directions it began as
    directions = F.normalize(vectors(short, options)), F.normalize(from_source)
    torch.testing.assert_close(*directions, rtol=1e-4, atol=1e-4)


def test_a_target_comes_near_its_source_and_one_of_relations_alone_does_not(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """By the angle between the vectors of a picture, which is what queries in the source's vectors live on."""
    options = {**tiny_options, "epochs": 30, "lr": 3e-3, "evaluate_every": 30}
    source, near = vectors(load_network(tiny_source), options, "train"), {}
    for name, more in (("RAML", {}), ("short RAML", {"embedding_dim": 6}), ("PKT", {"transfer_weight": 1e4})):
        transfer(tiny_source, **{**options, **more}, loss=f"{name.split()[-1]}Loss", output=tmp_path / name)
        file = tmp_path / name / (IN_SOURCE_SPACE if name == "short RAML" else "best.safetensors")
        found = vectors(load_network(file), options, "train")
        near[name] = F.cosine_similarity(found, source).mean().item()
    assert min(near["RAML"], near["short RAML"]) > 0.8
    assert near["PKT"] < min(near["RAML"], near["short RAML"]) - 0.1


def test_a_short_target_searches_by_its_network_in_the_source_s_space(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    transfer(tiny_source, **{**tiny_options, "epochs": 1, "embedding_dim": 6}, loss="RAMLLoss", output=tmp_path / "run")
    asked = {"root": tiny_options["root"], "ks": (1, 2), "workers": 0, "metric": "cosine"}
    among, _, source = evaluate(tmp_path / "run" / IN_SOURCE_SPACE, gallery_network=tiny_source, **asked)
    assert among["gallery"] == source["network"]  # type: ignore[index]
    with pytest.raises(UsageError, match=r"queries and gallery must have the same .*best-in-source-space"):
        evaluate(tmp_path / "run", gallery_network=tiny_source, **asked)


def test_equal_lengths_need_no_map(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    transfer(tiny_source, **{**tiny_options, "epochs": 1}, loss="RAMLLoss", output=tmp_path / "run")
    assert not (tmp_path / "run" / IN_SOURCE_SPACE).exists()


def test_a_constant_part_does_not_go_with_a_network_that_normalizes(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    loss = {"class_path": "RAMLLoss", "init_args": {"projection_bias": True}}
    options = {**tiny_options, "epochs": 1, "embedding_dim": 3, "loss": loss}
    with pytest.raises(UsageError, match="a projection with a bias does not go with --l2-normalize"):
        transfer(tiny_source, **options, l2_normalize=True, output=tmp_path / "unit")
    assert not (tmp_path / "unit").exists()
    transfer(tiny_source, **options, output=tmp_path / "run")
    state = torch.load(tmp_path / "run/state.pt", weights_only=True)["objective"]
    paths = tmp_path / "run", tmp_path / "run" / IN_SOURCE_SPACE
    short, wide = (vectors(load_network(path), options) for path in paths)
    expected = short @ state["loss.projection.weight"].T + state["loss.projection.bias"]
    torch.testing.assert_close(wide, expected, rtol=1e-4, atol=1e-5)


def test_a_run_with_a_queue_and_maps_resumes_bit_by_bit(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    queue = {"class_path": "SimilarityKLLoss", "init_args": {"anchors": "queue", "queue_size": 30}}
    loss = {"class_path": "Matryoshka", "init_args": {"loss": queue, "dims": [4, 2]}}
    options = {**tiny_options, "embedding_dim": 4, "loss": loss, "schedule": "constant"}
    for name, epochs in (("whole", [2]), ("parts", [1, 2])):
        for count in epochs:
            if count == 2 and len(epochs) == 2:
                config = tmp_path / name / "config.yaml"
                config.write_text(config.read_text().replace("epochs: 1\n", "epochs: 2\n"))
            transfer(tiny_source, **{**options, "epochs": count}, output=tmp_path / name, resume=True)
    whole, parts = (torch.load(tmp_path / n / "state.pt", weights_only=True)["objective"] for n in ("whole", "parts"))
    assert whole["loss.losses.0.queue"].any(dim=1).all()
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_map_of_the_whole_vector_comes_first() -> None:
    loss = Matryoshka(RAMLLoss(target_dim=4, source_dim=8), [2, 4])
    assert projections(loss)[0] is loss.losses[0].projection
    assert loss.dims[0] == 4
