"""Loggers are checked before anything is written."""

import importlib.util
from pathlib import Path

import pytest

from embedding_transfer.errors import UsageError
from embedding_transfer.training.loggers import check_logger


def test_a_logger_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"tensorboard is not installed: pip install 'embedding-transfer\[tensorboard"):
        check_logger("tensorboard")


def test_no_logger_and_an_installed_one_are_fine() -> None:
    check_logger(None)
    check_logger("tensorboard")


def test_wandb_without_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="wandb knows no login: run wandb login, or set WANDB_MODE=offline"):
        check_logger("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    check_logger("wandb")
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    check_logger("wandb")
