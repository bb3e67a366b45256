"""Help: every option under a heading, quick, and classes listed with a line each."""

import re
import shlex
import subprocess
import sys

import pytest

from embedding_transfer import losses
from embedding_transfer.cli import FIRST, VERBS, main, parse
from embedding_transfer.cli.headings import HEADINGS
from embedding_transfer.cli.options import options_of


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_every_option(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: embedding-transfer {verb} ")
    for name, option in options_of(verb).items():
        assert text.count(f"\n  --{name.replace('_', '-')} ") == 1
        said = " ".join(text.split(f"\n  --{name.replace('_', '-')} ")[1].split("\n  --")[0].split())
        assert option.help, name
        assert "default:" in said or "(required" in said, name
    assert "``" not in text


@pytest.mark.parametrize("verb", VERBS)
def test_help_imports_no_torch(verb: str) -> None:
    """Which takes seconds to import, and help does not need."""
    code = (
        "import sys; from embedding_transfer.cli import main; main(sys.argv[1:]); "
        "sys.exit(' '.join({'torch', 'accelerate', 'timm', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, verb, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_option_of_a_training_has_a_heading() -> None:
    headed = {name for names in HEADINGS.values() for name in names.split()}
    for verb in ("train-source", "transfer", "evaluate"):
        assert set(options_of(verb)) - headed <= {"batch_size"}
    known = {name for verb in VERBS for name in options_of(verb)}
    assert headed <= known


@pytest.mark.parametrize("verb", VERBS)
def test_help_ends_with_a_call_that_is_understood(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([verb, "--help"])
    words = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert words[:3] == ["example:", "embedding-transfer", verb]
    given = parse(verb, words[3:])
    assert all(given[name] is not None for name in FIRST[verb])


@pytest.mark.parametrize("verb", ["train-source", "transfer"])
def test_what_is_used_most_comes_first_and_headings_say_what_options_are_about(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([verb, "--help"])
    sections = re.split(r"\n\n(?=[a-z ]+:\n)", capsys.readouterr().out)[1:]
    listed = {part.partition(":")[0]: re.findall(r"^  --([a-z-]+)", part, re.MULTILINE) for part in sections}
    about = ["loss", "images", "network", "training", "evaluation", "run", "general"]
    assert [heading for heading in listed if heading != "source"] == ["used most", *about]
    assert {*FIRST[verb], "output", "epochs"} <= set(listed["used most"])
    assert len(listed["used most"]) <= 11
    assert {"batch-size", "lr"} <= set(listed["training"])
    assert "metric-loss" in listed["loss"] or "miner" in listed["loss"]


def test_pictures_at_a_time_are_no_training(capsys: pytest.CaptureFixture[str]) -> None:
    main(["evaluate", "--help"])
    text = capsys.readouterr().out
    assert "\ntraining:" not in text
    assert "--batch-size" in text.partition("\nrun:")[2]


def test_what_may_come_first_is_an_option() -> None:
    for verb, names in FIRST.items():
        assert set(names) <= set(options_of(verb))


@pytest.mark.parametrize("asked", [["--loss.help"], ["--loss.help="], ["--loss.help", "--epochs", "3"]])
def test_losses_are_listed_with_a_line_each(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transfer", *asked]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line.startswith("  ")}
    assert set(listed) == set(losses.__all__) - {"TransferLoss"}
    assert all(sentence.endswith(".") for sentence in listed.values())


@pytest.mark.parametrize("asked", [["--loss.help", "RKDLoss"], ["--loss.help=RKDLoss"]])
def test_the_arguments_of_a_loss_are_explained(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transfer", *asked]) == 0
    text = capsys.readouterr().out
    assert text.startswith("RKDLoss: ")
    assert "  --loss.angle_weight (default: 2.0; at least 0)  Weight of the angles" in text


def test_help_of_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transfer", "--loss.help", "RKDLos"]) == 2
    assert "did you mean RKDLoss?" in capsys.readouterr().err
    assert main(["transfer", "--epochs.help"]) == 2
    assert "--epochs names no class" in capsys.readouterr().err


def test_metric_losses_and_miners_are_listed_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train-source", "--loss.help"]) == 0
    text = capsys.readouterr().out
    assert "ProxyAnchorLoss" in text
    assert "pytorch_metric_learning.losses" in text
    assert main(["train-source", "--miner.help"]) == 0
    assert "TripletMarginMiner" in capsys.readouterr().out
