"""Folders for the hub: read back whole, with a card that tells the run and nothing of the machine; uploads on wish."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from embedding_transfer import EmbeddingNetwork, evaluate, export, load_network, transfer
from embedding_transfer.cli import main
from embedding_transfer.errors import DownloadError, EmbeddingTransferError, UsageError
from embedding_transfer.exports.past import past_of
from embedding_transfer.networks import hub


@pytest.fixture(scope="module")
def run(tiny_source: Path, tiny_options: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("target") / "short"
    options = {**tiny_options, "epochs": 2, "embedding_dim": 4, "backbone": "convnet-4"}
    transfer(source=tiny_source, output=output, **options)
    return output


class FakeHub:
    """Stands in for huggingface_hub: remembers what it is asked for."""

    def __init__(self, error: Exception | None = None, holds: Path | None = None) -> None:
        self.error, self.holds = error, holds
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def HfApi(self) -> "FakeHub":  # noqa: N802
        return self

    def create_repo(self, **arguments: Any) -> None:
        self.calls.append(("create_repo", arguments))

    def upload_folder(self, **arguments: Any) -> None:
        if self.error is not None:
            raise self.error
        names = sorted(path.name for path in Path(arguments["folder_path"]).iterdir())
        self.calls.append(("upload_folder", {**arguments, "names": names}))

    def hf_hub_download(self, **arguments: Any) -> str:
        self.calls.append(("hf_hub_download", arguments))
        if self.error is not None:
            raise self.error
        return str(self.holds)


def fake(monkeypatch: pytest.MonkeyPatch, *args: Any, **kwargs: Any) -> FakeHub:
    found = FakeHub(*args, **kwargs)
    for place in ("embedding_transfer.exports.hub_folder.hub", "embedding_transfer.networks.hub.hub"):
        monkeypatch.setattr(place, lambda: found)
    return found


def test_a_run_becomes_a_folder_that_is_the_same_network(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = fake(monkeypatch)
    folder = export(run, output=tmp_path / "short", format="hub-folder")
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    pictures = torch.rand(3, 3, 16, 16)
    expected = load_network(run)(pictures)
    for network in (EmbeddingNetwork.from_pretrained(folder), EmbeddingNetwork.from_pretrained(str(folder))):
        assert torch.equal(network(pictures), expected)
    assert torch.equal(load_network(folder)(pictures), expected)
    config = json.loads((folder / "config.json").read_text())
    assert (config["backbone"], config["embedding_dim"], config["image_size"]) == ("convnet-4", 4, 16)
    assert config["resize"] == 16
    assert api.calls == []  # nothing is asked of the hub unless it is named


def test_the_card_tells_the_run(run: Path, tiny_folder: Path, tmp_path: Path) -> None:
    folder = export(run, output=tmp_path / "short", format="hub-folder")
    card = (folder / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert (header["license"], header["library_name"]) == ("unknown", "embedding-transfer")
    for said in (
        "| method | RelaxedContrastiveLoss(sigma=1.0, delta=1.0,",
        "| source | run |",
        f"| images | folder ({tiny_folder.name}) |",
        "| epochs | 2 |",
        "| backbone | `convnet-4` |",
        "| bytes per vector | 16 |",
        f"embedding-transfer evaluate short --images folder --root {tiny_folder.name} --ks 1,2 --metric euclidean",
        "chosen by recall@1 on the same test images",
        "Vectors have any length",
    ):
        assert said in card, said
    for place in (run, tiny_folder, tmp_path):
        assert str(place.parent) not in card + (folder / "config.json").read_text()
    scores = evaluate(folder, root=tiny_folder, ks=(1, 2), workers=0)
    written = dict(re.findall(r"\| (recall@\d) \| ([\d.]+) % \|", card))
    assert written == {name: f"{100 * score:.2f}" for name, score in scores.items()}


def test_a_file_that_does_not_tell(tmp_path: Path) -> None:
    EmbeddingNetwork("convnet-4", 8, image_size=16, l2_normalize=True).save(tmp_path / "a.safetensors")
    export(tmp_path / "a.safetensors", output=tmp_path / "a", format="hub-folder", license="cc-by-4.0")
    card = (tmp_path / "a/README.md").read_text()
    assert yaml.safe_load(card.split("---")[1])["license"] == "cc-by-4.0"
    assert "Not known: the network was exported from a file" in card
    assert "None were kept with the network." in card
    assert "any length" not in card


@pytest.mark.parametrize(
    ("changed", "chosen", "epoch"),
    [({}, "recall@1", 2), ({"train_on": "all"}, None, 3)],
)
def test_which_epoch_the_network_is_of(changed: dict[str, Any], chosen: str | None, epoch: int, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"ks": [1, 2], "epochs": 3, **changed}))
    lines = [{"epoch": 1, "recall@1": 0.2}, {"epoch": 2, "recall@1": 0.4}, {"epoch": 3, "recall@1": 0.3}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    past = past_of(tmp_path)
    assert past is not None
    assert (past.chosen_by, past.best["epoch"]) == (chosen, epoch)


def test_it_is_uploaded_on_wish(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api = fake(monkeypatch)
    words = ["export", str(run), "--format", "hub-folder", "--output", str(tmp_path / "a")]
    assert main([*words, "--push-to-hub", "anna/shoes-4"]) == 0
    assert "uploaded: https://huggingface.co/anna/shoes-4" in capsys.readouterr().out
    (create, created), (upload, uploaded) = api.calls
    assert (create, created["repo_id"], created["exist_ok"]) == ("create_repo", "anna/shoes-4", True)
    assert (upload, uploaded["repo_id"]) == ("upload_folder", "anna/shoes-4")
    assert uploaded["names"] == ["README.md", "config.json", "model.safetensors"]
    assert 'from_pretrained("anna/shoes-4")' in (tmp_path / "a/README.md").read_text()


def test_a_hub_that_refuses(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, OSError("401: who are you?"))
    with pytest.raises(EmbeddingTransferError, match=r"is written, but was not uploaded to anna/a: 401: who are you\?"):
        export(run, output=tmp_path / "a", format="hub-folder", push_to_hub="anna/a")
    assert (tmp_path / "a/model.safetensors").exists()


def test_a_repository_is_fetched_by_its_name(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    api = fake(monkeypatch, holds=run / "best.safetensors")
    network = EmbeddingNetwork.from_pretrained("anna/shoes-4")
    assert api.calls == [("hf_hub_download", {"repo_id": "anna/shoes-4", "filename": "model.safetensors"})]
    assert torch.equal(network.head.weight, load_network(run).head.weight)
    fake(monkeypatch, OSError("404"))
    with pytest.raises(DownloadError, match="no network anna/shoes-4 from the Hugging Face hub: 404"):
        EmbeddingNetwork.from_pretrained("anna/shoes-4")


@pytest.mark.parametrize("name", ["runs/shrot", "short", "a/b/c", "./runs/short", "../a"])
def test_a_path_that_is_wrong_is_not_looked_for_in_the_hub(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    api = fake(monkeypatch)
    with pytest.raises(UsageError, match="no such network"):
        EmbeddingNetwork.from_pretrained(name)
    assert api.calls == []


def test_the_library_of_the_hub_has_what_is_called() -> None:
    """The fake above stands for these."""
    library = hub.hub()
    api = library.HfApi
    assert all(callable(getattr(api, name)) for name in ("create_repo", "upload_folder"))
    assert callable(library.hf_hub_download)
