"""Files of vectors: every form gives back what was written, and what cannot be right is told in one line."""

import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
import torch
from safetensors.numpy import load_file, save_file

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.retrieval.vector_file import ENDINGS, VectorFile, is_vector_file, read_vectors, write_vectors
from embedding_transfer.retrieval.vector_formats import contents, parquet_file

KEYS = ["a/0.png", "a/1 with space .png", "ü/日本.png", "b,c/\u2028;.png", "a/\x85x.png"]
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
HEADER = {"network": "runs/ü", "view": {"size": 16}, "split": None}


@pytest.fixture(params=ENDINGS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"vectors{request.param}"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_written_is_read(path: Path, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_PART", 2 * 3 * 4)  # several parts
    vectors = VECTORS.astype(dtype)
    write_vectors(path, vectors, KEYS, HEADER)
    file = read_vectors(path)
    assert file.vectors.dtype == dtype
    assert np.array_equal(file.vectors, vectors)
    assert (file.keys, file.header, file.path) == (KEYS, HEADER, path)
    assert is_vector_file(path)
    assert file.rows_of(["ü/日本.png", "a/0.png"], "set").tolist() == [2, 0]
    assert not list(path.parent.glob(".*"))


def test_tensors_and_arrays_of_any_order_of_bytes_are_written(path: Path) -> None:
    write_vectors(path, torch.from_numpy(VECTORS), KEYS)
    assert np.array_equal(read_vectors(path).vectors, VECTORS)
    path.unlink()
    write_vectors(path, np.asfortranarray(VECTORS).astype(">f4"), KEYS)
    assert np.array_equal(read_vectors(path).vectors, VECTORS)


def test_other_programs_read_the_files(tmp_path: Path) -> None:
    for ending in ENDINGS:
        write_vectors(tmp_path / f"v{ending}", VECTORS, KEYS, HEADER)
    assert np.array_equal(np.load(tmp_path / "v.npy"), VECTORS)
    assert np.array_equal(load_file(tmp_path / "v.safetensors")["vectors"], VECTORS)
    table = parquet.read_table(tmp_path / "v.parquet")
    assert table.column("path").to_pylist() == KEYS
    assert np.array_equal(np.array(table.column("vector").to_pylist(), dtype=np.float32), VECTORS)
    assert json.loads((tmp_path / "v.json").read_text()) == HEADER


def test_large_files_stay_on_the_disk(tmp_path: Path) -> None:
    for ending in (".npy", ".safetensors"):
        write_vectors(tmp_path / f"v{ending}", VECTORS, KEYS)
        assert isinstance(read_vectors(tmp_path / f"v{ending}").vectors, np.memmap)


def test_files_of_other_programs_are_read(tmp_path: Path) -> None:
    """A list of Windows, a table of pandas, tensors in another order."""
    np.save(tmp_path / "v.npy", VECTORS)
    (tmp_path / "v.txt").write_bytes("\r\n".join([f".\\a\\{n}.png" for n in range(5)]).encode("utf-16"))
    assert read_vectors(tmp_path / "v.npy").rows_of(["a/3.png"], "set").tolist() == [3]
    table = pyarrow.table({"id": range(5), "vector": VECTORS.astype(np.float64).tolist(), "path": KEYS})
    parquet.write_table(table, tmp_path / "v.parquet", row_group_size=2)
    assert np.allclose(read_vectors(tmp_path / "v.parquet").vectors, VECTORS)
    paths = np.frombuffer("\n".join(KEYS).encode(), np.uint8)
    save_file({"a": np.zeros(7, np.uint8), "paths": paths, "vectors": VECTORS}, tmp_path / "v.safetensors")
    assert np.array_equal(read_vectors(tmp_path / "v.safetensors").vectors, VECTORS)


def test_a_file_of_a_network_is_none_of_vectors(tmp_path: Path) -> None:
    save_file({"w": VECTORS}, tmp_path / "network.safetensors", {"embedding_transfer": "{}"})
    assert not is_vector_file(tmp_path / "network.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    assert not is_vector_file(tmp_path / "broken.safetensors")


def test_wrong_names_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"v\.csv is no file of vectors: these end in \.npy, \.safetensors, \.parquet"):
        read_vectors(tmp_path / "v.csv")
    with pytest.raises(UsageError, match=r"no file .*v\.npy"):
        read_vectors(tmp_path / "v.npy")
    with pytest.raises(UsageError, match=r"v\.h5 is no file of vectors"):
        write_vectors(tmp_path / "v.h5", VECTORS, KEYS)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((5, 3), np.int64), r"floating point numbers; it holds int64 \(5, 3\)"),
        (np.zeros(5), r"vectors \(n, d\).* it holds float64 \(5,\)"),
        (np.zeros((0, 3)), r"it holds float64 \(0, 3\)"),
        (np.zeros((4, 3)), "has 4 vectors but 5 paths"),
        (np.array([["a", None]] * 5, dtype=object), "cannot read"),
    ],
)
def test_wrong_arrays(array: np.ndarray, said: str, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", array, allow_pickle=True)
    (tmp_path / "v.txt").write_text("".join(f"{n}\n" for n in range(5)))
    with pytest.raises(InputError, match=said) as raised:
        read_vectors(tmp_path / "v.npy")
    assert "v.npy" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY", b"\x80\x04K\x01.", "truncated", "npz"])
def test_no_npy(content: bytes | str, tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.npy", VECTORS, KEYS)
    if content == "npz":
        with (tmp_path / "v.npy").open("wb") as file:
            np.savez(file, VECTORS)
    else:
        content = (tmp_path / "v.npy").read_bytes()[:-1] if content == "truncated" else content
        (tmp_path / "v.npy").write_bytes(content)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"cannot read .*v\.npy"):
        read_vectors(tmp_path / "v.npy")


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (__import__("os").mkdir, (str(tmp_path / "run"),))

    np.save(tmp_path / "v.npy", np.array([[Evil()]], dtype=object), allow_pickle=True)
    (tmp_path / "v.txt").write_text("a\n")
    with pytest.raises(InputError, match="cannot read"):
        read_vectors(tmp_path / "v.npy")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("header", "said"), [("{", r"v\.json is no JSON"), ("[1]", "must hold an object of JSON, {...}; it holds a list")]
)
def test_wrong_headers(header: str, said: str, tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.npy", VECTORS, KEYS)
    (tmp_path / "v.json").write_text(header)
    with pytest.raises(InputError, match=said):
        read_vectors(tmp_path / "v.npy")
    (tmp_path / "v.json").unlink()
    assert read_vectors(tmp_path / "v.npy").header == {}
    (tmp_path / "v.txt").unlink()
    with pytest.raises(InputError, match=r"needs the paths of its pictures, a line each, in .*v\.txt"):
        read_vectors(tmp_path / "v.npy")


def test_wrong_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    save_file({"a": VECTORS}, path)
    with pytest.raises(InputError, match="must hold the tensors vectors and paths; it holds a"):
        read_vectors(path)
    save_file({"vectors": VECTORS.astype(np.int32), "paths": np.zeros(1, np.uint8)}, path)
    with pytest.raises(InputError, match="has vectors of I32: F16, F32, F64, I8, U8 are read"):
        read_vectors(path)
    save_file({"vectors": VECTORS, "paths": np.array([255], np.uint8)}, path)
    with pytest.raises(InputError, match="cannot read"):
        read_vectors(path)
    write_vectors(path, VECTORS, KEYS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="cannot read"):
        read_vectors(path)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"vector": [[1.0]]}, "must have the columns path and vector; it has vector"),
        ({"path": ["a", "b"], "vector": [[1.0, 2.0], [1.0]]}, "row 1 is missing or of another length"),
        ({"path": ["a", "b"], "vector": [[1.0], None]}, "row 1 is missing or of another length"),
        ({"path": ["a", "b"], "vector": [[1.0], [None]]}, "missing numbers"),
        ({"path": ["a", None], "vector": [[1.0], [2.0]]}, "has no path in row 1"),
        ({"path": ["a"], "vector": ["x"]}, "must have a list of numbers in each row of vector; it has string"),
        ({"path": ["a"], "vector": [[1]]}, "floating point numbers; it holds int64"),
    ],
)
def test_wrong_parquet(columns: dict[str, list[object]], said: str, tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table(columns), tmp_path / "v.parquet")
    with pytest.raises(InputError, match=said):
        read_vectors(tmp_path / "v.parquet")


