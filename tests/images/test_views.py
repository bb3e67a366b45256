"""Views: exact to the golden crops, replayable, in [0, 1], never mirrored where a mirror image is another letter."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from embedding_transfer.errors import UsageError
from embedding_transfer.images.batches import Drawn
from embedding_transfer.images.decode import array_to_rgb, to_rgb
from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.images.views import (
    EvaluationViews,
    TrainingViews,
    as_floats,
    evaluation_view,
    training_view,
    views_first,
)
from golden import arrays

PICTURES = ["grad_300x200", "noise_180x320", "gray_256x256"]


@pytest.mark.parametrize("name", PICTURES)
def test_the_evaluation_view_is_exact_to_the_pixel(name: str) -> None:
    golden = arrays("transforms")
    picture = array_to_rgb(golden[f"{name}/input_u8"])
    crop = evaluation_view(size=224, crop=0.875)(picture)
    assert np.array_equal(np.asarray(crop), golden[f"{name}/crop_u8_rgb"])


@given(st.integers(30, 90), st.integers(30, 90), st.sampled_from([8, 28, 32, 56]))
@settings(max_examples=30)
def test_the_evaluation_view_scales_with_the_image_size(width: int, height: int, size: int) -> None:
    picture = Image.effect_noise((width, height), 50).convert("RGB")
    short, long = sorted((width, height))
    resized = round(size / 0.875)
    by_hand = picture.resize(
        (resized, resized * long // short) if width <= height else (resized * long // short, resized),
        Image.Resampling.BILINEAR,
    )
    left, top = round((by_hand.width - size) / 2), round((by_hand.height - size) / 2)
    expected = by_hand.crop((left, top, left + size, top + size))
    assert np.array_equal(np.asarray(evaluation_view(size, 0.875)(picture)), np.asarray(expected))


def pictures(n: int = 6) -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (n, 20, 24, 3), dtype=np.uint8)
    return ImageSet("noise", pixels, np.zeros(n, dtype=np.int64), ("noise",))


@pytest.mark.parametrize("augmentation", ["photo", "character"])
def test_a_view_depends_on_seed_epoch_image_and_view_only(augmentation: str) -> None:
    def views(seed: int, count: int = 2) -> TrainingViews:
        return TrainingViews(pictures(), training_view(augmentation, 16), count, seed)

    first, _, _ = views(seed=3)[Drawn(5, 2)]
    torch.manual_seed(99)
    state = torch.get_rng_state()
    again, label, index = views(seed=3, count=4)[Drawn(5, 2)]
    assert torch.equal(torch.get_rng_state(), state)  # the stream of everything else is left alone
    assert torch.equal(first, again[:2])  # more views do not change the first ones
    assert (label, index) == (0, 2)
    assert first.shape == (2, 3, 16, 16)
    assert first.dtype == torch.uint8
    assert not torch.equal(first[0], first[1])
    for other in (views(seed=4)[Drawn(5, 2)], views(seed=3)[Drawn(6, 2)], views(seed=3)[Drawn(5, 3)]):
        assert not torch.equal(first, other[0])


@given(st.integers(2, 90), st.integers(2, 90), st.sampled_from([8, 24, 40]), st.integers(0, 2**40))
@settings(max_examples=40)
def test_views_of_photos_are_those_of_torchvision(width: int, height: int, size: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = TrainingViews(ImageSet("noise", pixels[None]), training_view("photo", size), 2, seed)[Drawn(1, 0)][0]
    theirs = v2.Compose([v2.RandomResizedCrop(size), v2.RandomHorizontalFlip()])
    for view in range(2):
        key = np.random.SeedSequence((seed, 1, 0, view)).generate_state(1, np.uint64)[0]
        torch.manual_seed(int(key) >> 1)
        expected = np.asarray(theirs(Image.fromarray(pixels)))
        assert np.array_equal(found[view].permute(1, 2, 0).numpy(), expected)


@given(st.integers(2, 90), st.integers(2, 90), st.integers(0, 1000))
@settings(max_examples=40)
def test_torch_resizes_the_same_views_to_two_roundings(width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    images, transform = ImageSet("noise", pixels), training_view("photo", 24)
    exact = TrainingViews(images, transform, 4, seed)[Drawn(0, 0)][0].int()
    found = TrainingViews(images, transform, 4, seed, resize="torch")[Drawn(0, 0)][0]
    assert found.is_contiguous()
    distance = (found.int() - exact).abs()
    assert distance.max() <= 2
    assert (distance > 1).sum() <= 2  # of 6,912: each of the two directions is rounded by itself


def test_photos_are_mirrored_half_the_time_and_characters_never() -> None:
    ramp = np.tile(np.arange(0, 240, 10, dtype=np.uint8)[None, :, None], (24, 1, 3))  # brighter to the right
    images = ImageSet("ramp", ramp[None], np.zeros(1, dtype=np.int64), ("ramp",))
    for augmentation, low, high in (("photo", 0.35, 0.65), ("character", 0.0, 0.0)):
        views = TrainingViews(images, training_view(augmentation, 16), 200, seed=0)[Drawn(0, 0)][0].float()
        mirrored = (views[..., 4:8].mean((1, 2, 3)) > views[..., 8:12].mean((1, 2, 3))).float().mean()
        assert low <= mirrored <= high


def test_gentle_moves_fill_with_the_color_of_the_corners() -> None:
    paper = np.full((24, 24), 200, dtype=np.uint8)
    paper[10:14, 10:14] = 0
    images = ImageSet("dot", paper[None], np.zeros(1, dtype=np.int64), ("dot",))
    views = TrainingViews(images, training_view("character", 24), 50, seed=0)[Drawn(0, 0)][0]
    assert (views[:, :, 0, :] == 200).all()
    assert (views.amin((1, 2, 3)) < 100).all()


def test_rows_are_all_first_views_then_all_second_ones() -> None:
    views = torch.arange(6).reshape(3, 2)  # image i has views 2 i, 2 i + 1
    assert views_first(views).tolist() == [0, 2, 4, 1, 3, 5]


def test_floats_reach_from_0_to_1() -> None:
    assert as_floats(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [0.0, 1.0]


def test_evaluation_views_are_rgb_of_every_mode() -> None:
    gray = ImageSet("gray", np.zeros((2, 30, 30), dtype=np.uint8), np.zeros(2, dtype=np.int64), ("a",))
    assert EvaluationViews(gray, 28, 1.0)[1].shape == (3, 28, 28)
    assert to_rgb(Image.new("LA", (2, 2), (0, 0))).getpixel((0, 0)) == (255, 255, 255)


def test_an_unknown_augmentation_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean photo"):
        training_view("photos", 16)
