"""``source_image_size``: what a source sees of a picture may be larger or smaller than what it was made for."""

from pathlib import Path

import pytest
import timm
import torch
from timm.layers import resample_abs_pos_embed
from torch import Tensor

from embedding_transfer import EmbeddingNetwork, embed, evaluate, load_network, search, transfer
from embedding_transfer.errors import UsageError
from embedding_transfer.networks.at_image_size import at_image_size
from embedding_transfer.sources import PictureSource, SourceSettings, open_source
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.start import start_as_source
from embedding_transfer.training.train_target import network_to_start_from, with_shape_of
from embedding_transfer.training.transfer_options import TransferOptions
from embedding_transfer.verbs.report import report

VIT = "test_vit.r160_in1k"
SIXTEEN, THIRTY_TWO = SourceSettings(source_image_size=16), SourceSettings(source_image_size=32)


@pytest.fixture(scope="module")
def vit_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = timm.create_model(VIT)
    torch.nn.init.normal_(model.pos_embed)
    file = tmp_path_factory.mktemp("weights") / "vit.pth"
    torch.save(model.state_dict(), file)
    return file


def test_a_transformer_of_timm_interpolates_its_positions_as_timm_does(vit_weights: Path) -> None:
    expected = timm.create_model(VIT, img_size=96, num_classes=0).eval()
    state = torch.load(vit_weights, weights_only=True)
    state["pos_embed"] = resample_abs_pos_embed(state["pos_embed"], new_size=[6, 6])  # 96 in patches of 16
    expected.load_state_dict({name: value for name, value in state.items() if "head" not in name})
    source = open_source(f"timm:{VIT}", SourceSettings(source_weights=(vit_weights,), source_image_size=96))
    assert isinstance(source, PictureSource)
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        wanted = expected.forward_head(expected.forward_features(source.network.normalize(images)), pre_logits=True)
    torch.testing.assert_close(source(images, torch.arange(2), 1).embedding, wanted, atol=2e-5, rtol=1e-4)


def test_a_size_that_does_not_fit_the_patches(vit_weights: Path) -> None:
    with pytest.raises(UsageError, match=r"pictures of 97|image size 97"):
        open_source(f"timm:{VIT}", SourceSettings(source_weights=(vit_weights,), source_image_size=97))


def test_a_network_of_ours_sees_larger_pictures_and_is_left_as_it_was(tiny_source: Path) -> None:
    network = EmbeddingNetwork("convnet-4", 6, image_size=16)
    source = open_source(network, THIRTY_TWO)
    assert (source.image_size, network.image_size) == (32, 16)
    images = torch.rand(4, 3, 32, 32)
    with torch.no_grad():
        wanted = network.eval()(images)
    torch.testing.assert_close(source(images, torch.arange(4), 1).embedding, wanted, atol=1e-5, rtol=1e-5)
    assert open_source(tiny_source, THIRTY_TWO).image_size == 32
    assert open_source(network, SIXTEEN).image_size == 16
    with pytest.raises(UsageError, match="image size 2 is too small for backbone convnet-4"):
        open_source(network, SourceSettings(source_image_size=2))


def test_a_transformer_of_ours_gives_its_weights_to_a_target_of_another_size() -> None:
    source = EmbeddingNetwork("test_vit", 6, image_size=160)
    target = EmbeddingNetwork("test_vit", 6, image_size=96)
    start_as_source(target, source, lambda: pytest.fail("no picture is to be looked at"))
    images = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(target.eval()(images), at_image_size(source, 96).eval()(images))
    assert source.image_size == 160


def test_a_target_that_starts_as_its_source_keeps_the_positions_that_it_was_trained_with() -> None:
    """Not those of what the source is told to see, interpolated back."""
    network = EmbeddingNetwork("test_vit", 6, image_size=160).eval()
    target = EmbeddingNetwork("test_vit", 6, image_size=160).eval()
    start = network_to_start_from(open_source(network, SourceSettings(source_image_size=96)))
    start_as_source(target, start, lambda: pytest.fail("no picture is to be looked at"))
    images = torch.rand(2, 3, 160, 160)
    with torch.no_grad():
        assert torch.equal(target(images), network(images))


def test_a_function_sees_pictures_of_that_size() -> None:
    seen: list[int] = []

    def mean_color(images: Tensor) -> Tensor:
        seen.append(images.shape[-1])
        return images.mean(dim=(2, 3))

    assert open_source(lambda images: mean_color(images), THIRTY_TWO).image_size == 32
    assert seen == [32]


def test_stored_vectors_look_at_no_picture(tiny_source: Path, tiny_folder: Path, tmp_path: Path) -> None:
    file = embed(tiny_source, tiny_folder, output=tmp_path / "v.npy", workers=0).path
    with pytest.raises(UsageError, match="stored vectors look at no picture: leave out --source-image-size"):
        open_source(file, THIRTY_TWO)
    assert open_source([file, tiny_source], THIRTY_TWO).image_size == 32


def test_search_sees_what_the_file_was_made_at(tiny_source: Path, tiny_folder: Path, tmp_path: Path) -> None:
    file = embed(tiny_source, tiny_folder, output=tmp_path / "v.npy", workers=0, source_image_size=32).path
    query = tiny_folder / "test/test-class1/3.png"
    ((nearest, *_),) = search(file, (query,), k=1, workers=0)
    assert (nearest.key, nearest.distance) == ("test/test-class1/3.png", pytest.approx(0, abs=1e-5))


def test_a_target_learns_at_its_own_size_from_a_source_that_sees_more(
    tiny_source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    done = transfer(
        tiny_source,
        root=tiny_folder,
        output=tmp_path / "run",
        source_image_size=32,
        method="best",
        epochs=1,
        batch_size=6,
        workers=0,
        device="cpu",
    )
    told = (done.output / "config.yaml").read_text()
    assert all(words in told for words in ("RKDLoss", "start_from_source: true", "image_size: 16"))
    assert load_network(done.output).image_size == 16
    assert done.last["loss"] > 0  # at its own size the source would show a target that starts as itself nothing new
    report((done.output, tiny_source), tmp_path / "page.html", tiny_folder)
    for page in (done.output / "report.html", tmp_path / "page.html"):
        assert f"{tiny_source} at 32 px" in page.read_text()
    scores = evaluate(done.output, root=tiny_folder, workers=0)
    assert evaluate(done.output, root=tiny_folder, workers=0, source_image_size=16) == scores


@pytest.mark.parametrize(("seen", "expected"), [(None, 16), (32, 16), (12, 12)])
def test_a_target_sees_the_source_s_own_size_or_less(seen: int | None, expected: int, tiny_source: Path) -> None:
    options = TransferOptions(source=tiny_source, source_image_size=seen, output=Path("x"))
    for source in (tiny_source, EmbeddingNetwork("convnet-4", 6, image_size=16)):
        opened = open_source(source, options)
        assert with_shape_of(opened, options).image_size == expected
        assert SeveralSources([opened], [1.0]).own_size == 16