def test_parts_of_a_parquet_file_have_vectors_of_one_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "_ROWS", 1)
    table = pyarrow.table({"path": ["a", "b", "c"], "vector": [[1.0], [2.0], [3.0, 4.0]]})
    parquet.write_table(table, tmp_path / "v.parquet")
    with pytest.raises(InputError, match="vectors of different lengths: 2 numbers in row 2, 1 in the first"):
        read_vectors(tmp_path / "v.parquet")


def test_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "v.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"cannot read .*v\.parquet"):
        read_vectors(tmp_path / "v.parquet")


def test_keys_that_are_missing_or_twice_are_named() -> None:
    with pytest.raises(InputError, match=r"no vector for 2 of 3 pictures of set, the first is b; its first path is a"):
        VectorFile(Path("v"), VECTORS[:1], ["a"]).rows_of(["a", "b", "c"], "set")
    with pytest.raises(InputError, match="has 2 vectors of a: one for each"):
        VectorFile(Path("v"), VECTORS[:3], ["b", "a", "a"]).rows_of(["a"], "set")
    with pytest.raises(InputError, match=r"has an empty path, of vector 1"):
        VectorFile(Path("v"), VECTORS[:3], ["b", "", "a"]).rows_of(["a"], "set")


def test_a_vector_that_is_not_finite_is_named(path: Path) -> None:
    broken = VECTORS.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InputError, match=r"not finite, of k3 \(row 3\)"):
        VectorFile(Path("v"), broken, [f"k{n}" for n in range(5)]).check_finite()
    with pytest.raises(InputError, match="not finite"):
        write_vectors(path, broken, KEYS)
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("a\nb", "empty or has a line break"),
        ("", "empty"),
        ("\udcff.png", "no UTF-8"),
        ("a/0.png", "two vectors of a/0.png"),
        ("./a\\0.png", "two vectors"),
    ],
)
def test_keys_that_could_not_be_found_again_are_refused(key: str, said: str, path: Path) -> None:
    with pytest.raises(InputError, match=said):
        write_vectors(path, VECTORS, [*KEYS[:4], key])
    assert not list(path.parent.iterdir())


def test_wrong_numbers_are_refused(path: Path) -> None:
    with pytest.raises(InputError, match="5 vectors but 2 paths"):
        write_vectors(path, VECTORS, KEYS[:2])
    with pytest.raises(InputError, match="floating point numbers; it holds int64"):
        write_vectors(path, VECTORS.astype(np.int64), KEYS)
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(InputError, match="give float16, float32 or float64"):
            write_vectors(path, VECTORS.astype(np.longdouble), KEYS)
