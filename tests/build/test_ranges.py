"""Ranges: one word beside the default holds on the command line, in YAML and in Python, and stands in the help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_type_hints

import pytest

from embedding_transfer import evaluate, losses
from embedding_transfer.build.memory import require_memory
from embedding_transfer.build.ranges import Count, Range, range_of
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.build.values import as_type
from embedding_transfer.cli import main
from embedding_transfer.cli.options import options_of
from embedding_transfer.errors import UsageError
from embedding_transfer.losses import RKDLoss
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.training.transfer_options import TransferOptions

RANGES = [Range(1, 64), Range(0), Range(above=0), Range(0, below=1), Range(above=0, most=1)]


@pytest.mark.parametrize("allowed", RANGES, ids=str)
def test_a_range_ends_where_it_says(allowed: Range) -> None:
    for number in (-1, -1e-9, 0, 1e-9, 0.5, 1 - 1e-9, 1, 2, 64, 64.1, 1e9):
        inside = (
            (allowed.least is None or number >= allowed.least)
            and number > allowed.above
            and (allowed.most is None or number <= allowed.most)
            and (allowed.below is None or number < allowed.below)
        )
        assert (allowed.broken_by(number) is None) == inside, number


NUMBERS = [name for name, hint in get_type_hints(TransferOptions, include_extras=True).items() if range_of(hint)]


def test_every_number_of_a_training_has_a_range() -> None:
    plain = get_type_hints(TransferOptions)
    numbers = {name for name, hint in plain.items() if "int" in str(hint) or "float" in str(hint)}
    assert numbers - {"published_batch", "source_mean", "store_source_dtype"} == set(NUMBERS)


@pytest.mark.parametrize("name", NUMBERS)
def test_each_is_held_everywhere_and_said_in_the_help(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    allowed = range_of(options_of("transfer")[name].annotation)
    wrong: list[Any] = [-1, float("nan"), float("inf"), 10**30] if allowed and allowed.most else [-1, float("nan")]
    for value in wrong:
        (tmp_path / "c.yaml").write_text(f"{name}: {str(value).replace('nan', '.nan').replace('inf', '.inf')}\n")
        ways = ([f"--{name}={value}"], ["--config", str(tmp_path / "c.yaml")])
        for words in ways:
            assert main(["transfer", "--source", "s", "--output", str(tmp_path / "o"), *words, "--print-config"]) == 2
            assert name in capsys.readouterr().err
        with pytest.raises(UsageError, match=name):
            TransferOptions(source="s", output=tmp_path, **{name: value})
    assert main(["transfer", "--help"]) == 0
    assert str(allowed) in " ".join(capsys.readouterr().out.partition(f"--{name.replace('_', '-')} ")[2].split())


@pytest.mark.parametrize("text", ["", " ", "abc", "0", "[1]", "1e30"])
def test_nothing_but_null_means_the_sources(text: str, tmp_path: Path) -> None:
    for name in ("embedding_dim", "image_size"):
        with pytest.raises(UsageError, match=name):
            TransferOptions(source="s", output=tmp_path, **{name: text})
        assert getattr(TransferOptions(source="s", output=tmp_path, **{name: "null"}), name) is None
    for empty in ("", "  "):
        with pytest.raises(UsageError, match="backbone: expected text or null; got nothing"):
            TransferOptions(source="s", output=tmp_path, backbone=empty)


def test_functions_and_constructors_hold_their_ranges_in_python() -> None:
    with pytest.raises(UsageError, match="batch_size must be at least 1; got 0"):
        evaluate("nowhere", batch_size=0)
    with pytest.raises(UsageError, match="workers must be at most 256; got 1000000"):
        evaluate("nowhere", workers=10**6)
    with pytest.raises(UsageError, match=r"RKDLoss\.angle_weight: expected a finite number; got nan"):
        RKDLoss(angle_weight=float("nan"))
    with pytest.raises(UsageError, match=r"EmbeddingNetwork\.embedding_dim must be at most 65,536"):
        EmbeddingNetwork("convnet-4", 10**12)
    with pytest.raises(UsageError, match="width in convnet-WIDTH must be at most 4,096"):
        EmbeddingNetwork("convnet-99999999999")


def test_every_number_of_a_transfer_loss_is_held() -> None:
    for name in losses.__all__:
        cls = getattr(losses, name)
        hints = get_type_hints(cls.__init__, include_extras=True)
        for argument, hint in hints.items():
            if hint in (int, float):
                raise AssertionError(f"{name}.{argument} has no range")


def test_only_arguments_with_a_range_are_touched() -> None:
    @in_range
    def few(ks: tuple[Count, ...], other: int = 1, share: Annotated[float, Range(0, 1)] = 0.5) -> tuple[Any, ...]:
        return ks, other, share

    assert few([1, 2], other="as it is", share=1) == ((1, 2), "as it is", 1.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="ks must be at least 1; got 0"):
        few((3, 0))


def test_what_does_not_fit_the_memory_is_refused_before_it_is_allocated(tmp_path: Path) -> None:
    batch = {"image_size": 8192, "batch_size": 1_000_000, "views": 64}  # 51,000 TB
    with pytest.raises(UsageError, match=r"64,000,000 views of 8,192 x 8,192 pixels needs .* GB, and this machine has"):
        TransferOptions(source="s", output=tmp_path, **batch)  # type: ignore[arg-type]
    require_memory(1, "nothing", "do nothing")


def test_numbers_too_long_to_be_shown_are_refused_in_a_short_line() -> None:
    with pytest.raises(UsageError, match=r"^epochs must be at most 1,000,000; got a int that is too long to be shown$"):
        as_type(10**5000, Count, "epochs")
