"""Tables: CSV files with a row for each image."""

from collections.abc import Callable
from pathlib import Path

import pytest

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images.left_out import ImagesNote
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
        (["path,label,kind", "a,b,train"], r"images\.csv has no column 'split'; its first line is 'path,label,kind'"),
        ([""], r"images\.csv has no column 'path'; its first line is ''"),
        (PLAIN[:1], r"images\.csv has no rows"),
        ([*PLAIN, "c.png,,test"], r"images\.csv: line 6 has no label"),
        ([*PLAIN, "c.png,  ,test"], r"images\.csv: line 6 has no label"),
        ([*PLAIN, "c.png,owl"], r"images\.csv: line 6 has no split"),
        (
            [*PLAIN, "", "c.png,owl,later"],
            r"line 7 has the split 'later'; there are train, training, test, testing, val",
        ),
        ([*PLAIN, "c, d.png,owl,test"], r"line 6 has 4 values for 3 columns: put values that hold ',' in quotes"),
        (["path,label,split,is_query", "a,b,test,maybe"], r"line 2 has is_query 'maybe' instead of true or false"),
        (["path,label,split,is_gallery", "a,b,test,no", "a,b,train,yes"], r"no test image of .* has is_gallery true"),
        (PLAIN[:3], r"all 2 rows of .*images\.csv are training images: the column split needs"),
        ([PLAIN[0], *PLAIN[3:]], r"all 2 rows of .*images\.csv are test images"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_table(write(tmp_path, lines))


def test_values_are_understood_as_people_write_them(tmp_path: Path, draw: Draw) -> None:
    lines = ["Filename ; Class;SUBSET", "a/0.png ;boot; Training", ' "a/1.png" ; boot ;TRAIN', ";;", "b/0.png;owl;val"]
    for name in ("a/0.png", "a/1.png", "b/0.png"):
        draw(tmp_path / name)
    splits = load_table(write(tmp_path, lines))
    assert splits.train.class_names == ("boot",)
    assert splits.train.images == [tmp_path / "a/0.png", tmp_path / "a/1.png"]
    assert splits.test.class_names == ("owl",)


def test_a_label_with_an_accent_is_one_class_however_it_is_composed(tmp_path: Path, draw: Draw) -> None:
    lines = ["path,label,split", "0.png,caf\u00e9,train", "1.png,cafe\u0301,train", "2.png,x,test"]
    assert load_table(write(tmp_path, lines, draw)).train.class_names == ("caf\u00e9",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_of_spreadsheets(tmp_path: Path, draw: Draw, encoding: str, end: str) -> None:
    draw(tmp_path / "caf\u00e9.png")
    text = end.join(["sep=;", "path;label;split", "caf\u00e9.png;\u00fc;train", "caf\u00e9.png;b;test", ""])
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    splits = load_table(tmp_path / "t.csv")
    assert splits.train.images == [tmp_path / "caf\u00e9.png"]
    assert splits.train.class_names == ("\u00fc",)


def test_backslashes_are_understood_and_told(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "a/0.png")
    table = write(tmp_path, ["path,label,split", "a\\0.png,cat,train", "a/0.png,dog,test"])
    with pytest.warns(
        ImagesNote, match=r"images: 1 of 2 paths with backslashes are missing .* the first is .*a/0\.png"
    ):
        splits = load_table(table)
    assert splits.train.images == [tmp_path / "a/0.png"]


@pytest.mark.parametrize("allow_incomplete", [False, True])
def test_where_all_paths_are_wrong_their_number_and_the_first_are_told(tmp_path: Path, allow_incomplete: bool) -> None:
    with pytest.raises(
        InputError, match=r"4 of 4 listed images are missing, the first is .*a/0\.png; no training images"
    ):
        load_table(write(tmp_path, PLAIN), allow_incomplete)


def test_where_all_paths_of_a_half_are_wrong_that_half_is_told(tmp_path: Path, draw: Draw) -> None:
    for name in ("a/0.png", "a/1.png"):
        draw(tmp_path / name)
    with pytest.raises(InputError, match=r"2 of 4 listed images are missing, .*b/0\.png; no test images are left"):
        load_table(write(tmp_path, PLAIN), allow_incomplete=True)


def test_a_table_must_be_a_file_of_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file .*nowhere\.csv: --root must be the CSV file"):
        load_table(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="no file"):
        load_table(str(tmp_path))
    (tmp_path / "sheet.csv").write_bytes(b"PK\x03\x04\x14\0\6\0binary")
    with pytest.raises(UsageError, match=r"is a folder that holds sheet\.csv"):
        load_table(tmp_path)
    with pytest.raises(InputError, match=r"cannot read .*sheet\.csv: it is no text; save it as CSV"):
        load_table(tmp_path / "sheet.csv")
