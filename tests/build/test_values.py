"""Values of options: Python's, a command line's and YAML's mean the same; what does not fit is one sentence."""

import math
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from embedding_transfer.build.values import as_type, in_words, plain_value
from embedding_transfer.errors import UsageError

Precision = Literal["no", "bf16", "fp16"]

UNDERSTOOD: list[tuple[Any, Any, Any]] = [
    (3, int, 3),
    ("3", int, 3),
    (3.0, int, 3),
    (1, float, 1.0),
    ("1e-3", float, 0.001),
    (True, bool, True),
    ("yes", bool, True),
    ("false", bool, False),
    ("a/b", Path, Path("a/b")),
    (Path("a"), Path | None, Path("a")),
    ("null", Path | None, None),
    (None, int | None, None),
    ("1,2,4", tuple[int, ...], (1, 2, 4)),
    ("[1, 2]", tuple[int, ...], (1, 2)),
    ([1, 2], tuple[int, ...], (1, 2)),
    (5, tuple[int, ...], (5,)),
    ("a.yaml,b.yaml", tuple[Path, ...], (Path("a.yaml"), Path("b.yaml"))),
    ("fp16", Precision, "fp16"),
    ("auto", int | Literal["auto"], "auto"),
    ("12", int | Literal["auto"], 12),
    (50, str, "50"),
]


@pytest.mark.parametrize(("written", "annotation", "meant"), UNDERSTOOD, ids=str)
def test_what_people_write_is_understood(written: Any, annotation: Any, meant: Any) -> None:
    found = as_type(written, annotation, "option")
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize("text", ["no", "off", "1e-3", "null", "3", "cosine"])
def test_words_of_yaml_mean_what_they_mean_on_a_command_line(text: str) -> None:
    """YAML 1.1 makes false of ``no``, and text of ``1e-3``."""
    annotation = {"no": Precision, "off": Literal["off", "on"], "1e-3": float, "null": int | None, "3": int}.get(
        text, Literal["cosine", "step"]
    )
    assert as_type(yaml.safe_load(text), annotation, "option") == as_type(text, annotation, "option")


REFUSED: list[tuple[Any, Any, str]] = [
    ("many", int, "epochs: expected a whole number; got many"),
    (2.5, int, "epochs: expected a whole number; got 2.5"),
    (True, int, "epochs: expected a whole number; got True"),
    ("x", float, "epochs: expected a number; got x"),
    (math.nan, float, "epochs: expected a finite number; got nan"),
    ("inf", float, "epochs: expected a number; got inf"),
    ("maybe", bool, "epochs: expected true or false; got maybe"),
    ("bf61", Precision, "epochs: expected one of 'no', 'bf16', 'fp16'; got bf61, did you mean bf16?"),
    ("1,x", tuple[int, ...], "epochs: expected a list, each a whole number; got 1,x"),
    (False, str, "put the word in quotes"),
    (None, int, "epochs: expected a whole number; got None"),
    ("", Path | None, "epochs: expected a path or null; got nothing"),
    ("a\0b", Path, "epochs: expected a path; got a\\x00b"),
    ("abc", int | None, "epochs: expected a whole number or null; got abc"),
]


@pytest.mark.parametrize(("written", "annotation", "message"), REFUSED, ids=str)
def test_what_does_not_fit_is_said(written: Any, annotation: Any, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        as_type(written, annotation, "epochs")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_types_that_are_no_plain_data_are_not_looked_at() -> None:
    thing = object()
    assert as_type(thing, Any, "thing") is thing
    assert as_type(thing, list[pytest.Item], "thing") is thing


def test_plain_values_are_yaml_with_all_numbers() -> None:
    assert [plain_value(text) for text in ("1e-3", "2", "true", "[1, 2]", "a b", "{", "null")] == [
        0.001,
        2,
        True,
        [1, 2],
        "a b",
        "{",
        None,
    ]


def test_types_in_words() -> None:
    assert in_words(int | None | Literal["auto"]) == "a whole number or null or 'auto'"
    assert in_words(tuple[int, ...]) == "a list, each a whole number"


@pytest.mark.parametrize("annotation", [int | None, Literal["a", "b"] | None])
def test_a_wrong_value_is_not_null_where_null_is_allowed(annotation: Any) -> None:
    with pytest.raises(UsageError, match="rows: expected"):
        as_type("abc", annotation, "rows")
    assert as_type("null", annotation, "rows") is None
