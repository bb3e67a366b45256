"""What an interruption becomes on its way through libraries is still an interruption."""

import importlib
import os
import signal

import pytest

from embedding_transfer.cli.ending import stop_behind

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


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(verb: str, arguments: list[str]) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(cli, "_run", run)
    with pytest.raises(RuntimeError, match="mistake of ours"):
        cli.main(["transfer"])
    assert stop_behind(RuntimeError()) is None
