"""Inputs that mean harm: each is read, or refused in one line; nothing hangs, runs, or is written elsewhere.

``pytest tests/long/hostile -m long`` tries 22,000 of them, ``HOSTILE_SEED=7`` others; a fixed thousand is always tried.
"""

from __future__ import annotations

import os
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from inputs import KINDS
from kept import emptied, prepare
from watch import Hang, watched

from embedding_transfer.errors import EmbeddingTransferError, one_line

SEED = int(os.environ.get("HOSTILE_SEED", "0"))


def faults_of(kind: str, numbers: range, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What went wrong with the inputs of a kind, a text for each."""
    faults = []
    prepare(folder)
    place = folder / "place"
    before = Path.cwd()
    os.chdir(emptied(folder / "here"))
    try:
        for number in numbers:
            rng = np.random.default_rng([SEED, sorted(KINDS).index(kind), number])
            reads = KINDS[kind](rng, emptied(place))
            fault = _fault(reads, folder)
            said = capsys.readouterr()
            if "Traceback" in said.err or any(not line.isprintable() for line in said.err.splitlines()):
                fault = f"said {said.err[:500]!r}"
            if (folder / "here/owned").exists() or (place / "owned").exists():
                fault = "code was run"
            if fault:
                faults.append(f"{kind} {number}: {fault}")
    finally:
        os.chdir(before)
    return faults


def _fault(reads, folder: Path) -> str | None:  # type: ignore[no-untyped-def]
    with warnings.catch_warnings(), watched(folder) as deeds:
        warnings.simplefilter("ignore")
        try:
            code = reads()
            wrong = f"exit code {code}" if type(code) is int and code not in (0, 1, 2) else None
        except EmbeddingTransferError as error:
            wrong = None if one_line(error) else "says nothing"
        except (Exception, Hang, SystemExit) as error:
            where = traceback.extract_tb(error.__traceback__)[-3:]
            wrong = f"{type(error).__name__}: {error!s:.150} at {[f'{p.filename[-40:]}:{p.lineno}' for p in where]}"
        return wrong or (f"did {deeds[0]}" if deeds else None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_of_each_kind(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults_of(kind, range(100), tmp_path, capsys) == []


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_of_each_kind(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults_of(kind, range(100, 2100), tmp_path, capsys) == []


def test_the_watch_sees_what_it_should(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    with watched(inside) as deeds:
        (inside / "file").write_text("fine")
        assert deeds == []
        outside.write_text("not fine")
        os.system("true")
        assert [deed.split()[0] for deed in deeds] == ["open", "os.system"]
