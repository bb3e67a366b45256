"""Image sets by name."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.images.load import IMAGE_SETS


def test_names_and_roots_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no image set 'CUBS', did you mean cub\?; there are\n  folder"):
        load_images("CUBS", tmp_path)
    for name in IMAGE_SETS:
        if name != "glyphs":
            with pytest.raises(UsageError, match=rf"image set '{name}' needs --root"):
                load_images(name)
            with pytest.raises(UsageError, match=r"no (folder|file) .*nowhere"):
                load_images(name, tmp_path / "nowhere")


def test_an_unknown_name_is_told_with_a_line_for_each_image_set() -> None:
    with pytest.raises(UsageError) as raised:
        load_images("photos")
    lines = str(raised.value).splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(IMAGE_SETS)
    assert lines[0] == "  folder     your own images, a folder for each class;"


def test_a_place_in_place_of_a_name_is_told_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=rf"no image set '{tmp_path}', but a place: give it as --root {tmp_path}; there"
    ):
        load_images(str(tmp_path))


def test_a_csv_file_of_the_set_folder_is_a_table(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    for name in "ab":
        draw(tmp_path / f"{name}.png")
    (tmp_path / "list.csv").write_text("path,label,split\na.png,cat,train\nb.png,dog,test\n")
    assert load_images("folder", str(tmp_path / "list.csv")).test.class_names == ("dog",)
    with pytest.raises(UsageError, match=r"a\.png is a file: give the folder"):
        load_images("folder", tmp_path / "a.png")


@pytest.mark.parametrize("name", ["cub", "cars", "sop", "inshop", "folder", "unlabeled"])
def test_an_empty_folder_is_no_image_set(tmp_path: Path, name: str) -> None:
    for allowed in (False, True):
        with pytest.raises(InputError, match=str(tmp_path)):
            load_images(name, tmp_path, allow_incomplete=allowed)


def test_a_folder_of_class_folders(tiny_folder: Path) -> None:
    for root in (tiny_folder, str(tiny_folder)):
        assert [len(part) for part in load_images("folder", root)] == [30, 25]


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, embedding_transfer.images; print([m for m in ('scipy', 'matplotlib', 'timm') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
