"""Progress: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from embedding_transfer.images.download import progress
from embedding_transfer.images.download.progress import Progress, in_words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bytes_in_words() -> None:
    words = [in_words(n) for n in (0, 999, 1000, 12_345, 999_600, 1_150_585_339, 3e12)]
    assert words == ["0 bytes", "999 bytes", "1 kB", "12.3 kB", "1 MB", "1.15 GB", "3e+03 GB"]


def test_a_line_at_the_beginning_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("fetching x", 1000, 250) as shown:
        shown.at(500)
        shown.at(1000)
    first, last = capsys.readouterr().err.splitlines()
    assert first == "fetching x: 1 kB, of which 250 bytes are there"
    assert last.startswith("fetching x: done, 1 kB in ")
    assert last.endswith("/s")


def test_lines_in_between(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    for total, said in ((1000, "fetching x: 500 bytes of 1 kB (50%), "), (None, "fetching x: 500 bytes, ")):
        with Progress("fetching x", total) as shown:
            shown.at(500)
        assert said in capsys.readouterr().err.splitlines()[1]


def test_an_error_has_the_last_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match="lost"), Progress("fetching x", None):
        raise OSError("lost")
    assert capsys.readouterr().err == "fetching x: of unknown size\n"


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("fetching x", 1000, 250) as shown:
        shown.at(1000)
    said = terminal.getvalue()
    assert "fetching x:" in said
    assert "1.00k/1.00k" in said
    assert "B/s" in said
    assert "done" not in said
