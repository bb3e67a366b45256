"""Images given as objects in Python: they train, and stand in the configuration by what they are."""

from pathlib import Path
from typing import Any

import yaml

from embedding_transfer.images import load_images
from embedding_transfer.verbs.train_source import train_source


def test_both_halves_of_an_image_set(tiny_folder: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    options = {**tiny_options, "epochs": 1, "root": None, "images": load_images("folder", tiny_folder)}
    by_object = train_source(backbone="convnet-4", embedding_dim=8, output=tmp_path / "object", **options)
    options = {**options, "root": tiny_folder, "images": "folder"}
    by_name = train_source(backbone="convnet-4", embedding_dim=8, output=tmp_path / "name", **options)
    assert by_object.last["loss"] == by_name.last["loss"]
    config = yaml.safe_load((tmp_path / "object/config.yaml").read_text())
    assert config["images"] == "an object: ImageSplits"
