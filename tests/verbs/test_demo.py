"""The demo on a handful of letters: every network, the table, the page."""

from pathlib import Path

import pytest

from embedding_transfer.grid import demo as demo_module
from embedding_transfer.grid.demo import SOURCE, TARGETS, UNTRAINED
from embedding_transfer.images import ImageSplits
from embedding_transfer.images.glyphs import load_glyphs
from embedding_transfer.verbs.demo import demo


@pytest.fixture
def few_letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """16 classes of each half, and batches of 16."""
    glyphs = load_glyphs(tmp_path / "cache")
    few = ImageSplits(*(half.subset(half.labels < 16) for half in glyphs))
    monkeypatch.setattr("embedding_transfer.images.glyphs.load_glyphs", lambda: few)
    monkeypatch.setitem(demo_module.COMMON, "batch_size", 16)
    monkeypatch.setitem(demo_module.COMMON, "workers", 0)


@pytest.mark.usefixtures("few_letters")
def test_the_demo_trains_all_networks_and_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = demo(tmp_path / "demo", quick=True)
    assert [row["network"] for row in rows] == [SOURCE, TARGETS[0], UNTRAINED, *TARGETS[1:]]
    assert rows[2]["bytes"] == 32
    text = capsys.readouterr().out
    assert "bytes per vector" in text
    short = next(row for row in rows if row["network"].folder == "shorter-by-transfer")
    small = next(row for row in rows if row["network"].folder == "smaller-by-transfer")
    assert short["bytes"] == 32
    assert small["parameters"] < rows[0]["parameters"] / 4
    for row in rows:
        assert 0 <= row["recall"][1] <= row["recall"][2] <= row["recall"][4] <= 1
    assert "<table>" in (tmp_path / "demo/index.html").read_text()
    assert (tmp_path / "demo/table.md").read_text().count("\n") == 2 + len(rows)
    assert (tmp_path / "demo/gallery.png").stat().st_size > 1000
    assert not (tmp_path / "demo/.source-vectors").exists()
    files = [tmp_path / f"demo/{network.folder}/best.safetensors" for network in (SOURCE, *TARGETS)]
    written = [file.stat().st_mtime_ns for file in files]
    assert demo(tmp_path / "demo", quick=True) == rows  # a second one trains nothing again
    assert written == [file.stat().st_mtime_ns for file in files]
