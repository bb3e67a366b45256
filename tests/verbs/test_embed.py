"""Embed: vectors of any pictures by any source; a process that is killed goes on where it stopped."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_transfer import embed, embed_images, load_images, load_network, read_vectors
from embedding_transfer.cli import main
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.retrieval.unfinished_vectors import folder_of
from embedding_transfer.sources import SourceSettings, open_source


@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".parquet"])
def test_a_file_holds_what_the_network_gives(
    ending: str, tiny_source: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / f"v{ending}"
    assert main(["embed", str(tiny_source), str(tiny_folder), "--output", str(output), "--workers", "0"]) == 0
    printed = capsys.readouterr()
    assert f"{output}: 55 vectors of 8 dimensions (length 1, float32) by {tiny_source}" in printed.out
    assert "55 pictures" in printed.err
    assert "done, 55 pictures in" in printed.err
    file = read_vectors(output)
    train, test = load_images("folder", tiny_folder)
    assert file.keys == train.keys + test.keys
    network = load_network(tiny_source)
    assert np.allclose(file.vectors[30:], embed_images(network, test, workers=0).numpy(), atol=1e-6)
    about = file.header
    assert about["network"] == str(tiny_source)
    assert about["view"] == {"size": 16, "crop": network.crop}
    assert (about["split"], about["pictures"], about["dtype"]) == ("all", 55, "float32")
    assert (about["root"], about["normalized"]) == (str(tiny_folder.resolve()), True)
    assert {"version", "images", "fingerprint", "description"} <= set(about)


def test_half_a_set_in_half_precision(tiny_source: Path, tiny_folder: Path, tmp_path: Path) -> None:
    file = embed(
        tiny_source, tiny_folder, output=tmp_path / "v.npy", split="test", dtype="float16", workers=0, batch_size=7
    )
    expected = embed_images(load_network(tiny_source), tiny_folder / "test", workers=0, batch_size=7)
    assert file.vectors.dtype == np.float16
    assert np.array_equal(file.vectors, expected.half().numpy())


def test_pictures_without_classes(tiny_source: Path, tiny_folder: Path, tmp_path: Path) -> None:
    folder = tiny_folder / "test/test-class1"
    listed = tmp_path / "list.txt"
    listed.write_text(f"{folder / '3.png'}\n{tiny_folder / 'train/train-class0/0.png'}\n")
    options = {"pictures": (listed, folder / "0.png"), "workers": 0}
    file = embed(tiny_source, tiny_folder, output=tmp_path / "v.npy", **options)
    assert file.keys == ["test/test-class1/3.png", "train/train-class0/0.png", "test/test-class1/0.png"]
    assert (file.header["split"], file.header["root"]) == (None, str(tiny_folder.resolve()))
    file = embed(tiny_source, output=tmp_path / "w.npy", **options)
    assert file.keys[0] == (folder / "3.png").as_posix()


def test_any_source(tiny_source: Path, tiny_folder: Path, tmp_path: Path) -> None:
    def mean_color(images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3))

    colors = embed(mean_color, tiny_folder, output=tmp_path / "colors.npy", workers=0)
    assert colors.vectors.shape == (55, 3)
    stored = embed(tmp_path / "colors.npy", tiny_folder, output=tmp_path / "colors.parquet", workers=0)
    assert np.array_equal(stored.vectors, colors.vectors)
    names = [str(tiny_source), str(tmp_path / "colors.npy")]
    both = embed(names, tiny_folder, output=tmp_path / "both.npy", source_weight=(1, 3), workers=0)
    source = open_source(names, SourceSettings(source_weight=(1, 3)))
    expected = source.embed(load_images("folder", tiny_folder).test, workers=0)
    assert np.allclose(both.vectors[30:], expected.numpy(), atol=1e-6)
    assert both.header["normalized"]
    assert both.header["shares"] == pytest.approx([0.25, 0.75])


KILLED = """
import sys
from pathlib import Path
from embedding_transfer.retrieval import unfinished_vectors
from embedding_transfer.verbs.embed import embed
unfinished_vectors.EVERY = 0
class Slow(unfinished_vectors.UnfinishedVectors):
    def add(self, rows):
        super().add(rows)
        print(self.done, flush=True)
        sys.stdin.readline()
import embedding_transfer.sources.embed_to_file as home
home.UnfinishedVectors = Slow
embed(sys.argv[1], Path(sys.argv[2]), output=Path(sys.argv[3]), workers=0, batch_size=4)
"""


@pytest.mark.parametrize("ending", [".npy", ".safetensors"])
def test_a_killed_process_goes_on_and_gives_the_same_file(
    ending: str, tiny_source: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    once, twice = tmp_path / f"once{ending}", tmp_path / f"twice{ending}"
    embed(tiny_source, tiny_folder, output=once, workers=0, batch_size=4)
    arguments = [sys.executable, "-c", KILLED, str(tiny_source), str(tiny_folder), str(twice)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for done in (4, 8, 12):
            assert process.stdout.readline() == f"{done}\n"
            if done < 12:
                process.stdin.write("\n")
                process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    assert not twice.exists()
    assert folder_of(twice).is_dir()
    capsys.readouterr()
    embed(tiny_source, tiny_folder, output=twice, workers=0, batch_size=4)
    assert "55 pictures, of which 12 pictures are there" in capsys.readouterr().err
    assert twice.read_bytes() == once.read_bytes()
    assert read_vectors(twice).keys == read_vectors(once).keys
    assert read_vectors(twice).header == read_vectors(once).header
    assert not list(tmp_path.glob(".*"))


def test_wrong_calls_are_told_before_anything_is_opened(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(UsageError, match="is no file of vectors: these end in"):
        embed("nowhere", tiny_folder, output=tmp_path / "v.txt")
    (tmp_path / "v.npy").touch()
    with pytest.raises(UsageError, match="exists already"):
        embed("nowhere", tiny_folder, output=tmp_path / "v.npy")
    with pytest.raises(UsageError, match="no such network: nowhere"):
        embed("nowhere", tiny_folder, output=tmp_path / "w.npy")


def test_a_network_that_gives_nan_is_told_by_its_picture(tiny_folder: Path, tmp_path: Path) -> None:
    def broken(images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3)) / 0 * 0

    with pytest.raises(InputError, match=r"the vector of train/train-class0/0\.png is not finite"):
        embed(broken, tiny_folder, output=tmp_path / "v.npy", workers=0)
    assert not (tmp_path / "v.npy").exists()
