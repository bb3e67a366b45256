"""The audit of a source, printed."""

from __future__ import annotations

from collections.abc import Mapping

from embedding_transfer.report.tables import print_table
from embedding_transfer.sources.audit import Audit


def print_audit(found: Audit, recall: Mapping[str, float], batch_size: int) -> None:
    """Print what was found, warnings last.

    Args:
        found: The audit.
        recall: Recall@K as fractions, empty without labels.
        batch_size: Pictures in a batch.
    """
    smallest, mean, largest = found.norms
    for name, value in recall.items():
        print(f"{name}: {100 * value:.1f} %")
    print(f"norms: {mean:.3g} on average, {smallest:.3g} to {largest:.3g}")
    print(f"effective dimension: {found.effective_dim:.1f} of {found.d}")
    percentiles = ", ".join(f"{value:.3g}" for value in found.squares)
    print(f"squared distances of unit vectors, 1st 25th 50th 75th 99th percentile: {percentiles}")
    print()
    head = ["sigma", "mean label", "below 0.05", "above 0.95", f"positives in a batch of {batch_size}"]
    rows = [
        [f"{at.sigma:g}", f"{at.mean:.3f}", f"{100 * at.low:.0f} %", f"{100 * at.high:.0f} %", f"{at.positives:.1f}"]
        for at in sorted(set(found.labels), key=lambda at: at.sigma)
    ]
    print_table(head, rows)
    print(f"\nsuggested sigma: {found.suggested_sigma:g} (transfer --loss.sigma auto)")
    for warning in found.warnings:
        print(f"warning: {warning}")
