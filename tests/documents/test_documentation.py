"""Every command and every piece of Python in the documents runs, on tiny images and for one epoch."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file

from embedding_transfer.cli import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TINY = ["--batch-size", "8", "--epochs", "1", "--ks", "1,2", "--workers", "0"]
SMALL = [*TINY, "--backbone", "convnet-4", "--image-size", "16"]


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


def commands(document: Path) -> list[list[str]]:
    """The words after ``embedding-transfer`` of every command in a block of shell."""
    lines = "".join(blocks(document, "sh")).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("embedding-transfer ")]


def made_tiny(command: list[str]) -> list[str]:
    """The command with options that make it quick; what it names and how it is spelled stay."""
    needs_download = {"--pretrained", "--head-start", "principal-components"}  # tests use no network
    command = [word for word in command if word not in needs_download]
    if command[0] == "train-source":
        return [*command, *SMALL]
    if command[0] == "transfer":
        return [*command, *TINY, "--backbone", "convnet-4"]
    if command[0] == "reproduce":
        return [*command, "--dry-run"]  # a grid takes minutes; test_reproduce.py trains one
    if command[0] == "evaluate":
        return [*command, "--ks", "1,2", "--workers", "0"]
    if command[0] == "audit-source":
        return [*command, "--workers", "0"]
    if command[0] in ("embed", "search", "export"):
        return [*command, "--workers", "0"]
    if command[0] == "compress":
        return [*command, "--steps", "5"]
    if command[0] == "download":
        return [*command, "--dry-run"]  # tests use no network; test_fetch.py fetches from a server of its own
    return command


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if commands(d)], ids=lambda d: str(d.relative_to(ROOT)))
def test_commands_run(document: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my-images", "omniglot"):
        shutil.copytree(tiny_folder, tmp_path / name)
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "vit.safetensors")
    for name in ("recipes", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    for command in commands(document):
        assert main(made_tiny(command)) == 0, command


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d, "python")], ids=lambda d: d.name)
def test_python_runs(
    document: Path, tiny_folder: Path, tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_folder, tmp_path / "my-images")
    shutil.copytree(tiny_source, tmp_path / "runs/short")
    for number, block in enumerate(blocks(document, "python")):
        exec(compile(block, f"{document.name}, block {number}", "exec"), {})


EXAMPLES = {path for path in (ROOT / "examples").glob("*.py") if path.stem != "search_with_onnx"}
"""That one wants arguments: tests/exports/test_search_with_onnx.py gives them."""


@pytest.mark.parametrize("example", sorted(EXAMPLES), ids=lambda e: e.name)
def test_examples_run(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(example), run_name="__main__")
    printed = capsys.readouterr().out
    if example.stem == "search":
        assert "distance" in printed
        return
    if example.stem == "compress_vectors":
        learned, components = (float(share) for share in re.findall(r": ([\d.]+)%", printed))
        assert learned > components
        return
    losses = [float(number) for number in re.findall(r"loss ([\d.]+)", printed)]
    assert losses
    assert losses[-1] <= losses[0]


def test_relative_links_lead_somewhere() -> None:
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_the_makefile_has_what_the_readme_names() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make (\w+)", (ROOT / "README.md").read_text())) <= set(targets)
