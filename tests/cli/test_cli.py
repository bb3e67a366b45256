"""The command line: quick help, one-line errors with the right exit codes, configuration that runs again."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from embedding_transfer.cli import VERBS, main
from embedding_transfer.cli.arguments import parse
from embedding_transfer.networks import load_network


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit code and what stands on standard error."""
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err


def test_help_names_every_verb_without_importing_torch() -> None:
    code = "import sys; from embedding_transfer.cli import main; main(['--help']); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert all(verb in done.stdout for verb in VERBS)


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "embedding_transfer", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.strip() == "0.1.0"


USAGE_ERRORS: dict[str, tuple[list[str], str]] = {
    "verb": (["trasfer"], "did you mean transfer"),
    "option": (["--sorce", "x"], "no option --sorce, did you mean source?"),
    "source": (["--source", "/none"], "no such network: /none"),
    "images": (["--images", "fold"], "no image set 'fold', did you mean folder?"),
    "root": (["--root", "/none"], "no folder /none"),
    "loss": (["--loss", "RelaxedContrast"], "did you mean RelaxedContrastiveLoss?"),
    "loss option": (["--loss", "RelaxedContrastiveLoss", "--loss.sgma", "2"], "no option 'sgma', did you mean sigma?"),
    "loss class": (["--loss", "torch.nn.Linear"], "Linear"),
    "metric loss": (["--metric-loss", "ProxyAnchrLoss"], "did you mean ProxyAnchorLoss?"),
    "backbone": (["--backbone", "resnet1888"], "resnet18"),
    "image size": (["--backbone", "resnet18", "--image-size", "8"], "image size 8 is too small for backbone resnet18"),
    "number": (["--epochs", "many"], "epochs: expected a whole number; got many"),
    "choice": (
        ["--optimizer", "adamm"],
        "got adamm, did you mean adam?",
    ),
    "balance": (["--batch-size", "12", "--images-per-class", "5"], "no multiple of images per class, 5"),
    "classes": (["--batch-size", "14"], "needs 7 classes, but"),
    "batch": (["--batch-size", "400"], "30 images, fewer than one batch of 400"),
    "zero": (["--views", "0"], "views must be at least 1"),
    "weights": (["--weights", "/none.pth"], "/none.pth"),
}


