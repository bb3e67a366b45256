"""Steps that take less memory or time, and change nothing: parts, forgotten blocks, kept vectors, compiled networks."""

import shutil
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from embedding_transfer.errors import UsageError
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.networks import Embedded, EmbeddingNetwork
from embedding_transfer.networks.compiling import compile_or_warn
from embedding_transfer.sources import PictureSource
from embedding_transfer.training.in_parts import step_in_parts
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.verbs.transfer import transfer


def gradients(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


def weights(run: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(run / "state.pt", weights_only=True)["objective"]
    return state


def assert_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


@pytest.mark.parametrize("parts", [1, 2, 5, 12])
def test_parts_give_the_gradient_of_the_whole_batch(parts: int) -> None:
    torch.manual_seed(0)
    network = EmbeddingNetwork("convnet-4", 6, image_size=16)
    network.batch_norm = "frozen-statistics"
    objective = TransferObjective(network, RelaxedContrastiveLoss(), 2).double().train()
    images, labels, index = torch.rand(12, 3, 16, 16).double(), torch.arange(6).repeat(2), torch.arange(6).repeat(2)
    source = Embedded([], torch.rand(12, 5), torch.rand(12, 5).double())
    whole = objective(images, labels, index, source)
    whole["loss"].backward()
    expected = gradients(objective)
    objective.zero_grad()
    found = step_in_parts(objective, images, labels, index, source, parts, Tensor.backward)
    torch.testing.assert_close(found["loss"], whole["loss"], rtol=1e-12, atol=0)
    assert expected.keys() == gradients(objective).keys()
    for name, gradient in gradients(objective).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-9, atol=1e-12, msg=name)


def test_parts_repeat_chance_and_count_each_part_once() -> None:
    """Dropout drops the same in both looks, so the gradient is that of the loss; BatchNorm counts a part once."""
    torch.manual_seed(0)
    network = EmbeddingNetwork("convnet-4", 6, image_size=16)
    network.head = nn.Sequential(nn.Dropout(0.5), network.head)  # type: ignore[assignment]
    objective = TransferObjective(network, RelaxedContrastiveLoss(), 1).train()
    images, rows = torch.rand(8, 3, 16, 16), torch.arange(8)
    source = Embedded([], torch.rand(8, 5), torch.rand(8, 5))
    torch.manual_seed(1)
    step_in_parts(objective, images, rows, rows, source, 2, Tensor.backward)
    found = gradients(objective)
    objective.zero_grad()
    torch.manual_seed(1)
    embedding = torch.cat([network(part) for part in images.chunk(2)])
    objective.losses(Embedded([], embedding, embedding), rows, rows, source)["loss"].backward()
    for name, gradient in gradients(objective).items():
        torch.testing.assert_close(found[name], gradient, msg=name)
    counted = {layer.num_batches_tracked.item() for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)}
    assert counted == {4}  # two parts each time


