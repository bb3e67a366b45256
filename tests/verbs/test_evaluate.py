"""Evaluate: networks, sources and files of vectors in one table, and queries by one network in vectors of another."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embedding_transfer import (
    EmbeddingNetwork,
    embed,
    embed_images,
    evaluate,
    load_images,
    load_network,
    read_vectors,
    recall_at_k,
    write_vectors,
)
from embedding_transfer.cli import main
from embedding_transfer.errors import InputError, UsageError


@pytest.fixture
def options(tiny_folder: Path) -> dict[str, Any]:
    return {"root": tiny_folder, "ks": (1, 2), "workers": 0}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    EmbeddingNetwork("convnet-8", 8, image_size=16).save(tmp_path / "large.safetensors")
    return tmp_path / "large.safetensors"


@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".parquet"])
@pytest.mark.parametrize("split", ["test", "train"])
def test_a_file_is_worth_exactly_what_its_network_is(
    ending: str, split: Any, tiny_source: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    output = tmp_path / f"v{ending}"
    embed(tiny_source, options["root"], output=output, split=split, workers=0)
    options |= {"split": split, "scores": ("recall", "map@r", "r_precision", "nmi")}
    assert evaluate(output, **options) == evaluate(tiny_source, **options)


def test_one_network_gives_its_scores(tiny_source: Path, options: dict[str, Any]) -> None:
    images = load_images("folder", options["root"]).test
    embeddings = embed_images(load_network(tiny_source), images, workers=0)
    expected = recall_at_k(embeddings, torch.from_numpy(images.labels), (1, 2))
    assert evaluate(tiny_source, **options) == {"recall@1": expected[1], "recall@2": expected[2]}


def test_one_network_is_shown_by_its_scores_alone(
    tiny_source: Path, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(tiny_source), str(options["root"]), "--ks", "1,2", "--workers", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["network", "dimensions", "recall@1", "recall@2"]


def test_several_are_one_table(
    tiny_source: Path, large: Path, tmp_path: Path, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file, told = tmp_path / "v.npy", tmp_path / "scores.json"
    embed(large, options["root"], output=file, workers=0)
    capsys.readouterr()
    words = [str(tiny_source), str(large), str(file), str(options["root"]), "--ks", "1,2", "--workers", "0"]
    assert main(["evaluate", *words, "--json", str(told)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("test: 25 images of 5 classes; euclidean distance")
    assert re.split("  +", lines[1].strip()) == [
        "network", "dimensions", "bytes per vector", "parameters", "recall@1", "recall@2",
    ]  # fmt: skip
    sizes = [sum(p.numel() for p in load_network(network).parameters()) for network in (tiny_source, large)]
    shown = [line.split() for line in lines[3:]]
    assert [line[:4] for line in shown[:2]] == [
        [str(network), "8", "32", f"{size:,}"] for network, size in zip((tiny_source, large), sizes, strict=True)
    ]
    assert shown[2][:3] == [str(file), "8", "32"]
    assert shown[2][3:] == shown[1][4:]  # vectors have no parameters
    rows = json.loads(told.read_text())["networks"]
    assert rows == evaluate([tiny_source, large, file], **options)
    assert rows[1] | {"network": "", "parameters": 0} == rows[2] | {"network": ""}
    assert rows[0]["recall@1"] == evaluate(tiny_source, **options)["recall@1"]  # type: ignore[call-overload]


def test_queries_by_one_network_in_vectors_of_another(
    tiny_source: Path, large: Path, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    rows: Any = evaluate(tiny_source, gallery_network=large, **options)
    assert f"{tiny_source} in {large}" in capsys.readouterr().out
    images = load_images("folder", options["root"]).test
    small, labels = load_network(tiny_source), torch.from_numpy(images.labels)
    queries, gallery = (embed_images(network, images, workers=0) for network in (small, load_network(large)))
    expected = recall_at_k(
        queries, labels, (1, 2), gallery=gallery, gallery_labels=labels, own_rows=torch.arange(len(images))
    )
    assert rows[0] == {
        "network": str(tiny_source), "gallery": str(large), "dim": 8, "bytes": 32,
        "parameters": sum(p.numel() for p in small.parameters()),
        "recall@1": expected[1], "recall@2": expected[2],
    }  # fmt: skip
    assert rows[1:] == evaluate([tiny_source, large], **options)


def test_both_may_be_files(tiny_source: Path, large: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    for name, network in (("q.npy", tiny_source), ("g.parquet", large)):
        embed(network, options["root"], output=tmp_path / name, workers=0)
    rows: Any = evaluate(tmp_path / "q.npy", gallery_network=tmp_path / "g.parquet", **options)
    expected: Any = evaluate(tiny_source, gallery_network=large, **options)
    assert [row["recall@1"] for row in rows] == [row["recall@1"] for row in expected]


def test_a_gallery_of_the_same_network_changes_nothing(tiny_source: Path, options: dict[str, Any]) -> None:
    among, alone, again = evaluate(tiny_source, gallery_network=tiny_source, **options)
    assert [among["recall@1"], among["recall@2"]] == [alone["recall@1"], alone["recall@2"]]  # type: ignore[index]
    assert alone == again


def test_vectors_of_two_lengths_are_not_compared(tiny_source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    EmbeddingNetwork("convnet-4", 6, image_size=16).save(tmp_path / "short.safetensors")
    with pytest.raises(UsageError, match=r"of 8 dimensions and .*short\.safetensors of 6: queries and gallery must"):
        evaluate(tiny_source, gallery_network=tmp_path / "short.safetensors", **options)
    with pytest.raises(UsageError, match="nmi is a score of one network"):
        evaluate(tiny_source, gallery_network=tiny_source, scores=("nmi",), **options)


def test_wrong_files_are_told_in_a_line(tiny_source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    test = load_images("folder", options["root"]).test
    vectors = np.random.default_rng(0).normal(size=(25, 4)).astype(np.float32)
    write_vectors(tmp_path / "few.npy", vectors[:24], test.keys[:24])
    with pytest.raises(InputError, match=rf"no vector for 1 of 25 pictures of .*, the first is {test.keys[24]}"):
        evaluate(tmp_path / "few.npy", **options)
    write_vectors(tmp_path / "many.npy", np.vstack([vectors, vectors[:1]]), [*test.keys, "nowhere.png"])
    with pytest.warns(
        UserWarning, match=r"1 vectors of pictures that the image set has not, the first is nowhere\.png"
    ):
        evaluate(tmp_path / "many.npy", **options)
    write_vectors(tmp_path / "nan.npy", vectors, test.keys)
    np.save(tmp_path / "nan.npy", np.where(np.arange(25)[:, None] == 3, np.nan, vectors))
    with pytest.raises(InputError, match=rf"not finite, the first is of {test.keys[3]}"):
        evaluate(tmp_path / "nan.npy", **options)
    (tmp_path / "nan.txt").write_text("\n".join([test.keys[0]] * 25))
    with pytest.raises(InputError, match=rf"has 25 vectors of {test.keys[0]}"):
        evaluate(tmp_path / "nan.npy", **options)


def test_files_of_weights_go_to_networks_of_timm(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one file for each timm: source; got 1 for 2"):
        evaluate(["timm:resnet18", "timm:resnet34"], source_weights=(tmp_path / "a.pth",), **options)


def test_vectors_are_stored_as_the_network_gives_them(
    tiny_source: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    file = embed(tiny_source, options["root"], output=tmp_path / "v.npy", split="test", workers=0)
    expected = embed_images(load_network(tiny_source), load_images("folder", options["root"]).test, workers=0)
    assert np.array_equal(read_vectors(file.path).vectors, expected.numpy())
