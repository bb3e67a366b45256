"""Progress where there is no terminal: phases are said, long work says a line every minute, short work none."""

import time

import pytest

from embedding_transfer.images.download import progress
from embedding_transfer.images.download.progress import phase, time_in_words
from embedding_transfer.retrieval.progress import LongPictureProgress
from embedding_transfer.training.progress import TrainingProgress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands until it is set."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_training_says_epoch_rate_and_time_left_every_minute(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with TrainingProgress("train", 10_000, 1_000) as shown:
        shown.begin_epoch(2, 10)
        for second in (20, 40, 61, 62, 125):
            clock[0] = second
            shown.step(300, 0.5)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "epoch 2/10: 1,900 pictures of 10,000 pictures (19%), 15 pictures/s, about 9 min left",
        "epoch 2/10: 2,500 pictures of 10,000 pictures (25%), 12 pictures/s, about 10 min left",
    ]


def test_what_is_short_says_nothing_and_other_processes_neither(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with LongPictureProgress("embed", 100) as shown:
        shown.more(100)
    with LongPictureProgress("embed", 100, is_shown=False) as shown:
        clock[0] = 100
        shown.more(100)
    assert capsys.readouterr().err == ""


def test_phases_are_said_once_and_only_if_they_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "MOMENT", 0.01)
    with phase("looking"):
        time.sleep(0.3)
    monkeypatch.setenv("RANK", "1")
    with phase("looking"):
        time.sleep(0.3)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setattr(progress, "MOMENT", 100)
    with pytest.raises(OSError, match="none there"), phase("looking"):
        raise OSError("none there")
    assert capsys.readouterr().err == "looking ...\n"


@pytest.mark.parametrize(("seconds", "words"), [(40, "40 s"), (150, "2 min"), (12_600, "3.5 h")])
def test_time_in_words(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words
