"""Modules and functions of a user's own as sources."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.sources import PictureSource, open_source
from embedding_transfer.sources.own_source import OwnSource


class MeanColor(nn.Module):
    image_size = 8

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, images: Tensor) -> Tensor:
        assert images.shape[-1] == self.image_size
        return self.scale * images.mean(dim=(2, 3))


def mean_color(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))


def make_mean_color() -> nn.Module:
    return MeanColor()


@pytest.mark.parametrize("given", [MeanColor, MeanColor(), make_mean_color], ids=["class", "module", "factory"])
def test_a_class_a_module_and_a_factory_are_the_same(given: Any) -> None:
    source = open_source(given)
    images = torch.rand(4, 3, 8, 8)
    assert (source.image_size, source.dim) == (8, 3)
    embedded = source(images, torch.arange(4), 2)
    torch.testing.assert_close(embedded.embedding, 2 * images.mean(dim=(2, 3)))
    assert not embedded.embedding.requires_grad
    assert embedded.maps == []


def test_it_is_frozen_and_stays_so() -> None:
    module = MeanColor()
    source = open_source(module)
    source.train()
    assert not module.training
    assert not module.scale.requires_grad
    assert dict(source.named_parameters())  # it moves to a device with the source


def test_it_sees_its_own_resolution() -> None:
    """Larger views are shrunk with antialiasing: a checkerboard becomes gray."""
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2
    images = board.expand(1, 3, 16, 16).float()
    seen: list[Tensor] = []

    class Watcher(MeanColor):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(images)
            return super().forward(images)

    open_source(Watcher())(images, torch.arange(1), 1)
    assert seen[-1].shape == (1, 3, 8, 8)
    assert (seen[-1] - 0.5).abs().max() < 0.02


def test_a_class_path_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_networks.py").write_text("def mean(images):\n    return images.mean(dim=(2, 3))\n")
    monkeypatch.syspath_prepend(tmp_path)
    source = open_source("my_networks.mean")
    assert isinstance(source, PictureSource)
    assert (source.name, source.dim, source.image_size) == ("my_networks.mean", 3, 224)
    with pytest.raises(UsageError, match=r"no 'man' in my_networks, did you mean mean\?"):
        open_source("my_networks.man")


def image(images: Tensor) -> Tensor:
    return images


def row_short(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))[1:]


def breaks(images: Tensor) -> Tensor:
    raise ValueError("I like no pictures")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (image, r"source image must make vectors \(2, d\) of 2 images; got \(2, 3, 224, 224\)"),
        (row_short, r"got \(1, 3\)"),
        (lambda images: "text", "got str"),
        (breaks, "source breaks fails on pictures of 224: I like no pictures"),
        (lambda: 3, "makes a int, which cannot be called"),
    ],
)
def test_what_makes_no_vectors_is_refused(given: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_source(given)


def test_vectors_that_turn_bad_later_are_named() -> None:
    def grows(images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3)) if len(images) == 2 else images

    with pytest.raises(InputError, match=r"must make vectors \(5, d\) of 5 images"):
        OwnSource(grows, "grows")(torch.zeros(5, 3, 4, 4))


def test_sixteen_bits_become_thirty_two() -> None:
    half = OwnSource(lambda images: images.mean(dim=(2, 3)).half(), "half")
    assert half(torch.rand(2, 3, 4, 4)).dtype == torch.float32