def test_a_training_in_parts_is_the_same_training(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    options = {**tiny_options, "epochs": 2, "batch_norm": "frozen-statistics"}
    runs = [transfer(tiny_source, **options, accumulate=n, output=tmp_path / str(n)) for n in (1, 3)]
    assert runs[1].last["loss"] == pytest.approx(runs[0].last["loss"], rel=1e-5)


def test_losses_on_maps_have_no_parts(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--accumulate is for losses on embeddings"):
        transfer(tiny_source, loss="FitNetLoss", accumulate=2, output=tmp_path / "run", **tiny_options)


@pytest.mark.parametrize("backbone", ["resnet10t", "bn_inception"])
def test_blocks_that_forget_change_nothing(
    backbone: str, tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path
) -> None:
    """Neither weights nor BatchNorm's statistics, which blocks would count twice."""
    options = {**tiny_options, "epochs": 1, "backbone": backbone, "image_size": 32}
    for forgets in (False, True):
        run = tmp_path / str(forgets)
        transfer(tiny_source, **options, gradient_checkpointing=forgets, output=run)
    assert_same(weights(tmp_path / "False"), weights(tmp_path / "True"))


def test_a_network_without_blocks_says_so(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="convnet-4 has no blocks"):
        transfer(tiny_source, **{**tiny_options, "epochs": 1}, gradient_checkpointing=True, output=tmp_path / "run")


@pytest.fixture
def kept_options(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return {"source": tiny_source, **tiny_options, "store_source": tmp_path / "store"}


def no_source(*_: object) -> None:
    raise AssertionError("the source ran")


def test_a_kept_source_never_runs_again(
    kept_options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second training, with another loss and a longer vector, reads what the first has kept: every bit of it."""
    other = {**kept_options, "loss": "RKDLoss", "embedding_dim": 5}
    live = {name: value for name, value in other.items() if name != "store_source"}
    transfer(**live, output=tmp_path / "live")
    transfer(**kept_options, output=tmp_path / "first")
    monkeypatch.setattr(PictureSource, "forward", no_source)
    transfer(**other, output=tmp_path / "second")
    assert_same(weights(tmp_path / "live"), weights(tmp_path / "second"))


def test_views_that_begin_anew_are_read_in_one_training(
    kept_options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    forward = PictureSource.forward

    def counting(self: PictureSource, *given: Any) -> Any:
        calls.append(1)
        return forward(self, *given)

    monkeypatch.setattr(PictureSource, "forward", counting)
    options = {**kept_options, "images_per_class": None, "epochs": 4, "batch_size": 15, "store_source_epochs": 1}
    transfer(**options, output=tmp_path / "run")
    assert len(calls) == 2  # steps of the first epoch alone, which shows every picture


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, "another seed"),
        ({"augmentation": "photo"}, "another augmentation"),
        ({"views": 3}, "another shape"),
        ({"store_source_dtype": "float16"}, "another dtype"),
        ({"image_size": 20}, "another size of views"),
        ({"source_views": "mean"}, "another source_views .own, now mean."),
        ({"loss": "FitNetLoss"}, "needs the source's stage maps"),
    ],
)
def test_vectors_of_something_else_are_refused(
    kept_options: dict[str, Any], change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    options = {**kept_options, "epochs": 1}
    transfer(**options, output=tmp_path / "first")
    with pytest.raises(UsageError, match=said):
        transfer(**{**options, **change}, output=tmp_path / "second")


def test_other_pictures_are_refused(kept_options: dict[str, Any], tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(kept_options["root"], root)
    options = {**kept_options, "epochs": 1, "root": root}
    transfer(**options, output=tmp_path / "first")
    for picture in root.rglob("*.png"):
        picture.write_bytes(picture.read_bytes() + b" ")
    with pytest.raises(UsageError, match="another images"):
        transfer(**options, output=tmp_path / "second")


def test_half_precision_takes_half_the_space(kept_options: dict[str, Any], tmp_path: Path) -> None:
    options = {**kept_options, "epochs": 1}
    transfer(**options, output=tmp_path / "first")
    transfer(**{**options, "store_source": tmp_path / "half"}, store_source_dtype="float16", output=tmp_path / "second")
    sizes = [(tmp_path / name / "vectors-0000.npy").stat().st_size - 128 for name in ("store", "half")]
    assert sizes[0] == 2 * sizes[1]


def test_what_cannot_be_compiled_says_so_and_runs(
    tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(nn.Module, "compile", broken)
    options = {**tiny_options, "epochs": 1}
    with pytest.warns(UserWarning, match="cannot be compiled here and runs as it is: no compiler"):
        transfer(tiny_source, **options, compile=True, output=tmp_path / "compiled")
    transfer(tiny_source, **options, output=tmp_path / "eager")
    assert_same(weights(tmp_path / "eager"), weights(tmp_path / "compiled"))


def test_a_compiled_network_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        nn.Module, "compile", partialmethod(nn.Module.compile, backend="aot_eager")
    )  # no C++ to wait for
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten())
    images = torch.rand(2, 3, 8, 8)
    expected = network(images)
    assert compile_or_warn(network, "it", 8, learns=False)
    with torch.no_grad():
        torch.testing.assert_close(network(images), expected)


def test_losses_are_computed_in_32_bits() -> None:
    """Whatever the network computes in: differences of distances would drown in the rounding of 16 bits."""
    seen = []

    class Looking(RelaxedContrastiveLoss):
        def forward(self, target: Tensor, source: Tensor) -> Tensor:
            seen.append((target.dtype, source.dtype, (target @ target.T).dtype))
            return super().forward(target, source)

    objective = TransferObjective(EmbeddingNetwork("convnet-4", 6, image_size=16), Looking(), 1)
    rows, source = torch.arange(4), Embedded([], torch.rand(4, 5), torch.rand(4, 5).bfloat16())
    with torch.autocast("cpu", torch.bfloat16):
        assert objective.network(torch.rand(4, 3, 16, 16)).dtype == torch.bfloat16
        loss = objective(torch.rand(4, 3, 16, 16), rows, rows, source)["loss"]
    assert seen == [(torch.float32,) * 3]
    assert loss.dtype == torch.float32
