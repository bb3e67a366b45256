"""Files of ``torch.save``, read without running code from them and without importing what they name."""

from __future__ import annotations

import pickletools
import re
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from embedding_transfer.errors import InputError, UsageError, reason

SAVE_WEIGHTS = "in the environment that made it, run torch.save(model.state_dict(), FILE) and give that file"
"""What to do about a file that needs the code it was made with."""


OF_WHOLE_MODELS = ("TorchScript", "Only persistent_load of storage")
"""What torch says of a scripted model, and of one that a version before 1.6 pickled."""

DEEPEST = 20
"""Of what holds each other in a file; it may hold something that holds itself."""

MARGIN = 1 << 20
"""Bytes that names and the like may take in an archive."""

_TYPES = (bool, bytearray, bytes, complex, dict, float, frozenset, int, list, object, range, set, slice, str, tuple)
HARMLESS = frozenset(kind.__name__ for kind in _TYPES)
"""Of Python's own names, those of types; a file that names another one, such as ``eval``, is refused."""


class Unknown:
    """Stands where a file has an object of a class that is not torch's: arguments, settings, paths, a whole model.

    The class it names is not imported, and nothing of the object is kept but its attributes.
    """

    def __new__(cls, *args: Any, **options: Any) -> Any:
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, Mapping):
            vars(self).update({str(key): value for key, value in state.items()})


class UnknownMapping(Unknown):
    """The same for classes that are a kind of ``dict``, whose entries torch adds to plain mappings alone."""

    def __new__(cls, *args: Any, **options: Any) -> Any:
        return OrderedDict()


def read_torch_file(path: str | Path) -> Any:
    """What ``torch.save`` wrote to a file, tensors on the CPU; objects of unknown classes become :class:`Unknown`.

    So the arguments (``argparse.Namespace``), settings and paths that trainings keep beside their weights do no harm.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is not a file of torch, is damaged, or is a whole model instead of its weights.
    """
    path = Path(path)
    check_is_file(path)
    _check_unpacked_size(path)
    try:
        return _load(path, [])
    except Exception as error:  # torch lets through whatever its unpickler stumbles over
        first = error
    try:
        names = sorted(set(_classes_named(path)))
    except Exception:  # not a pickle at all
        names = []
    for kind in (Unknown, UnknownMapping) if names else ():
        try:
            return _load(path, [_stand_in(name, Unknown if name.startswith("numpy.") else kind) for name in names])
        except Exception as error:
            first = error
    if any(sign in str(first) for sign in OF_WHOLE_MODELS):
        raise InputError(f"{path} is a whole model, not its weights: {SAVE_WEIGHTS}") from first
    code = re.search(r"GLOBAL (\S+)", str(first))
    if code:
        raise InputError(
            f"{path} holds no plain torch tensors: it would have to run {code[1]}; {SAVE_WEIGHTS}"
        ) from first
    why = reason(first) if isinstance(first, OSError) else "no file of torch.save, or damaged"
    raise InputError(f"{path} holds no plain torch tensors ({why})") from first


def whole_model(content: Any, depth: int = 0) -> str | None:
    """The class of the first pickled model in what :func:`read_torch_file` gave, ``None`` if there is none."""
    if depth > DEEPEST:
        return None
    attributes = vars(content) if isinstance(content, Unknown | OrderedDict) else {}
    if "_modules" in attributes and "_parameters" in attributes:
        return f"{type(content).__module__}.{type(content).__qualname__}"
    inner = content.values() if isinstance(content, Mapping) else content if isinstance(content, list | tuple) else ()
    return next((found for part in inner if (found := whole_model(part, depth + 1))), None)


def check_is_file(path: Path) -> None:
    """Raises UsageError unless there is a file at ``path``."""
    if not path.exists():
        raise UsageError(f"no such file: {path}")
    if not path.is_file():
        raise UsageError(f"{path} is not a file")


def _check_unpacked_size(path: Path) -> None:
    """torch packs nothing in its archives: one that holds more than its size was made to fill the memory."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except Exception:  # of an older form, or damaged, which is said where it is read
        return
    if unpacked > 2 * path.stat().st_size + MARGIN:
        raise InputError(f"{path} is packed and would take {unpacked:,} bytes: no file of torch.save is")


def _classes_named(path: Path) -> Iterator[str]:
    """Classes and functions that the pickles of a file name, ``"module.name"``, whatever torch thinks of them."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            for _ in range(4):  # as torch wrote before 1.6: two numbers, facts about the machine, the content
                yield from _globals(file)
        return
    with zipfile.ZipFile(path) as archive:
        content = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        with archive.open(content) as file:
            yield from _globals(file)


def _globals(file: Any) -> Iterator[str]:
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            module = {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(module, module)  # as Python 2 had them
            if module != "builtins" or name in HARMLESS:
                yield f"{module}.{name}"


def _load(path: Path, allowed: list[Any]) -> Any:
    with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about formats; what matters is raised
        return torch.load(path, map_location="cpu", weights_only=True)


def _stand_in(name: str, kind: type) -> Any:
    module, _, own = name.rpartition(".")
    return type(own, (kind,), {"__module__": module, "__qualname__": own})
