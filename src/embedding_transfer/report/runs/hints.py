"""What to do next, where something looks wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedding_transfer.report.runs.record import RunRecord
from embedding_transfer.report.runs.side import Side
from embedding_transfer.report.scores import score_names
from embedding_transfer.sources.audit import audit

RISING, FALLING, POOR, COLLAPSED = 0.002, 0.02, 0.05, 1e-3
"""Of scores as fractions: what still grows, what has fallen, what a source finds too little with; of the median squared
distance between unit vectors: what is one point."""


def hints(runs: Sequence[RunRecord], sides: Sequence[Side]) -> list[str]:
    """A sentence for each thing that looks wrong, and what to type.

    Args:
        runs: The runs.
        sides: What was measured of them, where it was.
    """
    found = [hint for side in sides for hint in _of_side(side)]
    for run in runs:
        found += [f"{run.name}: {hint}" for hint in _of_run(run)]
    return found + _of_source(sides) + _of_baselines(sides)


def _of_side(side: Side) -> list[str]:
    if side.vectors is None or side.role == "baseline" or len(side.vectors) < 3:
        return []
    found = audit(side.vectors)
    if found.squares[2] >= COLLAPSED:
        return []
    if side.role == "source":
        return [
            f"The source {side.name} makes nearly the same vector of all pictures: see audit-source, or take another."
        ]
    return [
        f"{side.name} has collapsed, most pictures have nearly the same vector: lower --lr, try another --loss.sigma "
        "(auto chooses one), and look at its source by audit-source."
    ]


def _of_run(run: RunRecord) -> list[str]:
    if not run.lines:
        return ["no epoch is finished: give its command again with --resume to go on."]
    hints = []
    if run.epochs_left:
        done, epochs = len(run.lines), len(run.lines) + run.epochs_left
        hints.append(f"{done} of {epochs} epochs are done: give its command again with --resume to go on.")
    score = leading_score(run)
    scored = [line for line in run.lines if score in line] if score else []
    if not score or not scored:
        return hints
    last, start = scored[-1][score], None if run.start is None else run.start.get(score)
    if start is not None and last < start:
        hints.append(
            f"the last epoch finds less ({_percent(last)}) than the network it started as ({_percent(start)}): lower "
            "--lr, or --batch-norm frozen where pictures are few."
        )
    best = max(line[score] for line in scored)
    if best - last > FALLING:
        hints.append(
            f"{score} fell from {_percent(best)} to {_percent(last)} by the last epoch: train for fewer epochs, lower "
            "--lr, or hold out classes by --validation 0.2 to choose the epoch."
        )
    elif _still_rises([line[score] for line in scored]) and not run.epochs_left:
        hints.append(f"{score} still rises at the last epoch: give more --epochs to a new run.")
    return hints


def _of_source(sides: Sequence[Side]) -> list[str]:
    """A source that finds little, or less than a network that did not learn from it."""
    hints = []
    for source in (side for side in sides if side.role == "source"):
        score = next((name for name in source.scores if name.startswith("recall@")), None)
        if score is None:
            continue
        own = source.scores[score][0]
        starts = [value for side in sides if side.role == "before training" for value in side.scores.get(score, ())]
        if own < POOR:
            hints.append(f"The source {source.name} finds little itself ({_percent(own)}): a better one teaches more.")
        elif starts and own < max(starts):
            hints.append(
                f"The source {source.name} finds less ({_percent(own)}) than its target before training "
                f"({_percent(max(starts))}): another source, or a metric loss beside it (--metric-loss), teaches more."
            )
    return hints


def _of_baselines(sides: Sequence[Side]) -> list[str]:
    """Targets that find less than what costs no training at the same length."""
    hints = []
    baselines = [side for side in sides if side.role == "baseline"]
    for target in (side for side in sides if side.role == "target"):
        for baseline in (side for side in baselines if side.dim == target.dim):
            score = next((name for name in baseline.scores if name in target.scores), None)
            if score and (target.mean(score) or 0) < (baseline.mean(score) or 0):
                hints.append(
                    f"{target.name} finds less ({target.shown(score)} %) than {baseline.name}, which needs no training "
                    f"({baseline.shown(score)} %): --start-from-source begins there where the backbone is the source's."
                )
    return hints


def leading_score(run: RunRecord) -> str | None:
    """The score that is looked at first: Recall@K or overlap@K of the first K."""
    lines: Sequence[Mapping[str, Any]] = [line for line in run.lines if score_names(line)]
    return score_names(lines[-1])[0] if lines else None


def _still_rises(values: Sequence[float]) -> bool:
    """Whether the last of at least three is the largest, and the growth has not come to an end."""
    return len(values) >= 3 and values[-1] == max(values) and values[-1] - values[-2] > RISING


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
