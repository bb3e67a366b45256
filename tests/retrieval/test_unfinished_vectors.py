"""A file of vectors that is being written: nothing of it is seen before it is whole, and a killed writer goes on."""

from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.retrieval import unfinished_vectors
from embedding_transfer.retrieval.unfinished_vectors import UnfinishedVectors, folder_of, has_unit_rows
from embedding_transfer.retrieval.vector_file import ENDINGS, read_vectors

KEYS = [f"{n}.png" for n in range(10)]
VECTORS = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)


def unfinished(path: Path, dtype: str = "float32", network: str = "a", keys: list[str] = KEYS) -> UnfinishedVectors:
    return UnfinishedVectors(path, keys, 4, dtype, {"network": network}, 3)


def write_some(path: Path, batches: int) -> None:
    """As a process that is stopped after some batches of 3."""
    with unfinished(path) as file:
        for start in range(file.done, 3 * batches, 3):
            file.add(VECTORS[start : start + 3])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_stopped_writer_goes_on_and_gives_the_same_file(ending: str, batches: int, tmp_path: Path) -> None:
    written = []
    for name, stopped_after in (("once", None), ("twice", batches)):
        path = tmp_path / f"{name}{ending}"
        if stopped_after is not None:
            write_some(path, stopped_after)
            assert not path.exists()
        with unfinished(path) as file:
            assert file.done == 3 * (stopped_after or 0)
            for start in range(file.done, 10, 3):
                file.add(VECTORS[start : start + 3])
            file.finish()
        assert not folder_of(path).exists()
        written.append(path.read_bytes())
        assert read_vectors(path).header == {"network": "a", "normalized": False}
        assert np.array_equal(read_vectors(path).vectors, VECTORS)
    assert written[0] == written[1]


def test_what_was_not_secured_is_written_again(tmp_path: Path) -> None:
    """As after a machine that lost its power: rows are in the file, but only 3 are known to be right."""
    path = tmp_path / "v.npy"
    write_some(path, 2)
    rows = folder_of(path) / "vectors.npy"
    rows.write_bytes(rows.read_bytes()[:-40] + b"\xff" * 40)
    (folder_of(path) / "rows-secured.txt").write_text("5")
    with unfinished(path) as file:
        assert file.done == 3  # whole batches alone
        for start in range(3, 10, 3):
            file.add(VECTORS[start : start + 3])
        file.finish()
    assert np.array_equal(read_vectors(path).vectors, VECTORS)


@pytest.mark.parametrize("other", [{"dtype": "float16"}, {"network": "b"}, {"keys": [*KEYS[:9], "new.png"]}])
def test_what_was_to_become_another_file_is_begun_anew(other: dict[str, object], tmp_path: Path) -> None:
    write_some(tmp_path / "v.npy", 2)
    with unfinished(tmp_path / "v.npy", **other) as file:  # type: ignore[arg-type]
        assert file.done == 0


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for name in ("v.npy", "v.txt", "v.json"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(UsageError, match=rf"{name} exists already: remove it, or give another --output"):
            unfinished(tmp_path / "v.npy")
        (tmp_path / name).unlink()
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="is no file of vectors"):
        unfinished(tmp_path / "v.csv")


def test_vectors_that_are_not_finite_or_do_not_fit_are_named(tmp_path: Path) -> None:
    broken = VECTORS[:3].copy()
    broken[1] = np.inf
    with unfinished(tmp_path / "v.npy") as file:
        file.add(VECTORS[:3])
        with pytest.raises(InputError, match=r"the vector of 4\.png is not finite"):
            file.add(broken)
    with unfinished(tmp_path / "v.npy", "float16") as file, pytest.raises(InputError, match="does not fit float16"):
        file.add(np.full((3, 4), 1e5, np.float32))


def test_a_file_is_not_finished_early(tmp_path: Path) -> None:
    with unfinished(tmp_path / "v.npy") as file:
        file.add(VECTORS[:3])
        with pytest.raises(InputError, match="has 3 of 10 vectors"):
            file.finish()


def test_rows_are_secured_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished_vectors, "EVERY", 0)
    with unfinished(tmp_path / "v.npy") as file:
        file.add(VECTORS[:3])
        assert (folder_of(tmp_path / "v.npy") / "rows-secured.txt").read_text() == "3"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_unit_rows_are_known(dtype: str) -> None:
    units = (VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)).astype(dtype)
    assert has_unit_rows(units)
    assert not has_unit_rows(units * np.array([1, 1.01] * 5, dtype=dtype)[:, None])
