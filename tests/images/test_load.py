"""Image sets by name."""

import subprocess
import sys
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.images.load import IMAGE_SETS


def test_names_and_roots_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no image set 'CUBS', did you mean cub\?; there are folder, glyphs, cub"):
        load_images("CUBS", tmp_path)
    for name in IMAGE_SETS:
        if name != "glyphs":
            with pytest.raises(UsageError, match=rf"image set '{name}' needs --root"):
                load_images(name)
            with pytest.raises(UsageError, match=r"no (folder|file) .*nowhere"):
                load_images(name, tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["cub", "cars", "sop", "inshop", "folder"])
def test_an_empty_folder_is_no_image_set(tmp_path: Path, name: str) -> None:
    for allowed in (False, True):
        with pytest.raises(InputError, match=str(tmp_path)):
            load_images(name, tmp_path, allow_incomplete=allowed)


def test_a_folder_of_class_folders(tiny_folder: Path) -> None:
    splits = load_images("folder", tiny_folder)
    assert [len(part) for part in splits] == [30, 25]


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, embedding_transfer.images; print([m for m in ('scipy', 'matplotlib', 'timm') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
