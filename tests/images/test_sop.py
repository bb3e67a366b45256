"""Stanford Online Products in its real layout and with its real numbers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.images.sop import load_sop

HEADER = "image_id class_id super_class_id path\n"


def write_list(home: Path, split: str, first_image: int, rows: Sequence[tuple[int, str]]) -> None:
    """Ebay_SPLIT.txt with rows (class, path)."""
    home.mkdir(exist_ok=True)
    lines = (f"{first_image + i} {class_id} 1 {path}\n" for i, (class_id, path) in enumerate(rows))
    (home / f"Ebay_{split}.txt").write_text(HEADER + "".join(lines))


def test_a_part_of_it(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    home = tmp_path / "Stanford_Online_Products"
    rows = {
        "train": [(1, "bicycle_final/111085122871_0.JPG"), (1, "bicycle_final/111085122871_1.JPG")],
        "test": [(11320, "chair_final/4_0.JPG"), (11319, "bicycle_final/3_0.JPG"), (11320, "chair_final/4_1.JPG")],
    }
    write_list(home, "train", 1, rows["train"])
    write_list(home, "test", 59552, rows["test"])
    for _, path in rows["train"] + rows["test"]:
        draw(home / path)
    for root in (tmp_path, home):
        with pytest.warns(IncompleteImages, match=r"2 training images instead of 59,551"):
            train, test = load_sop(root, allow_incomplete=True)
        assert train.images == [home / path for _, path in rows["train"]]
        assert train.class_names == ("bicycle 1",)
        assert test.class_names == ("bicycle 11319", "chair 11320")
        assert test.labels.tolist() == [1, 0, 1]
    with pytest.raises(
        InputError, match=r"is not the published 'sop': 2 training images instead of 59,551, 1 training"
    ):
        load_sop(home)


def test_the_published_numbers(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    path = str(draw(tmp_path / "bicycle_final/1_0.JPG").relative_to(tmp_path))
    write_list(tmp_path, "train", 1, [(1 + i % 11318, path) for i in range(59551)])
    write_list(tmp_path, "test", 59552, [(11319 + i % 11316, path) for i in range(60501)] + [(22634, "x_final/0.JPG")])
    with pytest.raises(InputError, match=r"sop: 1 of 120,053 listed images are missing, the first is .*x_final/0\.JPG"):
        load_sop(tmp_path)
    draw(tmp_path / "x_final/0.JPG")
    train, test = load_sop(tmp_path)
    assert (len(train), len(train.class_names)) == (59551, 11318)
    assert (len(test), len(test.class_names)) == (60502, 11316)


def test_other_lists_are_told(tmp_path: Path) -> None:
    (tmp_path / "Ebay_info.txt").touch()
    with pytest.raises(InputError, match=r"looked for Ebay_train\.txt or Stanford_.*; found Ebay_info\.txt"):
        load_sop(tmp_path)
    write_list(tmp_path, "train", 1, [(1, "a.JPG")])
    with pytest.raises(InputError, match=r"cannot read .*Ebay_test\.txt"):
        load_sop(tmp_path)
    (tmp_path / "Ebay_test.txt").write_text("path label\na.JPG 1\n")
    with pytest.raises(InputError, match=r"Ebay_test\.txt: line 1 should be 'image_id class_id super_class_id path'"):
        load_sop(tmp_path)
    (tmp_path / "Ebay_test.txt").write_text(HEADER + "1 1 a.JPG\n")
    with pytest.raises(InputError, match=r"Ebay_test\.txt: line 2 has 3 columns instead of 4"):
        load_sop(tmp_path)


def test_labels_are_numbers_of_class_names(tmp_path: Path, draw: Callable[[Path], Path]) -> None:
    rows = [(c, f"sofa_final/{c}_0.JPG") for c in (10, 9, 100, 1)]
    for split, first in (("train", 1), ("test", 5)):
        write_list(tmp_path, split, first, [(c + (split == "test") * 1000, path) for c, path in rows])
    for _, path in rows:
        draw(tmp_path / path)
    with pytest.warns(IncompleteImages):
        train, _ = load_sop(tmp_path, allow_incomplete=True)
    assert [train.class_names[label] for label in train.labels] == ["sofa 10", "sofa 9", "sofa 100", "sofa 1"]
    assert sorted(train.labels) == np.arange(4).tolist()
