"""Download: what it says it would fetch, what it refuses, and that recipes find what it fetched."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
import yaml
from golden_models import released_weights

from embedding_transfer.cli import main
from embedding_transfer.errors import UsageError
from embedding_transfer.images.download.places import PLACES, Checkpoint
from embedding_transfer.images.published_counts import PUBLISHED
from embedding_transfer.verbs.download import download

ROOT = Path(__file__).parents[2]
FILE = Path("resnet50/cub_resnet50_512dim_Proxy_Anchor_ckpt.pth")


@pytest.fixture(autouse=True)
def _nothing_else_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that ``cub-resnet50`` is fetched from: a small network in place of the released one."""
    folder = tmp_path_factory.mktemp("served")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    content = io.BytesIO()
    torch.save({"model_state_dict": released_weights("Resnet18")}, content)
    (folder / "x.pth").write_bytes(content.getvalue())
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/x.pth"
        place = PLACES["cub-resnet50"]
        assert isinstance(place, Checkpoint)
        monkeypatch.setitem(PLACES, place.name, replace(place, url=url, backbone="resnet18", embedding_dim=64))
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield folder / "x.pth"
        server.shutdown()


def everything() -> list[Path]:
    return sorted(path for path in Path().rglob("*") if path.is_file())


def test_recipes_find_what_is_downloaded() -> None:
    wanted: dict[str, Any] = {}
    for recipe in (ROOT / "recipes").rglob("*.yaml"):
        options = yaml.safe_load(recipe.read_text())
        wanted |= {str(options[name]): recipe for name in ("root", "source") if name in options}
    brought = {f"{place.output}/{place.result}" for place in PLACES.values()}
    others = ("omniglot", "cars-photos", "my-images", "own-images")  # not the paper's
    assert {path for path in wanted if not any(other in path for other in others)} == brought


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == list(PLACES)
    assert "sop                 3.08 GB  Stanford Online Products" in said


def test_an_unknown_name_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "cub_bn_incepton"]) == 2
    error = capsys.readouterr().err
    assert "did you mean cub-bn-inception?; there are cub, cars, sop, cub-bn-inception," in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", PLACES)
def test_a_dry_run_fetches_nothing(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", name, "--dry-run", "--output", "elsewhere"]) == 0
    said = capsys.readouterr().out
    assert f"elsewhere/{PLACES[name].result}" in said
    assert (PLACES[name].url or "kaggle") in said
    assert not everything()


def test_a_dry_run_says_how_large(capsys: pytest.CaptureFixture[str]) -> None:
    assert download("cub", dry_run=True) == Path("data/CUB_200_2011")
    assert "\nsize: 1.15 GB\nto: data/CUB_200_2011\n" in capsys.readouterr().out
    Path("data/CUB_200_2011").mkdir(parents=True)
    assert main(["download", "cub", "--dry-run"]) == 0
    assert "to: data/CUB_200_2011 (there already: it would be checked, not fetched)" in capsys.readouterr().out


def test_an_output_that_is_a_file_is_refused() -> None:
    Path("data").touch()
    with pytest.raises(UsageError, match="data is a file: --output must be a folder"):
        download("cub")


def test_cars_are_fetched_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "cars"]) == 2
    said = capsys.readouterr()
    assert "data/cars196 holds one of these layouts:\n  cars_annos.mat with car_ims/\n" in said.out
    assert said.err.count("\n") == 1
    assert "get it by hand, as said above, into data/cars196" in said.err
    Path("data/cars196/car_ims").mkdir(parents=True)
    assert main(["download", "cars"]) == 1
    assert "data/cars196 does not hold 'cars'" in capsys.readouterr().err


def test_cars_that_are_there_are_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(PUBLISHED, "cars", {**PUBLISHED["cars"], "training images": 98, "test images": 98})
    for half, numbers in (("train", range(98)), ("test", range(98, 196))):
        for number in numbers:
            folder = Path(f"data/cars196/{half}/{number:03d}")
            folder.mkdir(parents=True)
            (folder / "1.jpg").touch()
    assert main(["download", "cars"]) == 0
    assert "data/cars196: cars/train: 98 images of 98 classes; cars/test: 98 images" in capsys.readouterr().out


def test_a_source_is_fetched_once_and_opened(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for fetched in (True, False):
        assert main(["download", "cub-resnet50"]) == 0
        said = capsys.readouterr()
        assert said.out.startswith(f"pretrained_source/{FILE}: resnet18, 64 dimensions, 11,")
        assert (f"fetching {FILE.name}: done" in said.err) is fetched
        assert everything() == [Path("pretrained_source") / FILE]
        served.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"PK" + b"x" * 5000, "holds no plain torch tensors"), (b"<html>sorry</html>", "answers with a web page")],
)
def test_what_is_no_source_is_not_left_there(
    content: bytes, said: str, served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served.write_bytes(content)
    assert main(["download", "cub-resnet50"]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert not everything()


def test_another_network_is_not_the_source(
    served: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = PLACES["cub-resnet50"]
    assert isinstance(place, Checkpoint)
    monkeypatch.setitem(PLACES, place.name, replace(place, embedding_dim=512))
    assert main(["download", "cub-resnet50"]) == 1
    assert "is resnet18 with 64 dimensions, and not resnet18 with 512" in capsys.readouterr().err
    assert not everything()


def test_a_source_that_is_there_and_wrong_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("mine") / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half")
    assert main(["download", "cub-resnet50", "--output", "mine"]) == 1
    assert "is there but is not right" in capsys.readouterr().err
    assert file.read_bytes() == b"half"
