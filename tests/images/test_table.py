"""Tables: CSV files with a row for each image."""

from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.listed import IncompleteImages
from embedding_transfer.images.table import load_table

Draw = Callable[[Path], Path]
PLAIN = ["path,label,split", "a/0.png,cat,train", "a/1.png,dog,train", "b/0.png,owl,test", "b/1.png,owl,test"]


def write(folder: Path, lines: list[str], draw: Draw | None = None) -> Path:
    if draw:
        for line in lines[1:]:
            draw(folder / line.split(",")[0].strip('"'))
    path = folder / "images.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_paths_are_relative_to_the_table(tmp_path: Path, draw: Draw) -> None:
    splits = load_table(write(tmp_path, PLAIN, draw))
    assert splits.train.images == [tmp_path / "a/0.png", tmp_path / "a/1.png"]
    assert splits.train.class_names == ("cat", "dog")
    assert splits.train.labels.tolist() == [0, 1]
    assert splits.test.class_names == ("owl",)
    assert splits.test.is_query is None
    assert splits.test.name == "images/test"


def test_paths_may_be_absolute_and_columns_in_any_order(tmp_path: Path, draw: Draw) -> None:
    elsewhere = draw(tmp_path / "elsewhere" / "with, comma.png")
    lines = ["\ufeffsplit,category,label,path", f'train,x,cat,"{elsewhere}"', f'validation,y,owl, "{elsewhere}"']
    splits = load_table(write(tmp_path, lines))
    assert splits.train.images == splits.test.images == [elsewhere]


def test_queries_and_gallery(tmp_path: Path, draw: Draw) -> None:
    flags = ["is_query,is_gallery", ",", ",", "True,0", "false,1"]
    splits = load_table(write(tmp_path, [f"{row},{flag}" for row, flag in zip(PLAIN, flags, strict=True)], draw))
    assert splits.train.is_query is None
    assert splits.train.is_gallery is None
    assert splits.test.is_query is not None
    assert splits.test.is_query.tolist() == [True, False]
    assert splits.test.is_gallery is not None
    assert splits.test.is_gallery.tolist() == [False, True]


def test_missing_images_are_named(tmp_path: Path, draw: Draw) -> None:
    table = write(tmp_path, PLAIN, draw)
    (tmp_path / "a/1.png").unlink()
    with pytest.raises(InputError, match=r"images: 1 of 4 listed images are missing, the first is .*a/1\.png"):
        load_table(table)
    with pytest.warns(IncompleteImages, match=r"a/1\.png"):
        assert load_table(table, allow_incomplete=True).train.class_names == ("cat",)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["path,class,split", "a,b,train"], r"images\.csv has no column 'label'; its first line is 'path,class,split'"),
        ([""], r"images\.csv has no column 'path'; its first line is ''"),
        (PLAIN[:1], r"images\.csv has no rows"),
        ([*PLAIN, "c.png,,test"], r"images\.csv: row 6 has no label"),
        ([*PLAIN, "c.png,owl"], r"images\.csv: row 6 has no split"),
        ([*PLAIN, "c.png,owl,Test"], r"row 6 has the split 'Test'; there are train, test, validation"),
        (["path,label,split,is_query", "a,b,test,maybe"], r"row 2 has is_query 'maybe' instead of true or false"),
        (["path,label,split,is_gallery", "a,b,test,no", "a,b,train,yes"], r"no test image of .* has is_gallery true"),
        (PLAIN[:3], r"all 2 rows of .*images\.csv are in the split 'train': train and test are needed"),
        ([PLAIN[0], *PLAIN[3:]], r"all 2 rows of .*images\.csv are in the split 'test'"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_table(write(tmp_path, lines))


def test_a_table_must_be_a_file_of_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*nowhere\.csv: --root must be the CSV file"):
        load_table(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="no file"):
        load_table(tmp_path)
    (tmp_path / "latin.csv").write_bytes("path,label,split\né,b,train".encode("latin-1"))
    with pytest.raises(InputError, match=r"cannot read .*latin\.csv"):
        load_table(tmp_path / "latin.csv")
