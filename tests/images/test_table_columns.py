"""Columns by any of their names, and what sets them apart."""

import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.table_columns import columns_of

PLACES = {"path": 0, "label": 1, "split": 2}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "names", ["path label split", "Filename CLASS Split", "image category subset", "File-Path Class_Name SET"]
)
def test_names_in_any_case(delimiter: str, names: str) -> None:
    assert columns_of(delimiter.join(names.split()), "t.csv") == (delimiter, PLACES)


def test_spaces_and_quotes_do_not_count() -> None:
    assert columns_of(' "File Name" , "label" ,split ', "t.csv") == (",", PLACES)


def test_the_name_itself_wins() -> None:
    assert columns_of("image,path,class,label,split", "t.csv")[1] == {"path": 1, "label": 3, "split": 4}


def test_other_columns_may_hold_other_delimiters() -> None:
    assert columns_of("path;label;split;a, b, c, d, e", "t.csv") == (";", PLACES)


def test_there_may_be_no_labels() -> None:
    assert columns_of("path,split", "t.csv")[1] == {"path": 0, "split": 1}
    assert columns_of("path,label", "t.csv", with_labels=False)[1] == {"path": 0}


@pytest.mark.parametrize(
    ("first_line", "message"),
    [
        ("image,file,label,split", r"t\.csv has more than one column 'path': image and file"),
        ("path,Label,label ,split", r"t\.csv has more than one column 'label': label and label"),
        (
            "path,label",
            r"t\.csv has no column 'split'; its first line is 'path,label', and should name path, label and",
        ),
        ("a.png,cat,train", r"t\.csv has no column 'path'; its first line is 'a\.png,cat,train'"),
    ],
)
def test_what_is_not_clear_is_named(first_line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        columns_of(first_line, "t.csv")