@pytest.mark.parametrize("what", USAGE_ERRORS)
def test_wrong_usage_is_one_line_and_exit_code_2(
    what: str, tiny_source: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, expected = USAGE_ERRORS[what]
    given = ["transfer", "--source", tiny_source, "--root", tiny_folder, "--workers", 0, "--ks", "1,2"]
    given += ["--batch-size", 12, "--output", tmp_path / "run"]
    code, error = run(capsys, *([*wrong] if what == "verb" else [*given, *wrong]))
    assert code == 2
    assert expected in error
    assert error.count("\n") == 1
    assert error.startswith("embedding-transfer")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_is_said(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    code, error = run(capsys, *train_on(tiny_folder, tmp_path / "file" / "run"))
    assert code == 1
    assert str(tmp_path / "file" / "run") in error
    assert error.count("\n") == 1


def test_a_misspelled_option_in_a_configuration_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe.yaml").write_text("epochz: 3\n")
    code, error = run(capsys, "transfer", "--config", tmp_path / "recipe.yaml")
    assert code == 2
    assert f"no option 'epochz' in {tmp_path / 'recipe.yaml'}, did you mean epochs?" in error


def test_required_options_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, error = run(capsys, "transfer", "--epochs", "3")
    assert code == 2
    assert "--source and --output must be given: embedding-transfer transfer SOURCE [ROOT] --output PATH" in error
    assert error.count("\n") == 1


def train_on(root: Path, output: Path, *more: object) -> list[object]:
    shape = ["--backbone", "convnet-4", "--embedding-dim", 4, "--image-size", 16, "--augmentation", "character"]
    rest = ["--epochs", 1, "--batch-size", 4, "--images-per-class", 2, "--ks", 1, "--workers", 0]
    return ["train-source", "--root", root, "--output", output, *shape, *rest, *more]


def folder_of(root: Path, classes: dict[str, int]) -> Path:
    """ROOT/train and ROOT/test with so many pictures of each class."""
    for split in ("train", "test"):
        for name, count in classes.items():
            (root / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{i}.png")
    return root


def test_a_corrupt_image_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder_of(tmp_path / "images", {"a": 3, "b": 3})
    broken = root / "train/b/1.png"
    broken.write_bytes(broken.read_bytes()[:60])
    for workers in (0, 1):
        code, error = run(capsys, *train_on(root, tmp_path / str(workers), "--workers", workers, "--epochs", 9))
        assert code == 1
        assert error.splitlines()[-1].startswith(f"embedding-transfer train-source: cannot read image {broken}: ")
        assert "Traceback" not in error
        assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ({}, "holds no class folders with images"),
        ({"a": 3, "b": 0}, "holds no images: remove it or fill it"),
        ({"a": 3, "b": 1}, "class b of images/train has 1 image"),
    ],
)
def test_what_images_lack_is_said(
    classes: dict[str, int], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder_of(tmp_path / "images", classes)
    for split in ("train", "test"):
        (root / split).mkdir(parents=True, exist_ok=True)
    code, error = run(capsys, *train_on(root, tmp_path / "run"))
    assert code == 1
    assert expected in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_wrong_source_file_is_refused(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in (("notes.txt", b"hello"), ("x.safetensors", b"hello"), ("x.pth", b"hello")):
        (tmp_path / name).write_bytes(content)
        code, error = run(
            capsys, "transfer", "--source", tmp_path / name, "--root", tiny_folder, "--output", tmp_path / "run"
        )
        assert code in (1, 2)
        assert name in error
        assert error.count("\n") == 1
        assert not (tmp_path / "run").exists()


def test_a_configuration_runs_again_to_the_same_weights(
    tiny_source: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["transfer", "--source", tiny_source, "--root", tiny_folder, "--epochs", 1, "--batch-size", 12]
    arguments += ["--loss", "RelaxedContrastiveLoss", "--loss.sigma", 0.5, "--ks", "1", "2", "--workers", "0"]
    assert run(capsys, *arguments, "--output", tmp_path / "a")[0] == 0
    config = yaml.safe_load((tmp_path / "a/config.yaml").read_text())
    assert config["loss"]["init_args"]["sigma"] == 0.5
    assert config["ks"] == [1, 2]
    assert run(capsys, "transfer", "--config", tmp_path / "a/config.yaml", "--output", tmp_path / "b")[0] == 0
    a, b = (load_network(tmp_path / name).state_dict() for name in ("a", "b"))
    assert all((a[name] == b[name]).all() for name in a)


def test_options_are_spelt_with_dashes_underscores_or_as_in_the_research_code(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spelled = train_on(
        tiny_folder, tmp_path / "run", "--batch_size=6", "--IPC", 3, "--view", 2, "--l2-normalize", "false"
    )
    assert run(capsys, *spelled)[0] == 0
    config = yaml.safe_load((tmp_path / "run/config.yaml").read_text())
    assert (config["batch_size"], config["images_per_class"], config["views"]) == (6, 3, 2)
    assert config["l2_normalize"] is False


def test_evaluate_prints_the_recall_of_a_run(
    tiny_source: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--network", str(tiny_source), "--root", str(tiny_folder), "--ks", "1,2"]) == 0
    text = capsys.readouterr().out
    assert "recall@1" in text
    assert "euclidean" in text
    assert "test: 25 images of 5 classes" in text


def test_your_own_loss_by_class_path(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "my_losses.py").write_text(
        "from embedding_transfer.losses import TransferLoss\n"
        "class Mine(TransferLoss):\n"
        "    def __init__(self, power: float = 2.0):\n"
        "        super().__init__()\n"
        "        self.power = power\n"
        "    def forward(self, target, source):\n"
        "        return (target - source).abs().pow(self.power).mean()\n"
    )
    command = [sys.executable, "-m", "embedding_transfer", "transfer", "--source", str(tiny_source)]
    command += ["--loss", "my_losses.Mine", "--loss.power", "1.5", "--output", str(tmp_path / "run")]
    command += [
        "--root",
        str(tiny_options["root"]),
        "--epochs",
        "1",
        "--batch-size",
        "12",
        "--ks",
        "1",
        "--workers",
        "0",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert subprocess.run(command, env=environment, timeout=600).returncode == 0
    assert yaml.safe_load((tmp_path / "run/config.yaml").read_text())["loss"]["init_args"] == {"power": 1.5}


@pytest.mark.parametrize(("verb", "goes_on"), [("transfer", True), ("evaluate", False)])
def test_a_run_that_the_keyboard_stops_says_whether_it_can_go_on(
    verb: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("embedding_transfer.cli.arguments.parse", stop)
    code, said = run(capsys, verb)
    assert (code, "--resume" in said) == (130, goes_on)


def test_typed_arguments_of_a_loss_belong_to_that_of_the_method(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("loss: PKTLoss\nlr: 0.5\nbackbone: convnet-8\n")
    words = ["runs/source", "--output", "x", "--config", str(recipe)]
    rkd = parse("transfer", [*words, "--method", "RKD", "--loss.angle-weight", "7"])
    assert rkd["loss"] == {"class_path": "RKDLoss", "init_args": {"angle_weight": 7}}
    assert rkd["lr"] == 0.5
    assert parse("transfer", [*words, "--method", "best"])["source_views"] == "mean"
    assert not parse("transfer", [*words, "--method", "best"])["start_from_source"]  # the recipe has a backbone
    best = ["runs/source", "--output", "x", "--method", "best"]
    assert parse("transfer", best)["start_from_source"]
    assert parse("transfer", [*best, "--pretrained", "false", "--weights", "null"])["start_from_source"]
    assert not parse("transfer", [*best, "--pretrained"])["start_from_source"]
    assert parse("transfer", [*best, "--source-image-size", "144"])["source_views"] == "own"  # RKD-start
    assert parse("transfer", [*best, "--source-image-size", "null"])["source_views"] == "mean"
