"""Heads that begin as principal components: what sklearn makes of the pooled vectors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from embedding_transfer.errors import UsageError
from embedding_transfer.images import load_images
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.training.head_start import Pooled, start_head
from embedding_transfer.verbs.train_source import train_source
from embedding_transfer.verbs.transfer import transfer


def test_the_head_gives_principal_components(tiny_folder: Path) -> None:
    images = load_images("folder", tiny_folder)
    network = EmbeddingNetwork("convnet-4", 3, image_size=16)
    start_head(network, images.train, 0, accelerator_on())
    pooled = [embed_images(Pooled(network), part, workers=0).numpy() for part in images]
    expected = PCA(3).fit(pooled[0]).transform(pooled[1])
    found = embed_images(network, images.test, workers=0).numpy()
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=1e-4)


def test_both_trainings_take_it(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    """With a learning rate of 0 the network stays what it began as: its vectors of training pictures have mean 0."""
    options = {**tiny_options, "epochs": 1, "lr": 0.0, "head_start": "principal-components", "embedding_dim": 3}
    options |= {"batch_norm": "frozen-statistics"}
    transfer(tiny_source, **options, output=tmp_path / "target")
    train_source(**options, backbone="convnet-4", l2_normalize=False, loss_lr_factor=1.0, output=tmp_path / "source")
    for run in ("target", "source"):
        train = load_images("folder", tiny_options["root"]).train
        vectors = embed_images(load_network(tmp_path / run), train, workers=0)
        assert vectors.mean(dim=0).abs().max() < 1e-4 * vectors.norm(dim=1).max()
        products = vectors.T @ vectors
        assert (products - products.diag().diag()).abs().max() < 1e-3 * products.diag().max()


def test_too_long_a_head_is_refused(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    options = {**tiny_options, "head_start": "principal-components", "embedding_dim": 9}
    with pytest.raises(UsageError, match="9 dimensions cannot start as principal components of 8 features"):
        transfer(tiny_source, **options, output=tmp_path / "run")
