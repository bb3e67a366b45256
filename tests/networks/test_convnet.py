import pytest
import torch

from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.convnet import ConvNet, convnet_width


@pytest.mark.parametrize(
    ("name", "width"),
    [("convnet-32", 32), ("convnet-1", 1), ("convnet-0", None), ("convnet-", None), ("resnet18", None)],
)
def test_width_is_in_the_name(name: str, width: int | None) -> None:
    assert convnet_width(name) == width


@pytest.mark.parametrize(("size", "map_sizes"), [(28, [28, 14, 7, 3]), (32, [32, 16, 8, 4]), (8, [8, 4, 2, 1])])
def test_maps(size: int, map_sizes: list[int]) -> None:
    backbone = ConvNet(6)
    maps, final, *_ = backbone(torch.rand(2, 3, size, size))
    assert [tuple(stage.shape) for stage in maps] == [
        (2, channels, side, side) for channels, side in zip([6, 6, 12, 12], map_sizes, strict=True)
    ]
    assert final is maps[-1]


def test_it_learns_to_tell_stripes_apart() -> None:
    torch.manual_seed(0)
    labels = torch.arange(32) % 2
    across = (torch.arange(28) // 3 % 2).float().expand(28, 28)
    pictures = torch.where(labels.bool()[:, None, None], across, across.T)  # (32, 28, 28)
    images = (pictures[:, None].expand(-1, 3, -1, -1) + 0.3 * torch.rand(32, 3, 28, 28)).clamp(0, 1)
    network = EmbeddingNetwork("convnet-4", 2, image_size=28)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
    assert (network.eval()(images).argmax(dim=1) == labels).all()
