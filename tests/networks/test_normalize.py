"""Pictures are floats in [0, 1]: whole numbers are refused, other values warned of once, no GPU is waited for."""

import copy
import warnings

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from embedding_transfer.errors import InputError
from embedding_transfer.networks import EmbeddingNetwork

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
IMAGENET = (torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1))


@pytest.fixture
def network() -> EmbeddingNetwork:
    return EmbeddingNetwork("convnet-4", 3, image_size=16).eval()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64, torch.bool])
def test_whole_numbers_are_refused_with_what_to_do(network: EmbeddingNetwork, dtype: torch.dtype) -> None:
    images = (IMAGES * 255).to(dtype)
    for embed in (network, network.embed_all):
        with pytest.raises(InputError, match=rf"floats in \[0, 1\]; got {dtype}: give images.float\(\) / 255"):
            embed(images)


@pytest.mark.parametrize("images", [IMAGES * 255, (IMAGES - IMAGENET[0]) / IMAGENET[1], 2 * IMAGES - 1])
def test_values_that_are_no_picture_are_warned_of_once(network: EmbeddingNetwork, images: Tensor) -> None:
    with pytest.warns(
        UserWarning, match=r"pictures in \[0, 1\] are expected.*leave out Normalize, or give images / 255"
    ):
        network(images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network(images)


def test_a_wrong_batch_after_right_ones_is_noticed(network: EmbeddingNetwork) -> None:
    network(IMAGES)
    with pytest.warns(UserWarning, match="got values from"):
        network(IMAGES * 255)


@pytest.mark.parametrize(
    "images", [IMAGES, IMAGES * 1.009, IMAGES - 0.009, torch.zeros(1, 3, 16, 16), IMAGES.half(), IMAGES[:0]]
)
def test_pictures_are_taken_in_silence(network: EmbeddingNetwork, images: Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert network(images).dtype == torch.float32


def test_each_network_looks_for_itself(network: EmbeddingNetwork) -> None:
    other = copy.deepcopy(network)
    for each in (network, other):
        with pytest.warns(UserWarning, match="got values from"):
            each(IMAGES * 255)


def test_recording_a_graph_looks_at_no_value(network: EmbeddingNetwork) -> None:
    assert torch.equal(torch.export.export(network, (IMAGES,)).module()(IMAGES), network(IMAGES))
    mode = FakeTensorMode()
    values = dict([*network.named_parameters(), *network.named_buffers()])
    without_values = {name: mode.from_tensor(value) for name, value in values.items()}
    images = mode.from_tensor(IMAGES)
    with mode:
        assert torch.func.functional_call(network, without_values, images).shape == (2, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_is_waited_for_at_the_first_batch_alone(network: EmbeddingNetwork) -> None:
    network, images = network.cuda(), IMAGES.cuda()
    network(images)
    try:
        torch.cuda.set_sync_debug_mode("error")
        network(images)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_a_network_without_normalization_takes_what_it_is_given(network: EmbeddingNetwork) -> None:
    network.normalize = nn.Identity()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network(2 * IMAGES - 1)
