"""Files that were taken for pictures are called what they are."""

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
def test_what_it_is(content: bytes, meaning: str) -> None:
    assert meaning in what_it_is_instead(content, ".jpg")


def test_heif_without_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedding_transfer.images.unreadable.formats", lambda: ("PNG",))
    for beginning, ending in ((b"\0\0\0\x18ftypheic", ".jpg"), (b"noise", ".HEIC")):
        assert what_it_is_instead(beginning, ending).endswith('pip install "embedding-transfer[heic]"')
