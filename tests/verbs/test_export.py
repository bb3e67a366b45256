"""Export as people type it: files, what is printed, what is refused before anything is read."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_transfer import evaluate, load_network
from embedding_transfer.cli import main
from embedding_transfer.exports.session import Session

pytest.importorskip("onnx")


def test_onnx_with_8_bits_and_its_source(
    tiny_source: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "short.onnx"
    words = ["export", str(tiny_source), str(tiny_folder), "--output", str(output), "--workers", "0"]
    assert main([*words, "--quantize", "int8", "--compare", str(tiny_source), "--calibration", "12"]) == 0
    printed = capsys.readouterr().out
    assert f"{output}: convnet-4, 8 dimensions, 0.01 MB; takes RGB (n, 3, 16, 16) float32 in [0, 1]" in printed
    assert f"checked with 16 pictures of {tiny_folder.name}/test: differs from torch by at most" in printed
    assert f"Recall@1 among {tiny_folder.name}/test: 25 images of 5 classes; onnxruntime" in printed
    assert "threads: 1" in printed
    report = json.loads((tmp_path / "short.json").read_text())
    rows = {row["network"]: row for row in report["networks"]}
    assert list(rows) == ["short, float32", "short, int8", f"{tiny_source.name} (compared), float32"]
    assert (report["calibration_pictures"], report["threads"]) == (12, 1)
    by_torch = evaluate(tiny_source, root=tiny_folder, ks=(1,), workers=0)
    assert rows["short, float32"]["recall@1"] == pytest.approx(by_torch["recall@1"])
    by_int8 = evaluate(str(tmp_path / "short.int8.onnx"), root=tiny_folder, ks=(1,), workers=0)
    assert rows["short, int8"]["recall@1"] == pytest.approx(by_int8["recall@1"])
    assert rows["short, int8"]["bytes"] == (tmp_path / "short.int8.onnx").stat().st_size
    assert sorted(path.name for path in tmp_path.iterdir()) == ["short.int8.onnx", "short.json", "short.onnx"]
    for name in rows:
        assert f"\n{name} " in printed


def test_without_pictures_generated_ones_do(
    tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(tiny_source), "--pixels", "uint8", "--output"]
    assert main([*words, str(tmp_path / "a.onnx")]) == 0
    assert main([*words, str(tmp_path / "a.pt"), "--format", "torchscript"]) == 0
    assert capsys.readouterr().out.count("checked with 16 pictures of generated: differs") == 2
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3, 16, 16), dtype=np.uint8)
    with torch.no_grad():
        expected = load_network(tiny_source)(torch.from_numpy(pixels) / 255)
    assert np.abs(Session(tmp_path / "a.onnx").run(pixels) - expected.numpy()).max() < 1e-5
    assert (torch.jit.load(str(tmp_path / "a.pt"))(torch.from_numpy(pixels)) - expected).abs().max() < 1e-5
    assert not (tmp_path / "a.json").exists()


def test_one_file_of_weights(tiny_source: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.safetensors"
    assert main(["export", str(tiny_source), "--format", "safetensors", "--output", str(output)]) == 0
    assert torch.equal(load_network(output).head.weight, load_network(tiny_source).head.weight)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "a.bin"], "--format onnx writes a file that ends in .onnx; got --output a.bin"),
        (["--output", "a.pt", "--format", "torchscript", "--quantize", "int8"], "--quantize is for --format onnx"),
        (["--output", "a.pt", "--format", "torchscript", "--compare", "runs/a"], "--compare is for --format onnx"),
        (["--output", "a.onnx", "--license", "mit"], "--license is for --format hub-folder, not for onnx"),
        (["--output", "a.onnx", "--push-to-hub", "a/b"], "--push-to-hub is for --format hub-folder, not for onnx"),
        (["--output", "a.onnx", "--quantize", "int8"], "8 bits are fitted to pictures: give their folder as --root"),
        (["--output", "a", "--format", "hub-folder", "--pixels", "uint8"], "are for --format onnx and torchscript"),
        (["--output", "a", "--format", "hub-folder", "--root", "."], "are for --format onnx and torchscript"),
        (["--output", "a", "--format", "hub-folder", "--license", "my own"], "named by a word such as mit"),
        (["--output", "a", "--format", "hub-folder", "--push-to-hub", "shoes"], "is called OWNER/NAME"),
        (["--output", "there.onnx"], "there.onnx exists already: give another --output"),
        (["--output", "int.onnx"], "int.int8.onnx exists already: give another --output"),
        (["--output", "there", "--format", "hub-folder"], "there exists already: give another --output"),
        (["--output", "a.onnx"], "no such network: nothing"),
    ],
)
def test_what_does_not_go_together(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("there.onnx", "int.int8.onnx", "there/file"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert main(["export", "nothing", *words]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["int.int8.onnx", "there", "there.onnx"]
