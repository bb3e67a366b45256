"""Training targets from sources of every kind: stored vectors equal the live source, sizes differ, maps are missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.networks import load_network
from embedding_transfer.sources import open_source
from embedding_transfer.verbs.transfer import transfer

SHAPE: dict[str, Any] = {"backbone": "convnet-4", "embedding_dim": 3, "image_size": 16}


def of_color(images: Tensor) -> Tensor:
    """Depends on nothing but the color of a picture, which every view of it has."""
    color = images.amax(dim=(2, 3))
    return torch.cat([color, color.square()], dim=1)


of_color.image_size = 16  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def colors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of one color each, so that every view of a picture is the same to a source."""
    root = tmp_path_factory.mktemp("colors")
    rng = np.random.default_rng(0)
    for split, classes in (("train", 6), ("test", 4)):
        for c in range(classes):
            for i in range(4):
                folder = root / split / f"{split}{c}"
                folder.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (20, 24), tuple(rng.integers(0, 256, 3).tolist())).save(folder / f"{i}.png")
    return root


def store(root: Path, file: Path) -> Path:
    """Vectors of both halves, in another order than the pictures."""
    source, splits = open_source(of_color), load_images("folder", root)
    vectors = torch.cat([source.embed(part, workers=0) for part in splits]).numpy()
    keys = [key for part in splits for key in part.keys]
    order = np.random.default_rng(1).permutation(len(keys))
    np.save(file, vectors[order])
    file.with_suffix(".txt").write_text("\n".join(keys[i] for i in order))
    return file


def test_stored_vectors_train_the_same_target_step_by_step(
    colors: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, **SHAPE, "root": colors, "epochs": 2, "augmentation": "photo"}
    live = transfer(of_color, output=tmp_path / "live", **options)
    stored = transfer(store(colors, tmp_path / "v.npy"), output=tmp_path / "stored", **options)
    for name in ("loss", "recall@1"):
        assert live.last[name] == stored.last[name]
    a, b = (load_network(tmp_path / name / "last.safetensors").state_dict() for name in ("live", "stored"))
    for name in a:
        assert torch.equal(a[name], b[name]), name


def test_several_sources_train_a_target(
    colors: Path, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, **SHAPE, "root": colors, "epochs": 1}
    file = store(colors, tmp_path / "v.npy")
    transfer([tiny_source, file, of_color], source_weight=(1, 2, 1), output=tmp_path / "run", **options)
    assert (tmp_path / "run/best.safetensors").exists()
    with pytest.raises(UsageError, match="one number for each source; got 2 for 3"):
        transfer([tiny_source, file, of_color], source_weight=(1, 2), output=tmp_path / "no", **options)


def test_each_network_sees_its_own_resolution(tiny_folder: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    class Source(nn.Module):
        image_size = 24

        def forward(self, images: Tensor) -> Tensor:
            seen.append(tuple(images.shape[-2:]))
            return images.flatten(2).std(dim=2)

    options = {**tiny_options, **SHAPE, "epochs": 1}
    transfer(Source, output=tmp_path / "run", **options)
    assert set(seen) == {(24, 24)}
    assert load_network(tmp_path / "run").image_size == 16


def test_a_smaller_source_sees_views_shrunk_not_drawn_small(tiny_options: dict[str, Any], tmp_path: Path) -> None:
    class Small(nn.Module):
        image_size = 8

        def forward(self, images: Tensor) -> Tensor:
            assert images.shape[-1] == 8
            return images.mean(dim=3).flatten(1)

    transfer(Small, output=tmp_path / "run", **{**tiny_options, **SHAPE, "epochs": 1})


@pytest.mark.parametrize("loss", ["FitNetLoss", "AttentionTransferLoss"])
def test_a_loss_on_maps_is_refused_before_anything_is_loaded(loss: str, tmp_path: Path) -> None:
    options = {**SHAPE, "root": tmp_path / "there are no images", "output": tmp_path / "run"}
    with pytest.raises(UsageError, match=f"{loss} needs the source's stage maps, which .*of_color does not give"):
        transfer(of_color, loss=loss, metric_loss="ProxyAnchorLoss", **options)
    assert not (tmp_path / "run").exists()


def test_what_a_target_cannot_take_from_its_source_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"of_color has no backbone that a target could take: give --backbone"):
        transfer(of_color, output=tmp_path / "run")
    with pytest.raises(UsageError, match=r"trained here, not of .*of_color: leave out --start-from-source"):
        transfer(of_color, backbone="convnet-4", start_from_source=True, output=tmp_path / "run")


def test_an_object_stands_in_the_configuration_by_its_class(
    colors: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, **SHAPE, "root": colors, "epochs": 1}
    transfer(of_color, loss=RelaxedContrastiveLoss(sigma=0.5), output=tmp_path / "run", **options)
    text = (tmp_path / "run/config.yaml").read_text()
    assert "source: 'an object: " in text
    assert "given_as: an object" in text


def test_a_source_of_broken_weights_is_blamed_itself(
    colors: Path, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    network = load_network(tiny_source)
    torch.nn.init.constant_(network.head.weight, torch.nan)
    network.save(tmp_path / "broken.safetensors")
    with pytest.raises(InputError, match=r"the source cannot be used: .*broken.safetensors has .* NaN or infinite"):
        transfer(tmp_path / "broken.safetensors", **{**tiny_options, "root": colors}, output=tmp_path / "run")
