"""What is left out is told once, with its number, its kinds and the first of it."""

import warnings
from pathlib import Path

import pytest

from embedding_transfer.images import left_out as module
from embedding_transfer.images.left_out import OUTSIDE, LeftOut, LeftOutFiles


def test_one_warning_with_number_kinds_and_the_first() -> None:
    left_out = LeftOutFiles(Path("data"))
    for path in ("data/b/2.svg", "data/a/1.svg", "data/c"):
        left_out.add(".svg" if path.endswith("svg") else "without an ending", path)
    assert len(left_out) == 3
    with pytest.warns(LeftOut) as caught:
        left_out.warn()
    (warning,) = caught
    assert str(warning.message) == (
        "left out 3 files of data: 2 .svg, 1 without an ending; the first is data/a/1.svg; "
        "save pictures as JPEG or PNG to use them"
    )


def test_nothing_left_out_is_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LeftOutFiles(Path("data")).warn()


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (".heic", r'; pip install "embedding-transfer\[heic\]" makes \.heic files readable'),
        (".eps", "; save pictures as JPEG or PNG to use them"),
        (OUTSIDE, "; put images into the folder of their class"),
        ("broken link", ""),
    ],
)
def test_a_remedy_where_there_is_one(monkeypatch: pytest.MonkeyPatch, kind: str, end: str) -> None:
    monkeypatch.setattr(module, "picture_endings", lambda: frozenset((".png",)))
    left_out = LeftOutFiles(Path("data"))
    left_out.add(kind, "data/x")
    with pytest.warns(LeftOut, match=rf"^left out 1 file of data: 1 {kind}; the first is data/x{end}$"):
        left_out.warn()


def test_names_of_any_bytes_can_be_told() -> None:
    left_out = LeftOutFiles(Path("data"))
    left_out.add(".x", "data/caf\udce9.x")
    with pytest.warns(LeftOut) as caught:
        left_out.warn()
    assert r"caf\udce9.x" in str(caught[0].message).encode("utf-8").decode()
