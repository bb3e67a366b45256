"""Files of torch.save: what they hold beside tensors does no harm, and nothing in them is run or imported."""

import argparse
import collections
import datetime
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks.torch_file import read_torch_file, whole_model

WEIGHTS = {"conv.weight": torch.arange(6.0).view(2, 3)}


class Settings(dict[str, Any]):
    """As configuration packages have them: a dict with attributes."""


class Slots:
    __slots__ = ("a",)

    def __init__(self) -> None:
        self.a = 3


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)


@pytest.fixture(autouse=True)
def a_package_that_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes above are of a module that nobody can import."""
    elsewhere = types.ModuleType("elsewhere")
    for kind in (Settings, Slots, Network):
        monkeypatch.setattr(kind, "__module__", "elsewhere")
        setattr(elsewhere, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, "elsewhere", elsewhere)


def saved(path: Path, content: Any, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    sys.modules.pop("elsewhere", None)
    return path


def beside_weights() -> dict[str, Any]:
    return {
        "namespace": argparse.Namespace(lr=0.1, folder=Path("x"), nested=argparse.Namespace()),
        "settings": Settings(a=1, b=Settings(c=[1, 2])),
        "settings and numbers": [Settings(a=1), np.float64(0.7), np.zeros(3)],
        "slots": Slots(),
        "numpy": [np.float32(1), np.int64(2), np.arange(4), np.dtype("float32")],
        "default dict": collections.defaultdict(list, {"loss": [1.0]}),
        "dates": [datetime.datetime(2024, 1, 1), datetime.timedelta(3)],
        "optimizer": torch.optim.Adam([torch.zeros(2, requires_grad=True)]).state_dict(),
        "plain": {"epoch": 3, "name": "x", "best": None, "sizes": (1, 2), "set": {1}},
    }


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", list(beside_weights()))
def test_weights_are_read_whatever_lies_beside_them(kind: str, zipped: bool, tmp_path: Path) -> None:
    file = saved(tmp_path / "x.pth", {"before": beside_weights()[kind], "state_dict": WEIGHTS, "z": 1}, zipped)
    content = read_torch_file(str(file))
    assert torch.equal(content["state_dict"]["conv.weight"], WEIGHTS["conv.weight"])
    assert content["z"] == 1
    assert whole_model(content) is None
    assert "elsewhere" not in sys.modules


@pytest.mark.parametrize("content", [Network(), {"epoch": 1, "model": Network()}, [Network()]])
def test_a_whole_model_is_recognized_by_its_class(content: Any, tmp_path: Path) -> None:
    assert whole_model(read_torch_file(saved(tmp_path / "x.pth", content))) == "elsewhere.Network"


def test_a_whole_model_of_an_old_torch_is_refused_for_what_it_is(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.pth", nn.Sequential(nn.Linear(2, 2)), zipped=False)
    with pytest.raises(InputError, match=r"x\.pth is a whole model, not its weights: .*model\.state_dict\(\)"):
        read_torch_file(file)


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_model_is_refused_for_what_it_is(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "x.pt")
    with pytest.raises(InputError, match=r"x\.pt is a whole model, not its weights: .*model\.state_dict\(\)"):
        read_torch_file(tmp_path / "x.pt")


class Runs:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("function", [os.mkdir, eval, exec, print, __import__, Path.mkdir, torch.load, os.system])
@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_file_is_run(
    function: Any, zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    argument = "open('ran', 'w')" if function in (eval, exec) else "touch ran" if function is os.system else "ran"
    file = saved(tmp_path / "x.pth", {"state_dict": WEIGHTS, "x": Runs(function, argument)}, zipped)
    try:
        content = read_torch_file(file)
    except InputError as error:
        assert "x.pth holds no plain torch tensors" in str(error)  # noqa: PT017
    else:
        assert content["x"].__class__.__module__ != "builtins"
    assert list(tmp_path.iterdir()) == [file]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("function", [eval, os.system])
def test_a_file_that_would_run_something_is_refused_by_its_name(function: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"x\.pth .*would have to run \S*{function.__name__};"):
        read_torch_file(saved(tmp_path / "x.pth", {"state_dict": WEIGHTS, "x": Runs(function, "1")}))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}q\x00", b"PK\x03\x04broken", bytes(range(256)) * 9])
def test_what_torch_did_not_write_is_refused_in_plain_words(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_torch_file(tmp_path / "x.pth")
    expected = f"{tmp_path / 'x.pth'} holds no plain torch tensors (no file of torch.save, or damaged)"
    assert str(caught.value) == expected


def test_what_is_no_file_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_torch_file(tmp_path / "none.pth")
    with pytest.raises(UsageError, match="is not a file"):
        read_torch_file(tmp_path)
