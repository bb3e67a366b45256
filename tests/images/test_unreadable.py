"""Files that were taken for pictures are called what they are."""

from pathlib import Path

import pytest

from embedding_transfer.images.unreadable import what_it_is_instead


@pytest.mark.parametrize(
    ("content", "meaning"),
    [
        (b"", "it is empty"),
        (b"%!PS-Adobe", "PostScript, which is not run"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04", "a zip archive; unpack it"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "a web page, perhaps a failed download"),
        (b"noise", "damaged, or of a format or kind of pixels that is not read"),
    ],
)
def test_what_it_is(tmp_path: Path, content: bytes, meaning: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    assert meaning in what_it_is_instead(tmp_path / "x.jpg")


def test_heif_without_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedding_transfer.images.unreadable.formats", lambda: ("PNG",))
    (tmp_path / "x.jpg").write_bytes(b"\0\0\0\x18ftypheic")
    assert what_it_is_instead(tmp_path / "x.jpg").endswith('pip install "embedding-transfer[heic]"')
