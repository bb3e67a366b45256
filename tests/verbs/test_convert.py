"""Convert: what a released checkpoint is, it stays; what it does not say is asked for.

That the networks give the released code's numbers is in networks/test_golden_networks.py.
"""

import argparse
from pathlib import Path

import pytest
import torch
from golden_models import released_weights

from embedding_transfer.cli import main
from embedding_transfer.networks import load_network
from embedding_transfer.verbs.convert import convert


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / "cub_resnet18.pth"
    torch.save({"model_state_dict": released_weights("Resnet18")}, path)
    return path


def test_the_converted_network_is_the_released_one(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "cub.safetensors"
    assert main(["convert", str(released), "--output", str(output), "--image-size", "96"]) == 0
    said = capsys.readouterr().out
    assert "resnet18" in said
    assert "embeddings of 64 dimensions, length 1; images of 96 x 96" in said
    converted, direct = load_network(output), load_network(released)
    images = torch.rand(2, 3, 96, 96)
    assert torch.equal(converted(images), direct(images))
    assert (converted.image_size, converted.crop, converted.l2_normalize) == (96, 0.875, True)


def test_embeddings_keep_their_length_if_asked(released: Path, tmp_path: Path) -> None:
    output = tmp_path / "target.safetensors"
    assert main(["convert", str(released), "--output", str(output), "--l2-normalize", "false"]) == 0
    assert not load_network(output).l2_normalize


def test_paths_may_be_strings(released: Path, tmp_path: Path) -> None:
    output = tmp_path / "cub.safetensors"
    network = convert(str(released), str(output), image_size=64)  # type: ignore[arg-type]
    assert load_network(str(output)).description == network.description


def test_a_checkpoint_of_several_gpus_is_the_same_network(released: Path, tmp_path: Path) -> None:
    state = {f"module.{name}": value for name, value in released_weights("Resnet18").items()}
    torch.save({"model_state_dict": state, "args": argparse.Namespace(gpu_id=-1)}, tmp_path / "gpus.pth")
    assert main(["convert", str(tmp_path / "gpus.pth"), "--output", str(tmp_path / "x.safetensors")]) == 0
    converted = load_network(tmp_path / "x.safetensors").state_dict()
    assert all(torch.equal(value, converted[name]) for name, value in load_network(released).state_dict().items())


@pytest.mark.parametrize(
    ("wrong", "expected", "code"),
    [
        (["none.pth", "--output", "x.safetensors"], "no such file: none.pth", 2),
        (["RELEASED", "--output", "x.pth"], "written to a .safetensors file", 2),
        (["RELEASED", "--output", "there.safetensors"], "there.safetensors exists already", 2),
        (["RELEASED", "--output", "x.safetensors", "--image-size", "8"], "image size 8 is too small", 2),
        (["there.safetensors", "--output", "x.safetensors"], "there.safetensors holds no plain torch tensors", 1),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    wrong: list[str],
    expected: str,
    code: int,
    released: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.safetensors").write_bytes(b"a network")
    assert main(["convert", *(word.replace("RELEASED", str(released)) for word in wrong)]) == code
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert sorted(Path().iterdir()) == [Path("there.safetensors")]
