"""Recipes: they parse, they are the published settings, what their comments say is so, and every method fits them."""

import itertools
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from embedding_transfer import losses, metric_losses
from embedding_transfer.build import build
from embedding_transfer.cli import main, parse
from embedding_transfer.grid.methods import AS_RELEASED, load_methods
from embedding_transfer.grid.plan import plan_cells, read_recipe
from embedding_transfer.grid.published import published_recall
from embedding_transfer.images import Batches, ImageSet
from embedding_transfer.images.published_counts import PUBLISHED
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.training.config import config_data
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

ROOT = Path(__file__).parents[2]
RECIPES = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "recipes").rglob("*.yaml"))
SETTINGS = ("self-transfer", "dimension-reduction", "model-compression")
SETS = ("cub", "cars", "sop")
CELLS = [f"recipes/{setting}/{dataset}.yaml" for setting, dataset in itertools.product(SETTINGS, SETS)]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def parsed(recipe: str, *more: str) -> dict[str, Any]:
    verb = "transfer" if "source" in yaml.safe_load(Path(recipe).read_text()) else "train-source"
    return parse(verb, [f"--config={recipe}", *(more or ["--output=x"])])


def with_method(recipe: str, method: str) -> dict[str, Any]:
    """The options of the one training that a grid of this recipe and method plans."""
    (cell,) = plan_cells([read_recipe(Path(recipe))], {method: load_methods()[method]}, (0,), Path("x"), {})
    return vars(cell.options)


def comments(recipe: str) -> str:
    lines = [line[1:].strip() for line in Path(recipe).read_text().splitlines() if line.startswith("#")]
    return re.sub(r"\\\n", " ", "\n".join(lines))


def test_every_cell_of_the_tables_has_its_recipe() -> None:
    sources = [f"recipes/source/{dataset}.yaml" for dataset in SETS]
    small = [f"recipes/omniglot/{name}.yaml" for name in ("source", *SETTINGS)]
    photographs = [
        f"recipes/cars-photos/{size}{name}.yaml" for name in ("source", *SETTINGS) for size in ("", "full-size/")
    ]
    own = [f"recipes/own-images/{name}.yaml" for name in ("source", "shorter", "smaller")]
    assert sorted([*CELLS, *sources, *small, *photographs, *own]) == RECIPES


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_opens_with_commands_that_are_understood(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [shlex.split(line) for line in comments(recipe).splitlines() if line.startswith("embedding-transfer ")]
    assert commands
    for _, verb, *arguments in commands:
        assert recipe in " ".join(arguments)
        if verb == "reproduce":
            assert main([verb, *arguments, "--dry-run"]) == 0
            methods = next((len(argument.split(",")) for argument in arguments if "Labels," in argument), 9)
            trainings = 3 * methods + sum("source.yaml" in argument for argument in arguments)
            assert capsys.readouterr().out.startswith(f"{trainings} trainings")
        else:
            assert parse(verb, arguments)["output"]
    assert "Cost" in comments(recipe)


@pytest.mark.parametrize("recipe", CELLS)
def test_cells_have_the_published_settings(recipe: str) -> None:
    setting, dataset = Path(recipe).parent.name, Path(recipe).stem
    options = parsed(recipe)
    assert options["images"] == dataset
    published = {"batch_size": 90, "images_per_class": 2, "views": 2, "optimizer": "adamw", "lr": 1e-4}
    published |= {"weight_decay": 1e-4, "schedule": "cosine", "warmup_epochs": 0, "batch_norm": "train"}
    published |= {"epochs": 150 if dataset == "sop" else 90, "loss_lr_factor": 100, "clip_value": None}
    published |= {"source_views": "own", "l2_normalize": False, "augmentation": "photo", "seed": 0}
    published |= {"metric": "euclidean"}
    assert published.items() <= options.items()
    loss = config_data(TransferOptions.of(options))["loss"]
    assert loss["class_path"].endswith("RelaxedContrastiveLoss")
    assert (loss["init_args"]["sigma"], loss["init_args"]["delta"]) == (1, 1)
    shapes = {"self-transfer": (None, None), "dimension-reduction": (None, 64)}
    assert (options["backbone"], options["embedding_dim"]) == shapes.get(setting, ("resnet18.tv_in1k", 128))
    assert set(options["ks"]) >= set(published_recall(setting, dataset, "Source"))


@pytest.mark.parametrize("recipe", CELLS)
def test_cells_tell_the_published_numbers_and_the_steps(recipe: str) -> None:
    setting, dataset = Path(recipe).parent.name, Path(recipe).stem
    said = comments(recipe)
    names = {"Source": "source", "Attention": "attention transfer", "RelaxedContrastive": "relaxed contrastive"}
    for method in ("Source", *(method for method in AS_RELEASED if method != "RelaxedMS")):
        numbers = [
            f"{recall.percent}{'?' if recall.note else ''}"
            for recall in published_recall(setting, dataset, method).values()
        ]
        assert re.search(rf"^{names.get(method, method)} +{re.escape('  '.join(numbers))}$", said, re.MULTILINE), method
    options, counts = parsed(recipe), PUBLISHED[dataset]
    images, classes = counts["training images"], counts["training classes"]
    labels = np.arange(images) % classes
    pictures = ImageSet("x", np.zeros((images, 1, 1), np.uint8), labels, tuple(map(str, range(classes))))
    steps = len(Batches(pictures, options["batch_size"], options["images_per_class"], 0)) * options["epochs"]
    assert f"Cost of one target: {steps:,} steps" in said


@pytest.mark.parametrize("dataset", SETS)
def test_sources_have_the_published_settings(dataset: str) -> None:
    options = parsed(f"recipes/source/{dataset}.yaml", "--seed=0")
    published = {
        "backbone": "bn_inception",
        "embedding_dim": 512,
        "batch_size": 180,
        "warmup_epochs": 1,
        "clip_value": 10,
    }
    published |= {"views": 1, "images_per_class": None, "schedule": "step", "loss_lr_factor": 100, "l2_normalize": True}
    published |= {
        "cub": {"lr": 1e-4, "decay_step": 10, "decay_gamma": 0.5, "batch_norm": "frozen-statistics"},
        "cars": {"lr": 1e-4, "decay_step": 20, "decay_gamma": 0.5, "batch_norm": "frozen-statistics"},
        "sop": {"lr": 6e-4, "decay_step": 20, "decay_gamma": 0.25, "batch_norm": "train"},
    }[dataset]
    assert published.items() <= options.items()


@cache
def network(backbone: str, embedding_dim: int, l2_normalize: bool = False) -> EmbeddingNetwork:
    torch.manual_seed(0)
    return EmbeddingNetwork(backbone, embedding_dim, image_size=64, l2_normalize=l2_normalize)


SIX_IMAGES = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))  # three images, two views
LABELS, INDEX = torch.tensor([0, 1, 0] * 2), torch.tensor([0, 1, 2] * 2)


