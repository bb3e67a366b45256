"""Pictures that cannot be read: the call ends, or they are left out, counted and named, the same ones every time."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from embedding_transfer.cli import main
from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet, load_images
from embedding_transfer.images.any_picture import any_to_rgb
from embedding_transfer.images.bad_images import splits_without_bad_images, without_bad_images
from embedding_transfer.images.left_out import LeftOut

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"


@pytest.fixture
def damaged_folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """Two pictures of a class cannot be read, and all of another."""
    root = tmp_path / "set"
    shutil.copytree(tiny_folder, root)
    (root / "train/train-class0/0.png").write_bytes(b"no picture")
    (root / "train/train-class0/zz\n.png").write_bytes(POSTSCRIPT)
    for path in (root / "test/test-class1").iterdir():
        path.write_bytes(path.read_bytes()[:50])
    return root


def test_what_can_be_read_stays_in_order(damaged_folder: Path) -> None:
    splits = load_images("folder", damaged_folder)
    with pytest.warns(LeftOut) as said:
        left = splits_without_bad_images(splits, workers=0)
    texts = [str(warning.message) for warning in said]
    assert any("left out 2 of 31 images of set/train" in text for text in texts)
    assert any("left out 5 of 25 images of set/test" in text for text in texts)
    assert any("PostScript" in text and r"zz\n.png" in text for text in texts)
    kept = [path for path in splits.train.images if path.name not in ("0.png", "zz\n.png") or "class0" not in str(path)]
    assert list(left.train.images) == kept
    assert "test-class1" not in left.test.class_names
    names = [left.test.class_names[label] for label in left.test.labels]
    assert names == [path.parent.name for path in left.test.images]
    assert left.train.root == splits.train.root


def test_sets_without_fault_are_the_same_object(tiny_folder: Path) -> None:
    images = load_images("folder", tiny_folder).train
    assert without_bad_images(images, workers=0) is images
    pixels = ImageSet("pixels", np.zeros((2, 4, 4, 3), np.uint8))
    assert without_bad_images(pixels) is pixels


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"none of the 1 images of x can be read, the first: .*a\.png: it is empty"):
        without_bad_images(ImageSet("x", [tmp_path / "a.png"]), workers=0)


def test_every_verb_skips_when_told(
    damaged_folder: Path, tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, root = str(tmp_path / "v.npy"), str(damaged_folder)
    calls = {
        "evaluate": [str(tiny_source), "--root", root, "--ks", "1"],
        "embed": [str(tiny_source), root, "--output", out, "--split", "test"],
        "audit-source": [str(tiny_source), "--root", root, "--split", "test"],
    }
    for verb, words in calls.items():
        assert main([verb, *words, "--workers", "0"]) == 1
        assert "test-class1" in capsys.readouterr().err
        assert main([verb, *words, "--workers", "0", "--on-bad-image", "skip"]) == 0, verb
        assert "left out 5 of 25 images" in capsys.readouterr().err


def test_a_training_that_skips_resumes_bit_by_bit(damaged_folder: Path, tiny_source: Path, tmp_path: Path) -> None:
    words = ["transfer", str(tiny_source), str(damaged_folder), "--on-bad-image", "skip", "--workers", "0", "--ks", "1"]
    words += [
        "--image-size",
        "16",
        "--batch-size",
        "8",
        "--backbone",
        "convnet-4",
        "--threads",
        "1",
        "--schedule",
        "constant",
    ]
    assert main([*words, "--epochs", "2", "--output", str(tmp_path / "whole")]) == 0
    assert main([*words, "--epochs", "2", "--output", str(tmp_path / "other"), "--on-bad-image", "error"]) == 1
    states = []
    for name in ("whole", "again"):
        if name == "again":
            assert main([*words, "--epochs", "2", "--output", str(tmp_path / name)]) == 0
            assert main([*words, "--epochs", "2", "--output", str(tmp_path / name), "--resume"]) == 0
        states.append(torch.load(tmp_path / name / "state.pt", weights_only=True)["objective"])
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


def test_a_pillow_picture_of_postscript_is_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "x.jpg"
    file.write_bytes(POSTSCRIPT)
    with Image.open(file) as picture:
        assert picture.format == "EPS"
        with pytest.raises(InputError, match="cannot read image it: EPS is not read"):
            any_to_rgb(picture, "it")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipes_devices_and_folders_never_hang(
    tiny_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "dangling.png").symlink_to("nowhere")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    for name in ("pipe.png", "folder.png", "dangling.png", "zero.png"):
        words = ["embed", str(tiny_source), "--pictures", str(tmp_path / name), "--output", str(tmp_path / "v.npy")]
        assert main([*words, "--workers", "0"]) in (1, 2)
        assert name in capsys.readouterr().err
    pipe = str(tmp_path / "pipe.png")
    for words in (["transfer", "--config", pipe], ["train-source", "--config", pipe], ["reproduce", pipe]):
        assert main([*words, "--output", str(tmp_path / "o")]) == 2
    assert main(["evaluate", str(tmp_path / "pipe.png"), "--root", str(tmp_path)]) == 2
