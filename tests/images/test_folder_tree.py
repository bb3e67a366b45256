"""Pictures in folders: which files count, which are left out, and which are nobody's business."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.folder_tree import holds_only_folders, list_folder, only_folder_in, pictures_below
from embedding_transfer.images.formats import picture_endings
from embedding_transfer.images.left_out import LeftOutFiles

Draw = Callable[[Path], Path]


def names(folder: Path) -> tuple[list[str], dict[str, int]]:
    """Names of the pictures below a folder, and what was left out."""
    left_out = LeftOutFiles(folder)
    pictures = pictures_below(folder, left_out)
    return [path.relative_to(folder).as_posix() for path in pictures], dict(left_out.counts)


def test_pictures_are_sorted_and_may_lie_deeper(tmp_path: Path, draw: Draw) -> None:
    for name in ("b.png", "z/1/deep.png", "a.JPG", "c/0.webp"):
        draw(tmp_path / name)
    assert names(tmp_path) == (["a.JPG", "b.png", "c/0.webp", "z/1/deep.png"], {})


def test_what_lies_beside_pictures_is_left_alone(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a.png")
    for name in (
        "licence.pdf",
        "features.h5",
        "clip.mpg",
        "notes.TXT",
        "Thumbs.db",
        "desktop.ini",
        ".DS_Store",
        "._a.png",
    ):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")  # nothing of it is opened
    for folder in (".git", "__MACOSX"):
        draw(tmp_path / folder / "b.png")
    assert names(tmp_path) == (["a.png"], {})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("name", ["photo", "photo.2021", "photo.jpg?width=300", "photo."])
def test_without_a_known_ending_content_decides(tmp_path: Path, kind: str, name: str) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / name, kind)
    (tmp_path / "readme").write_text("no picture")
    assert names(tmp_path) == ([name], {"without an ending": 1})


def test_kinds_that_are_not_read_are_left_out(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "raw.NEF").write_bytes(b"MM\0*")  # begins as TIFF, but it is the camera's own
    for name in ("drawing.svg", "drawing.eps", "other.eps"):
        (tmp_path / name).write_text("%!PS")
    assert names(tmp_path) == (["a.png"], {".eps": 2, ".svg": 1, ".nef": 1})


def test_heic_is_read_where_pillow_heif_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    expected = (["a.HEIC"], {}) if ".heic" in picture_endings() else ([], {".heic": 1})
    assert names(tmp_path) == expected


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_broken_links_are_left_out(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "good.png").symlink_to(tmp_path / "a.png")
    assert names(tmp_path) == (["a.png", "good.png"], {"pipe or device": 2, "broken link": 1})


def test_links_in_circles_end(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a" / "0.png")
    draw(tmp_path / "b" / "1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a" / "b").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "b" / "a").symlink_to(tmp_path / "a", target_is_directory=True)
    pictures, left_out = names(tmp_path / "a")
    assert pictures[:2] == ["0.png", "b/1.png"]
    assert left_out["link to a folder around it"] >= 2


def test_known_endings_are_not_opened(tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "b.txt").touch()
    monkeypatch.setattr("embedding_transfer.images.folder_tree.looks_like_a_picture", lambda path: pytest.fail(path))
    assert list_folder(tmp_path, LeftOutFiles(tmp_path)).pictures == [tmp_path / "a.png"]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot list folder .*nowhere: No such file"):
        list_folder(tmp_path / "nowhere", LeftOutFiles(tmp_path))


def test_folders_of_folders(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a" / "b" / "0.png")
    assert holds_only_folders(tmp_path / "a")
    assert not holds_only_folders(tmp_path / "a" / "b")
    draw(tmp_path / "a" / "0.png")
    assert not holds_only_folders(tmp_path / "a")


def test_the_only_folder(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    assert only_folder_in(tmp_path) is None
    assert not holds_only_folders(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "notes.txt").touch()
    assert only_folder_in(tmp_path) == tmp_path / "a"
    assert holds_only_folders(tmp_path)
    (tmp_path / "b").mkdir()
    assert only_folder_in(tmp_path) is None
    assert holds_only_folders(tmp_path)
    draw(tmp_path / "0.png")
    assert only_folder_in(tmp_path) is None
    assert not holds_only_folders(tmp_path)
