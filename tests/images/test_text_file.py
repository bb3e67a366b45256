"""Text in the encodings of spreadsheets."""

from pathlib import Path

import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.text_file import read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.csv").write_bytes("path\r\ncaf\u00e9".encode(encoding))
    assert read_text(tmp_path / "x.csv") == "path\r\ncaf\u00e9"


def test_a_euro_is_that_of_windows_and_any_bytes_are_letters(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\x80")
    assert read_text(tmp_path / "x.csv") == "\u20ac"
    (tmp_path / "x.csv").write_bytes(b"\x81")  # none of cp1252
    assert read_text(tmp_path / "x.csv") == "\x81"


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"ab\0\0\0\1")
    with pytest.raises(InputError, match=r"cannot read .*x\.csv: it is no text; save it as CSV or text in UTF-8"):
        read_text(tmp_path / "x.csv")
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.csv: No such file"):
        read_text(tmp_path / "nowhere.csv")
