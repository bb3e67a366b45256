"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from embedding_transfer.files import whole_file, whole_folder, write_bytes, write_text


def test_a_file_and_its_folder_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a/b/c.txt", "é")
    assert (tmp_path / "a/b/c.txt").read_bytes() == "é".encode()
    write_bytes(tmp_path / "a/b/c.txt", b"new")
    assert [file.name for file in (tmp_path / "a/b").iterdir()] == ["c.txt"]
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"new"


@pytest.mark.parametrize("lasting", [True, False])
def test_a_failure_leaves_the_old_file_and_nothing_else(lasting: bool, tmp_path: Path) -> None:
    write_text(tmp_path / "kept", "old")

    def fail(unfinished: Path) -> None:
        unfinished.write_text("half")
        assert (tmp_path / "kept").read_text() == "old"
        raise RuntimeError

    with pytest.raises(RuntimeError), whole_file(tmp_path / "kept", lasting) as unfinished:
        fail(unfinished)
    assert (tmp_path / "kept").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_nothing_written_is_an_error_not_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "never"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_is_there_with_all_that_is_in_it(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "sets/birds") as unfinished:
        (unfinished / "images").mkdir()
        (unfinished / "images/wren.jpg").touch()
        assert not (tmp_path / "sets/birds").exists()
    assert (tmp_path / "sets/birds/images/wren.jpg").exists()
    assert [entry.name for entry in (tmp_path / "sets").iterdir()] == ["birds"]


def test_half_a_folder_vanishes(tmp_path: Path) -> None:
    (tmp_path / ".birds.part").mkdir()
    (tmp_path / ".birds.part/of a killed process").touch()

    def fail(unfinished: Path) -> None:
        assert not list(unfinished.iterdir())
        (unfinished / "wren.jpg").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "birds") as unfinished:
        fail(unfinished)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="birds"), whole_folder(tmp_path / "birds"):
        (tmp_path / "birds/of another process").mkdir(parents=True)
    assert [str(entry.relative_to(tmp_path)) for entry in tmp_path.rglob("*")] == ["birds", "birds/of another process"]


@pytest.mark.parametrize("place", [Path("/"), Path(".")])
def test_a_folder_is_no_file_to_write(place: Path) -> None:
    with pytest.raises(IsADirectoryError, match="this is a folder, not a file"), whole_file(place):
        pass
