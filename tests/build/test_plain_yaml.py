"""YAML that does more than hold a few options is refused in one line."""

from pathlib import Path

import pytest

from embedding_transfer.build import find_class, read_options
from embedding_transfer.build.classes import build, check_spec
from embedding_transfer.build.plain_yaml import load_yaml
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.training.transfer_options import TransferOptions

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("loss: &a [*a]", "refers to itself"),
        ("a: &a {b: *a}", "refers to itself"),
        ("[" * 100_000, "too deep"),
        ("a: " + "[" * 60 + "]" * 60, "too deep"),
        (BOMB, "too large"),
        ("lr: " + "9" * 5000, "cannot be read"),
        ("lr: 2020-13-45", "cannot be read"),
        ("lr: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: *b", "undefined alias"),
        ("{", "line 1, column 2"),
        ("a" * 1_000_001, "characters"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_small_tree_is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=why):
        load_yaml(text)
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=rf"cannot read .*c\.yaml: .*{why}") as refused:
        read_options(file)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(b"epochs: 3 # caf\xe9\n")
    with pytest.raises(InputError, match=r"cannot read .*c\.yaml"):
        read_options(file)


def test_anchors_that_stay_small_are_fine() -> None:
    assert load_yaml("a: &x {b: 1}\nc: {<<: *x, d: 2}") == {"a": {"b": 1}, "c": {"b": 1, "d": 2}}


@pytest.mark.parametrize("path", ["os.abort", "subprocess.Popen", "webbrowser.open", "antigravity.x", "builtins.eval"])
def test_pythons_own_library_is_not_even_imported(path: str) -> None:
    with pytest.raises(UsageError, match="of Python's own library"):
        find_class(path, ())


CALLS = ["torch.load", "torch.hub.load", "numpy.load", "yaml.Loader", "torch.nn.functional.relu"]


@pytest.mark.parametrize("path", CALLS)
def test_what_is_no_class_of_modules_is_not_called(path: str) -> None:
    with pytest.raises(UsageError, match=r"is no torch\.nn\.Module"):
        build({"class_path": path, "init_args": {}}, (), {})


def test_modules_that_fail_or_exit_on_import_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, code in (("raises_on_import", "1 / 0"), ("exits_on_import", "raise SystemExit(3)"), ("no_python", "(")):
        (tmp_path / f"{name}.py").write_text(code)
        with pytest.raises(UsageError, match=f"cannot import '{name}'"):
            find_class(f"{name}.Loss", ())
    for odd in (".x", "..", "a..b", "torch.", "\0.x"):
        with pytest.raises(UsageError):
            find_class(odd, ())


@pytest.mark.parametrize("arguments", [5, "text", [1], {1: 2}])
def test_arguments_that_are_no_mapping_are_named(arguments: object, tmp_path: Path) -> None:
    spec = {"class_path": "WeightedSum", "init_args": {"losses": [{"class_path": "RKDLoss", "init_args": arguments}]}}
    with pytest.raises(UsageError, match=r"init_args of loss\.losses must be arguments by name"):
        check_spec(spec, "loss")
    with pytest.raises(UsageError, match="init_args of loss"):
        TransferOptions(source="s", output=tmp_path, loss=spec)


def test_a_class_that_fails_to_be_built_is_one_line() -> None:
    arguments = {"in_channels": 3, "out_channels": 5, "kernel_size": 3, "groups": 2}
    with pytest.raises(UsageError, match="cannot build Conv2d: in_channels must be divisible by groups"):
        build({"class_path": "torch.nn.Conv2d", "init_args": arguments}, (), {})
