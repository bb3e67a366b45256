"""What an interruption becomes on its way through libraries is still an interruption."""

import gc
import importlib
import os
import signal
from collections.abc import Iterator

import pytest

from embedding_transfer.cli.ending import stop_behind
from embedding_transfer.images.loading import batches_of

cli = importlib.import_module("embedding_transfer.cli.main")  # the package has a function of this name


@pytest.mark.parametrize("kind", [RuntimeError, SystemError])
def test_an_error_that_a_signal_became_ends_as_the_signal(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(verb: str, arguments: list[str]) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            raise kind("DataLoader worker is killed by signal: Terminated.")

    monkeypatch.setattr(cli, "_run", run)
    assert cli.main(["transfer"]) == 128 + signal.SIGTERM
    said = capsys.readouterr().err
    assert "stopped by SIGTERM; a training goes on with --resume" in said
    assert len(said.splitlines()) == 1


class SignalsAtItsEnd:
    """Python drops what is raised in ``__del__``, as it does while it forks."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __del__(self) -> None:
        os.kill(os.getpid(), getattr(signal, self.name))
        for _ in range(1000):  # long enough for Python to call the handler in here
            pass


@pytest.mark.parametrize(("name", "how"), [("SIGTERM", "SIGTERM"), ("SIGHUP", "SIGHUP"), ("SIGINT", "the keyboard")])
def test_a_signal_that_python_drops_ends_at_the_next_batch(
    name: str, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []

    def loader() -> Iterator[int]:
        for number in range(3):
            SignalsAtItsEnd(name if number == 1 else "SIGCHLD")
            gc.collect()
            yield number

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(cli, "_run", lambda verb, arguments: [seen.append(each) for each in batches_of(loader())])
    try:
        assert cli.main(["transfer"]) == 128 + getattr(signal, name)
    finally:
        signal.signal(signal.SIGINT, before)
    said = capsys.readouterr().err.splitlines()
    assert said == [f"embedding-transfer transfer: stopped by {how}; a training goes on with --resume"]
    assert seen == [0]
    monkeypatch.setattr(cli, "_run", lambda verb, arguments: seen.extend(batches_of([7])))
    assert cli.main(["transfer"]) == 0  # it was of that call alone
    assert seen[-1] == 7


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(verb: str, arguments: list[str]) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(cli, "_run", run)
    with pytest.raises(RuntimeError, match="mistake of ours"):
        cli.main(["transfer"])
    assert stop_behind(RuntimeError()) is None
