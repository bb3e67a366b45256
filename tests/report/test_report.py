"""Pages are self-contained and escaped; tables line up; galleries show right and wrong."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.gallery import RIGHT, WRONG, neighbor_gallery, sample_queries
from embedding_transfer.report.page import Page
from embedding_transfer.report.tables import markdown_table, print_table


def test_tables_line_up(capsys) -> None:  # type: ignore[no-untyped-def]
    print_table(["network", "R@1"], [["a", "7.0"], ["longer name", "71.25"]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "network        R@1"
    assert lines[3] == "longer name  71.25"
    assert markdown_table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_a_page_is_escaped_and_needs_nothing_else(tmp_path: Path) -> None:
    page = Page("<run>")
    page.text("a & b")
    page.table(["<x>"], [["y"]])
    page.picture(Image.new("RGB", (3, 3)), "curves")
    page.write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "&lt;run&gt;" in text
    assert "a &amp; b" in text
    assert 'src="data:image/png;base64,' in text
    assert "http" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_gallery_frames_what_is_right_and_what_is_wrong() -> None:
    pixels = np.full((4, 8, 8, 3), 128, dtype=np.uint8)
    images = ImageSet("x", pixels, np.array([0, 0, 1, 1]), ("a", "b"))
    picture = neighbor_gallery(images, [0], {"searcher": torch.tensor([[1, 2]])})
    colors = {color for _, color in picture.getcolors(1 << 20)}
    for name in (RIGHT, WRONG):
        assert tuple(int(name[i : i + 2], 16) for i in (1, 3, 5)) in colors


def test_queries_are_of_different_classes_and_queries_only() -> None:
    labels = np.arange(12) // 2
    images = ImageSet("x", np.zeros((12, 2, 2), dtype=np.uint8), labels, tuple("abcdef"), is_query=labels < 4)
    queries = sample_queries(images, 8)
    assert len(queries) == 4
    assert len({int(labels[q]) for q in queries}) == 4
    assert all(labels[q] < 4 for q in queries)
