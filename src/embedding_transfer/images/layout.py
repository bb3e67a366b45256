"""Where in a folder the images lie: its two halves or its class folders, one folder too high or too low."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from embedding_transfer.errors import InputError
from embedding_transfer.images.folder_tree import holds_only_folders, list_folder, only_folder_in
from embedding_transfer.images.halves import half_of, like_a_half, two_halves
from embedding_transfer.images.left_out import LeftOut, LeftOutFiles
from embedding_transfer.images.printable import printable

FEW = 6
"""Folders; where there are more, a name such as ``bullet_train`` is that of a class."""


def home_of(root: Path) -> Path:
    """The folder that holds the halves or the class folders.

    This is ``root``, or the only folder in it (and so on), if that is no class and no half.
    """
    while True:
        only = only_folder_in(root)
        if only is None or half_of(only.name) or not holds_only_folders(only):
            return root
        root = only


def halves_of(home: Path) -> tuple[Path, Path] | None:
    """The folders of the training and the test half; ``None`` if the folders of ``home`` are classes.

    Other folders beside the halves are left out, with a warning.

    Raises:
        InputError: If there is one half alone, or halves go by names that are not known.
    """
    folders = list_folder(home, LeftOutFiles(home)).folders
    halves = given_halves(home, folders)
    if halves is None:
        _refuse_unknown_halves(home, folders)
        _warn_of_other_half(home)
    return halves


def given_halves(home: Path, folders: Sequence[Path]) -> tuple[Path, Path] | None:
    """Those of the ``folders`` of ``home`` that are its two halves; ``None`` if one of them is not there.

    Other folders beside the halves are left out, with a warning.

    Raises:
        InputError: If it is open which folder is meant.
    """
    names = [folder.name for folder in folders]
    halves = two_halves(names, home)
    if halves is None:
        return None
    if others := [printable(name) for name in names if name not in halves]:
        shown = ", ".join(others[:FEW]) + (f" and {len(others) - FEW:,} more" if len(others) > FEW else "")
        _warn(
            f"left out {'folder' if len(others) == 1 else 'folders'} {shown} of {printable(home)}: "
            f"{halves[0]} trains and {halves[1]} is the test half"
        )
    return home / halves[0], home / halves[1]


def _refuse_unknown_halves(home: Path, folders: Sequence[Path]) -> None:
    """An error where a few folders look like halves that hold classes, but are not called so."""
    if len(folders) > FEW:
        return
    likely = [folder for folder in folders if like_a_half(folder.name) and holds_only_folders(folder)]
    known = [folder.name for folder in likely if half_of(folder.name)]
    if not known and {like_a_half(folder.name) for folder in likely} != {"train", "test"}:
        return
    found = ", ".join(f"{printable(folder.name)}/" for folder in folders)
    advice = f", or give {home / known[0]} to split its classes into halves" if known else ""
    raise InputError(f"{printable(home)} holds {found}: call the two halves train/ and test/{advice}")


def _warn_of_other_half(home: Path) -> None:
    """A warning where ``home`` is one half and the other lies beside it."""
    home = home.absolute()
    if half_of(home.name) is None:
        return
    beside = [folder for folder in list_folder(home.parent, LeftOutFiles(home)).folders if folder != home]
    others = [folder for folder in beside if half_of(folder.name) not in (None, half_of(home.name))]
    if others:
        _warn(
            f"{printable(home)} is one half of {home.parent}: its classes are split into two halves, and "
            f"{others[0].name}/ beside it is left out; give {home.parent} to use both"
        )


def _warn(text: str) -> None:
    warnings.warn(text, LeftOut, stacklevel=3)
