"""The page for users of the research code names options and losses that exist, and all of the released flags."""

import inspect
import re
from pathlib import Path

import pytest

from embedding_transfer import losses, metric_losses
from embedding_transfer.cli import VERBS
from embedding_transfer.cli.options import options_of

PAGE = (Path(__file__).parents[2] / "docs/coming-from-the-research-code.md").read_text()
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]

RELEASED = re.findall(
    r"\S+",
    """LOG_DIR save workers gpu-id DATA_DIR dataset embedding-size batch-size epochs model loss optimizer lr
    weight-decay lr-decay-step lr-decay-gamma IPC bn-freeze warm l2-norm target-norm source-norm source-ckpt view delta
    sigma alpha mrg remark ckpt""",
)


def options() -> set[str]:
    """Every option of every verb, and those of the losses, with dashes."""
    known = {"--loss.help"}
    for verb in VERBS:
        known |= {f"--{name}" for name in (*options_of(verb), "config")}
    for home in (losses, metric_losses):
        for cls in (value for name, value in vars(home).items() if name.endswith("Loss")):
            known |= {f"--loss.{name}" for name in inspect.signature(cls).parameters}
    return {option.replace("_", "-") for option in known}


def test_every_option_here_exists() -> None:
    told = " ".join(row[-1] for row in ROWS)
    named = {option.rstrip(".") for option in re.findall(r"(?<![\w-])--[a-z][\w.-]*", told)}
    assert len(named) > 25
    assert named - options() == {"--nproc-per-node"}  # torchrun's


def test_every_loss_here_exists() -> None:
    named = set(re.findall(r"\b\w+Loss\b", PAGE))
    assert len(named) == 8 + 6
    assert all(hasattr(losses, name) or hasattr(metric_losses, name) for name in named)


@pytest.mark.parametrize("flag", RELEASED)
def test_every_released_flag_is_told(flag: str) -> None:
    assert any(re.search(rf"--{flag}\b", row[0]) for row in ROWS)


def test_every_fault_is_told() -> None:
    """By its number in our list of what the released code gets wrong."""
    numbers = [number for row in ROWS if (number := row[0].strip()) and re.fullmatch(r"[\d, ]+", number)]
    told = {int(number) for cell in numbers for number in cell.split(",")}
    assert told == set(range(1, 37))
