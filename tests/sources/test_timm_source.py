"""timm networks as sources, as they are."""

from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_model_data_config

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.sources import SourceSettings, open_source
from embedding_transfer.sources.timm_source import TimmSource

NAME = "test_vit.r160_in1k"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "vit.pth"
    torch.save(timm.create_model(NAME).state_dict(), file)
    return file


def test_it_is_what_timm_makes_of_a_picture_itself(weights: Path, tmp_path: Path) -> None:
    pixels = torch.randint(0, 256, (100, 140, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    Image.fromarray(pixels.numpy()).resize((280, 200)).save(tmp_path / "a.png")
    source = open_source(f"timm:{NAME}", SourceSettings(source_weights=(weights,)))
    model = timm.create_model(NAME)
    model.load_state_dict(torch.load(weights, weights_only=True))
    transform = create_transform(**resolve_model_data_config(model), is_training=False)
    with torch.no_grad():
        picture = transform(Image.open(tmp_path / "a.png")).unsqueeze(0)
        expected = model.eval().forward_head(model.forward_features(picture), pre_logits=True)
    found = source.embed(ImageSet("one", [tmp_path / "a.png"], torch.zeros(1), ("a",)), workers=0)  # type: ignore[arg-type]
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)
    assert (source.image_size, source.dim, source.backbone_name) == (160, expected.shape[1], NAME)


@pytest.mark.parametrize("name", [f"timm:{NAME}", f"timm:hf-hub:timm/{NAME}", f"timm:timm/{NAME}"])
def test_names_as_model_cards_write_them(name: str, weights: Path) -> None:
    assert TimmSource(name, weights).backbone_name == NAME


def test_a_source_of_random_weights_is_refused() -> None:
    with pytest.raises(UsageError, match=r"needs its weights: --source-weights FILE, or --source-pretrained"):
        open_source(f"timm:{NAME}")


def test_a_misspelled_name(weights: Path) -> None:
    with pytest.raises(UsageError, match=r"timm has no network 'resnet1', did you mean resnet1"):
        open_source("timm:resnet1", SourceSettings(source_weights=(weights,)))


def test_weights_of_another_network(weights: Path) -> None:
    with pytest.raises(InputError) as refused:
        open_source("timm:test_resnet", SourceSettings(source_weights=(weights,)))
    assert str(weights) in str(refused.value)
    assert len(str(refused.value)) < 700


def test_one_file_of_weights_for_each(weights: Path) -> None:
    with pytest.raises(UsageError, match="takes one file for each timm: source; got 1 for 2"):
        open_source([f"timm:{NAME}", "timm:resnet18"], SourceSettings(source_weights=(weights,)))