@pytest.mark.parametrize("method", load_methods())
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_method_fits_every_setting(setting: str, method: str) -> None:
    """One step on noise: the networks of the recipe and the losses of the method give a gradient to the target."""
    options = with_method(f"recipes/{setting}/cub.yaml", method)
    source = network("resnet50" if setting == "model-compression" else "bn_inception", 512)
    backbone = options["backbone"] or source.backbone_name
    target = network(backbone, options["embedding_dim"] or 512, options["l2_normalize"]).train()
    sizes = {
        "target_dim": target.embedding_dim,
        "source_dim": source.embedding_dim,
        "target_channels": target.map_channels,
        "source_channels": source.map_channels,
        "n_images": 3,
        "image_labels": LABELS[:3],
        "num_classes": 2,
        "embedding_size": target.embedding_dim,
        "views": options["views"],
    }
    metric_loss = options["metric_loss"] and build(options["metric_loss"], metric_losses, sizes)
    weights = options["transfer_weight"], options["metric_weight"]
    transfer_loss = build(options["loss"], losses, sizes)
    objective = TransferObjective(target, transfer_loss, options["views"], weights[0], metric_loss, weights[1])
    with torch.no_grad():
        taught = source.eval().embed_all(SIX_IMAGES)
    target.zero_grad()
    values = objective(SIX_IMAGES, LABELS, INDEX, taught if weights[0] else None)
    values["loss"].backward()
    assert values["loss"].isfinite()
    first = next(target.backbone.parameters()).grad
    assert first is not None
    assert first.isfinite().all()
    assert first.abs().max() > 0


def test_a_target_that_starts_as_its_source_takes_no_weights_of_the_recipe() -> None:
    assert parsed("recipes/self-transfer/cub.yaml", "--output=x")["weights"] is not None
    options = with_method("recipes/self-transfer/cub.yaml", "RelaxedContrastive-start")
    assert (options["weights"], options["start_from_source"]) == (None, True)


def test_the_help_of_reproduce_names_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--help"]) == 0
    told = re.findall(r"[\w-]+", capsys.readouterr().out)
    assert set(load_methods()) <= set(told)
