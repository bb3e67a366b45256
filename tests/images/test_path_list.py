"""Paths in little memory are a list of paths all the same."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_transfer.images.path_list import PathList

PATHS = [Path("a/0.png"), Path("caf\u00e9.png"), Path("/b/1.png"), Path("caf\udce9.png")]


def test_it_is_a_list_of_paths() -> None:
    paths = PathList(PATHS)
    assert len(paths) == 4
    assert list(paths) == PATHS
    assert [paths[place] for place in (0, 3, -1, np.int64(2))] == [PATHS[place] for place in (0, 3, -1, 2)]
    assert paths[1:3] == PATHS[1:3]
    assert paths[::-1] == PATHS[::-1]
    assert [*PATHS] == paths
    assert paths != PATHS[:3]
    assert paths != PathList(reversed(PATHS))
    assert Path("a/0.png") in paths
    assert paths.index(PATHS[2]) == 2
    assert list(paths.strings()) == [str(path) for path in PATHS]
    assert pickle.loads(pickle.dumps(paths)) == paths
    assert repr(PathList(PATHS[:2])) == f"PathList(2: {PATHS[0]}, {PATHS[1]})"
    assert PathList() == []


def test_places_that_are_not_there() -> None:
    for place in (4, -5):
        with pytest.raises(IndexError, match="in a list of 4"):
            PathList(PATHS)[place]


def test_paths_are_taken_in_any_order() -> None:
    assert PathList(PATHS).take(np.array([3, 0, 0])) == [PATHS[3], PATHS[0], PATHS[0]]
    assert PathList(PATHS).take(np.array([], dtype=int)) == []


@given(st.lists(st.text(st.sampled_from("a./\\ é"), max_size=8)))
def test_strings_become_the_paths_that_path_makes_of_them(texts: list[str]) -> None:
    assert list(PathList(texts)) == [Path(text) for text in texts]
    assert list(PathList(texts).strings()) == [str(Path(text)) for text in texts]


def test_memory_is_that_of_the_characters() -> None:
    paths = PathList(f"folder/{number:07}.png" for number in range(1000))
    assert len(pickle.dumps(paths)) < 1000 * (len(os.fsencode("folder/0000000.png")) + 8) + 1000
