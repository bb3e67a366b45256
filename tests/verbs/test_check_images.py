"""check-images from end to end: what it prints, writes and returns."""

import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.cli import main
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import load_images
from embedding_transfer.verbs.check_images import check_images


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """The tiny folder in 32 x 32, so that nothing in it is odd."""
    root = tmp_path / "images"
    shutil.copytree(tiny_folder, root)
    for path in root.rglob("*.png"):
        Image.open(path).resize((32, 32)).save(path)
    return root


def test_a_good_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_images(root=folder, workers=0) == []
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"folder in {folder}"
    assert re.split(r"\s{2,}", lines[3]) == ["images/train", "30", "6", "5 to 5, median 5", "0", "32 x 32", "30 RGB"]
    assert re.split(r"\s{2,}", lines[4]) == ["images/test", "25", "5", "5 to 5, median 5", "0", "32 x 32", "25 RGB"]
    assert lines[-1] == "Fit for training."


def test_glyphs_need_no_root(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_images("glyphs", workers=0) == []
    assert "Fit for training." in capsys.readouterr().out


def test_warnings_do_not_fail(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(folder / "train/train-class0/0.png", folder / "test/test-class1/copy.png")
    output = tmp_path / "report"
    (finding,) = check_images(root=folder, output=output, workers=0)
    assert not finding.stops
    out = capsys.readouterr().out
    assert "warning: 1 picture in training and in test: what is tested was learned, such as" in out
    assert "Fit for training. 1 warning.\n" in out
    assert sorted(path.name for path in output.iterdir()) == ["contact-sheet.png", "report.html"]
    page = (output / "report.html").read_text()
    assert "Warning: 1 picture in training and in test" in page
    assert page.count("data:image/png;base64,") == 2  # the copies and the contact sheet
    assert np.asarray(Image.open(output / "contact-sheet.png").convert("RGB")).shape[2] == 3


def test_problems_fail_after_the_report_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "train/train-class0/0.png").write_text("no picture")
    for number in range(1, 5):
        (folder / f"train/train-class5/{number}.png").unlink()
    output = tmp_path / "new" / "report"
    code = main(["check-images", "--root", str(folder), "--output", str(output), "--workers", "0"])
    assert code == 1
    captured = capsys.readouterr()
    assert "problem: 1 image cannot be read, the first: cannot read image" in captured.out
    assert "problem: class train-class5 of images/train has 1 image" in captured.out
    assert "2 problems would stop a training.\n" in captured.out
    assert "would stop a training: 1 image cannot be read" in captured.err
    assert captured.err.count("\n") == 1
    assert "Problem: class train-class5" in (output / "report.html").read_text()
    assert (output / "contact-sheet.png").exists()
    (folder / "train/train-class0/0.png").unlink()
    assert check_images(root=folder, images_per_class=1, workers=0) == []


def test_another_edition_is_a_problem_unless_it_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for name in ("001.A", "101.B"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(2):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    with pytest.raises(InputError, match=r"would stop a training: .* is not the published 'cub': 2 training images"):
        check_images("cub", tmp_path, workers=0)
    (finding,) = check_images("cub", tmp_path, allow_incomplete=True, workers=0)
    assert not finding.stops
    assert "warning: " + finding.text in capsys.readouterr().out


def test_missing_files_of_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{p.relative_to(folder)},{p.parent.name},{p.parts[-3]}" for p in sorted(folder.rglob("*.png"))]
    table = folder / "table.csv"
    table.write_text("\n".join(["path,label,split", *rows, "gone.png,test-class0,test"]))
    with pytest.raises(InputError, match=r"table: 1 of 56 listed images are missing, the first is .*gone\.png"):
        check_images("table", table, workers=0)
    assert "table/test" in capsys.readouterr().out


def test_where_every_path_is_wrong_it_says_all_that_training_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "path,label,split\n" + "".join(f"{i}.png,{i % 2},{'train' if i < 4 else 'test'}\n" for i in range(8))
    )
    with pytest.raises(InputError, match=r"t: 8 of 8 listed images are missing, the first is .*0\.png"):
        check_images("table", table, workers=0)
    (tmp_path / "sop").mkdir()
    for split, start in (("train", 0), ("test", 4)):
        rows = [f"{i} {i} 1 bicycle_final/{i}.JPG" for i in range(start, start + 4)]
        head = "image_id class_id super_class_id path"
        (tmp_path / "sop" / f"Ebay_{split}.txt").write_text("\n".join([head, *rows]))
    with pytest.raises(InputError, match=r"sop: 8 of 8 listed images are missing"):
        check_images("sop", tmp_path / "sop", workers=0)
    assert "problem: " in (out := capsys.readouterr().out)
    assert "is not the published 'sop': 4 training images instead of 59,551" in out


def test_files_left_out_are_a_warning_and_never_silent(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.svg", "b.svg", "c"):
        (folder / "train/train-class0" / name).write_text("no picture that is read")
    (folder / "train/train-class0/notes.txt").write_text("left alone")
    (finding,) = check_images(root=folder, workers=0)
    assert not finding.stops
    out = capsys.readouterr().out
    assert re.search(r"warning: left out 3 files of .*: 2 \.svg, 1 without an ending; the first is .*a\.svg", out)
    assert "Fit for training. 1 warning.\n" in out


def test_other_warnings_are_passed_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object, **__: object) -> object:
        warnings.warn("from elsewhere", RuntimeWarning, stacklevel=1)
        return load_images("folder", folder)

    monkeypatch.setattr("embedding_transfer.report.image_check.load_images", load)
    with pytest.warns(RuntimeWarning, match="from elsewhere"):
        check_images(root=folder, workers=0)


def test_images_without_labels(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "train/train-class0/0.png").write_text("no picture")
    with pytest.raises(InputError, match="would stop a training: 1 image cannot be read"):
        check_images("unlabeled", folder, output=tmp_path / "report", workers=0)
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", lines[1]) == ["split", "images", "median size", "stored as"]
    assert re.split(r"\s{2,}", lines[3]) == ["images/train", "30", "32 x 32", "29 RGB"]
    assert "class" not in " ".join(line for line in lines if not line.startswith("problem"))[len(lines[0]) :]
    assert "Some pictures" in (tmp_path / "report/report.html").read_text()


def test_fewer_images_than_one_class_needs_is_a_problem(folder: Path) -> None:
    with pytest.raises(InputError, match=r"would stop a training: .* fewer than one batch of 100"):
        check_images(root=str(folder), images_per_class=100, workers=0)  # type: ignore[arg-type]


def test_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file is a file: --output must be a folder"):
        check_images("glyphs", output=tmp_path / "file")
    with pytest.raises(UsageError, match="no image set 'glyfs', did you mean glyphs"):
        check_images("glyfs")
