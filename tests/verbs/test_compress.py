"""``compress``, ``fidelity`` and ``align`` on files: forms, codes, stopped calls, and what is wrong with them."""

import json
from pathlib import Path

import numpy as np
import pytest

from embedding_transfer import read_vectors, write_vectors
from embedding_transfer.cli import main
from embedding_transfer.vectors import EmbeddingCompressor, short_files
from embedding_transfer.vectors.stored import open_stored

ROWS = np.random.default_rng(0).normal(size=(600, 12)).astype(np.float32)
KEYS = [f"class{i % 5}/{i}.jpg" for i in range(600)]
FEW = ["--dim", "4", "--steps", "2", "--batch-size", "32"]


def error_of(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    code = main([str(word) for word in command])
    lines = capsys.readouterr().err.strip().splitlines()
    assert code in (1, 2)
    return lines[-1]


@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".parquet"])
def test_the_same_form_comes_out(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"vectors{ending}"
    write_vectors(path, ROWS, KEYS, {"network": "mine"})
    assert main(["compress", str(path), str(tmp_path / "short"), *FEW, "--labels", "folders"]) == 0
    file = read_vectors(tmp_path / "short" / path.name)
    assert (file.vectors.shape, list(file.keys), file.header["network"]) == ((600, 4), KEYS, "mine")
    assert file.header["normalized"] is True
    compressor = EmbeddingCompressor.load(tmp_path / "short/map.safetensors")
    np.testing.assert_allclose(compressor.transform(ROWS), file.vectors, atol=1e-6)
    scores = json.loads((tmp_path / "short/fidelity.json").read_text())
    assert "uncentered" in (tmp_path / "short/fidelity.html").read_text()
    ways = {row["way"]: row for row in scores["ways"]}
    assert {"learned", "pca", "whitened", "uncentered", "random", "truncation"} <= set(ways)
    assert scores["vectors"] == 60
    assert all("recall@1" in row for row in ways.values())


def test_bare_arrays_and_folders_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, rows in enumerate((ROWS[:100], ROWS[100:])):
        np.save(folder / f"{number}.npy", rows)
    assert main(["compress", str(folder), str(tmp_path / "short"), *FEW, "--nested-dims", "2"]) == 0
    short = np.concatenate([np.load(tmp_path / f"short/{number}.npy") for number in (0, 1)])
    whole = EmbeddingCompressor.load(tmp_path / "short/map.safetensors").transform(ROWS)
    np.testing.assert_allclose(short, whole, atol=1e-6)
    assert not list((tmp_path / "short").glob("*.txt"))
    assert main(["fidelity", str(tmp_path / "short/1.npy"), str(folder / "1.npy")]) == 0


@pytest.mark.parametrize(("kind", "size"), [("int8", 4), ("binary", 1)])
@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".parquet"])
def test_codes_are_understood_again(kind: str, size: int, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"vectors{ending}"
    write_vectors(path, ROWS, KEYS)
    assert main(["compress", str(path), str(tmp_path / "short"), *FEW, "--quantize", kind]) == 0
    stored = open_stored(tmp_path / "short" / path.name)
    whole = EmbeddingCompressor.load(tmp_path / "short/map.safetensors").transform(ROWS)
    decoded = stored[:]
    assert (decoded.shape, stored.row_bytes) == ((600, 4), size)
    if kind == "int8":
        np.testing.assert_allclose(decoded, whole, atol=0.01)
    else:
        np.testing.assert_array_equal(decoded > 0, whole > np.array(stored.parts[0].calibration.centers, np.float32))  # type: ignore[union-attr]
    scores, page = tmp_path / "scores.json", tmp_path / "page.html"
    command = ["fidelity", str(tmp_path / "short" / path.name), str(path), "--json", str(scores)]
    assert main([*command, "--output", str(page), "--labels", "folders"]) == 0
    assert json.loads(scores.read_text())["ways"][0]["bytes"] == size
    assert "overlap@10" in page.read_text()


def test_a_stopped_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        write_vectors(tmp_path / f"in/{name}.npy", ROWS, KEYS)
    command = ["compress", str(tmp_path / "in"), str(tmp_path / "short"), *FEW]
    map_rows, calls = short_files.map_rows, []

    def stops(*arguments: object) -> np.ndarray:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return map_rows(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(short_files, "BATCH", 250)
    monkeypatch.setattr(short_files, "map_rows", stops)
    assert main(command) == 130
    first = (tmp_path / "short/map.safetensors").read_bytes()
    assert (tmp_path / "short/a.npy").exists()
    assert not (tmp_path / "short/b.npy").exists()
    assert main(command) == 0
    assert len(calls) == 4 + 3  # of b nothing was secured yet, of a nothing was done again
    assert (tmp_path / "short/map.safetensors").read_bytes() == first
    np.testing.assert_array_equal(np.load(tmp_path / "short/a.npy"), np.load(tmp_path / "short/b.npy"))


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "vectors.npy", ROWS)
    short = tmp_path / "short"
    assert main(["compress", str(tmp_path / "vectors.npy"), str(short), *FEW]) == 0
    other = ["compress", tmp_path / "vectors.npy", short, *FEW, "--seed", 1]
    assert "seed was 0 there, not 1" in error_of(capsys, *other)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/notes.txt").write_text("mine")
    assert "holds notes.txt" in error_of(capsys, "compress", tmp_path / "vectors.npy", tmp_path / "own", *FEW)


def damaged(kind: str, folder: Path) -> Path:
    """A file with something wrong."""
    path, rows = folder / f"{kind}.npy", ROWS.copy()
    if kind == "nan":
        rows[17, 3] = np.nan
    if kind == "whole numbers":
        rows = (rows * 100).astype(np.int32)  # type: ignore[assignment]
    if kind == "one row":
        rows = rows[0]
    if kind == "objects":
        rows = np.array([{}, {}])
    np.save(path, rows, allow_pickle=True)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    if kind == "empty":
        path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nan", "has a vector that is not finite, of row 17: repair or remove it"),
        ("whole numbers", "must hold vectors (n, d) of floating point numbers; it holds int32 (600, 12)"),
        ("one row", "it holds float32 (12,)"),
        ("objects", "cannot read"),
        ("truncated", "cannot read"),
        ("empty", "cannot read"),
    ],
)
def test_a_damaged_file_is_one_line_and_nothing_is_written(
    kind: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = damaged(kind, tmp_path)
    line = error_of(capsys, "compress", path, tmp_path / "short", *FEW)
    assert message in line
    assert str(path) in line
    assert not (tmp_path / "short").exists()


def test_odd_rows_are_said_or_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.concatenate([ROWS[:6], ROWS[:6], np.zeros((2, 12), np.float32)])
    rows[:, 5] = 1e-3
    rows[-2:] = 0
    np.save(tmp_path / "odd.npy", rows)
    assert main(["compress", str(tmp_path / "odd.npy"), str(tmp_path / "short"), *FEW]) == 0
    assert "2 vectors are zeros" in capsys.readouterr().err
    short = np.load(tmp_path / "short/odd.npy")
    assert np.isfinite(short).all()
    np.testing.assert_allclose(short[:6], short[6:12], atol=1e-6)


def test_a_new_model_is_searched_in_an_old_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = ROWS @ np.linalg.qr(np.random.default_rng(1).normal(size=(12, 12)))[0].astype(np.float32)
    write_vectors(tmp_path / "new.npy", ROWS, KEYS)
    write_vectors(tmp_path / "old.npy", old, KEYS)
    command = ["align", str(tmp_path / "old.npy"), str(tmp_path / "new.npy"), str(tmp_path / "map.safetensors")]
    assert main([*command, "--method", "procrustes"]) == 0
    assert "overlap@10 100.0%" in capsys.readouterr().out
    mapped = EmbeddingCompressor.load(tmp_path / "map.safetensors").transform(ROWS)
    np.testing.assert_allclose(mapped, old / np.linalg.norm(old, axis=1, keepdims=True), atol=1e-5)
    write_vectors(tmp_path / "other.npy", old, KEYS[::-1])
    line = error_of(capsys, "align", tmp_path / "other.npy", tmp_path / "new.npy", tmp_path / "2.safetensors")
    assert "of the same things in the same order" in line
