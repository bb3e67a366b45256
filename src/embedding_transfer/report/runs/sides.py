"""All sides of a page from its runs: sources, baselines, starts and targets, seeds together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from embedding_transfer.report.runs.cost import UNKNOWN, Cost
from embedding_transfer.report.runs.measure import Measuring
from embedding_transfer.report.runs.record import RunRecord, grouped, name_of_group
from embedding_transfer.report.runs.side import Side
from embedding_transfer.report.scores import score_names
from embedding_transfer.retrieval.lengths import scores_by_length


def sides_of(
    runs: Sequence[RunRecord], measuring: Measuring | None, costs: Mapping[str, Cost] | None = None
) -> list[Side]:
    """Sources with their baselines first, then each group of runs that is no source of others, behind its start.

    Args:
        runs: The runs.
        measuring: Opens networks; ``None``: what the runs have written down is all that is known.
        costs: What networks cost where that is known without opening them, by their runs' names.
    """
    sides: list[Side] = []
    taught: dict[str, Tensor] = {}
    if measuring is not None:
        for names in dict.fromkeys(str(run.sources) for run in runs if run.is_transfer):
            found = measuring.source_sides([run for run in runs if str(run.sources) == names])
            sides += found
            if found and found[0].vectors is not None:
                taught[names] = found[0].vectors
    shown = [side.name for side in sides if side.role == "source"]
    for group in grouped([run for run in runs if not any(run.is_named(name) for name in shown)]):
        each = [
            Side(run.name, run.role, run.dim, run.scores, (costs or {}).get(run.name, UNKNOWN))
            if measuring is None
            else measuring.target_side(run, taught.get(str(run.sources)))
            for run in group
        ]
        sides += [*start_sides(group), together(each, name_of_group(group)), *shorter_sides(group)]
    return sides


def together(sides: Sequence[Side], name: str) -> Side:
    """Runs that differ in their seeds as one side: all their scores, the vectors of the first that has some."""
    names = dict.fromkeys(score for side in sides for score in side.scores)
    scores = {score: tuple(value for side in sides for value in side.scores.get(score, ())) for score in names}
    shown = next((side for side in sides if side.vectors is not None), sides[0])
    return replace(shown, name=name, scores=scores)


def start_sides(group: Sequence[RunRecord]) -> list[Side]:
    """What was measured before the first epoch, if it was."""
    starts = [run.start for run in group if run.start is not None]
    if not starts:
        return []
    scores = {name: tuple(start[name] for start in starts if name in start) for name in score_names(starts[0])}
    return [Side(f"start of {name_of_group(group)}", "before training", group[0].dim, scores)]


def shorter_sides(group: Sequence[RunRecord]) -> list[Side]:
    """The leading dimensions that a run was trained for, each as a vector of its own."""
    lines = [scores_by_length(run.best) for run in group if run.best is not None]
    name = name_of_group(group)
    return [
        Side(
            f"{name}, first {length}",
            "leading dimensions",
            length,
            {k: tuple(at[length][k] for at in lines) for k in scores},
        )
        for length, scores in (lines[0] if lines else {}).items()
    ]
