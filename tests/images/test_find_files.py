"""Listed files are found however their paths are written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.images.find_files import find_files


def test_spellings(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    there, accented = str(draw(tmp_path / "a/0.png")), str(draw(tmp_path / "caf\u00e9.png"))
    paths = [there, tmp_path / "a\\0.png", tmp_path / "cafe\u0301.png", tmp_path / "a/1.png", tmp_path / "b/0.png"]
    assert find_files([str(path) for path in paths]) == [there, there, accented, None, None]


def test_every_folder_is_listed_once(
    tmp_path: Path, draw: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(draw(tmp_path / f"{folder}/{number}.png")) for folder in "ab" for number in range(5)]
    listed: list[str] = []
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: listed.append(folder) or listdir(folder))
    assert find_files(paths) == paths
    assert sorted(listed) == [str(tmp_path / folder) for folder in "ab"]
