"""The public names: all there, all documented, lazily imported."""

import subprocess
import sys

import embedding_transfer


def test_every_public_name_exists_and_is_documented() -> None:
    assert 15 <= len(embedding_transfer.__all__) <= 40
    for name in embedding_transfer.__all__:
        assert getattr(embedding_transfer, name).__doc__, name
    assert set(embedding_transfer.__all__) <= set(dir(embedding_transfer))
    assert set(embedding_transfer._HOME_OF) | {"losses", "metric_losses"} == set(embedding_transfer.__all__)


def test_verbs_are_functions_whatever_was_imported_before() -> None:
    code = (
        "import embedding_transfer.training, embedding_transfer.cli; from embedding_transfer import transfer, evaluate"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; assert callable(transfer) and callable(evaluate)"], timeout=60
    )
    assert done.returncode == 0


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, embedding_transfer; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_all_losses_are_public() -> None:
    names = ["RelaxedContrastive", "RelaxedMS", "FitNet", "AttentionTransfer", "CRD", "DarkRank", "PKT", "RKD"]
    names += ["RAML", "SimilarityKL", "D3still"]
    for name in names:
        loss = getattr(embedding_transfer.losses, f"{name}Loss")
        assert issubclass(loss, embedding_transfer.TransferLoss)
        assert f"{name}Loss" in embedding_transfer.losses.__all__
    assert {"Matryoshka", "WeightedSum"} <= set(embedding_transfer.losses.__all__)
