"""Search: the pictures nearest to given ones, as a table, a page and JSON."""

import base64
import json
import re
import shutil
from pathlib import Path

import pytest

from embedding_transfer import EmbeddingNetwork, embed, search
from embedding_transfer.cli import main
from embedding_transfer.errors import InputError, UsageError


@pytest.fixture
def vectors(tiny_source: Path, tiny_folder: Path, tmp_path: Path) -> Path:
    return embed(tiny_source, tiny_folder, output=tmp_path / "v.npy", workers=0).path


def test_a_picture_finds_itself_first(vectors: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The network is the one that the file names."""
    pictures = [str(tiny_folder / "test/test-class1/3.png"), str(tiny_folder / "train/train-class0")]
    assert main(["search", str(vectors), *pictures, "--k", "2", "--workers", "0"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[2] == [pictures[0]]
    assert lines[3] == ["test/test-class1/3.png", "1", "0"]
    assert [line[0] for line in lines[5::3]] == [f"{pictures[1]}/{n}.png" for n in range(5)]
    assert [line[0] for line in lines[6::3]] == [f"train/train-class0/{n}.png" for n in range(5)]


def test_the_page_needs_nothing_else_and_json_tells_the_same(
    vectors: Path, tiny_source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    page, told = tmp_path / "page.html", tmp_path / "found.json"
    query = tiny_folder / "test/test-class1/3.png"
    found = search(vectors, (query,), tiny_source, k=4, metric="cosine", output=page, json=told, workers=0)
    text = page.read_text()
    shown = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    assert len(shown) == 5
    assert all(base64.b64decode(picture).startswith(b"\xff\xd8") for picture in shown)
    assert not re.search(r'(src|href)="(?!data:)', text)
    data = json.loads(told.read_text())
    assert (data["vectors"], data["source"], data["metric"]) == (str(vectors), str(tiny_source), "cosine")
    assert data["queries"][0]["picture"] == str(query)
    neighbors = data["queries"][0]["neighbors"]
    assert [(one["path"], one["row"], one["distance"]) for one in neighbors] == [tuple(one) for one in found[0]]
    assert all(one["path"] in text for one in neighbors)


def test_pictures_are_shown_where_they_are_known_to_be(
    vectors: Path, tiny_source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    (vectors.with_suffix(".json")).unlink()
    moved, page = tmp_path / "moved", tmp_path / "page.html"
    query = tiny_folder / "test/test-class1/3.png"
    search(vectors, (query,), tiny_source, k=2, output=page, workers=0)
    assert "give --root to see them" in page.read_text()
    assert page.read_text().count('class="none"') == 2
    shutil.copytree(tiny_folder, moved)
    (moved / "test/test-class1/3.png").unlink()
    search(vectors, (query,), tiny_source, k=2, root=moved, output=page, workers=0)
    assert page.read_text().count('class="none"') == 1
    with pytest.raises(UsageError, match="no folder nowhere: --root is the folder of the pictures"):
        search(vectors, (query,), tiny_source, root=Path("nowhere"), workers=0)


def test_wrong_networks_are_told(vectors: Path, tiny_folder: Path, tmp_path: Path) -> None:
    query = (tiny_folder / "test/test-class1/3.png",)
    EmbeddingNetwork("convnet-4", 6, image_size=16).save(tmp_path / "short.safetensors")
    with pytest.raises(UsageError, match=r"makes vectors of 6 dimensions, and those of .* have 8"):
        search(vectors, query, tmp_path / "short.safetensors", workers=0)
    EmbeddingNetwork("convnet-4", 8, image_size=16).save(tmp_path / "other.safetensors")
    with pytest.warns(UserWarning, match="with other weights than those of"):
        search(vectors, query, tmp_path / "other.safetensors", workers=0)
    vectors.with_suffix(".json").unlink()
    with pytest.raises(UsageError, match="does not say what made its vectors: give --source"):
        search(vectors, query, workers=0)


def test_wrong_calls_are_told(vectors: Path, tiny_folder: Path, tmp_path: Path) -> None:
    query = tiny_folder / "test/test-class1/3.png"
    with pytest.raises(UsageError, match=r"an \.html file; got found\.png"):
        search(vectors, (query,), output=Path("found.png"))
    with pytest.raises(UsageError, match="no picture or folder"):
        search(vectors, (tmp_path / "nowhere.png",), workers=0)
    with pytest.raises(UsageError, match="no file"):
        search(tmp_path / "nowhere.npy", (query,), workers=0)
    with pytest.raises(InputError, match="asked for 56 nearest neighbors among 55 items"):
        search(vectors, (query,), k=56, workers=0)


def test_a_file_of_vectors_does_not_choose_the_code_that_runs(vectors: Path, tiny_folder: Path) -> None:
    for name in ("os.abort", "torchvision.models.resnet18", "somebody.network"):
        beside = vectors.with_suffix(".json")
        beside.write_text(json.dumps({**json.loads(beside.read_text()), "network": name}))
        with pytest.raises(
            UsageError, match=rf"says that {name} made its vectors, which is no file here: give --source"
        ):
            search(vectors, (tiny_folder / "test/test-class1/3.png",), workers=0)
