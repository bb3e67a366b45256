"""The page of runs, from what was measured to HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.histogram import histogram
from embedding_transfer.report.page import Page
from embedding_transfer.report.point_chart import Point, point_chart
from embedding_transfer.report.runs.curves import curves_of
from embedding_transfer.report.runs.found import Found, find
from embedding_transfer.report.runs.gallery import gallery, worst_classes
from embedding_transfer.report.runs.hints import hints
from embedding_transfer.report.runs.labels import sigma_of, spread_of_labels
from embedding_transfer.report.runs.options_table import other_table, told_table
from embedding_transfer.report.runs.point_map import point_map, points_script, sample
from embedding_transfer.report.runs.record import RunRecord, grouped
from embedding_transfer.report.runs.sentence import searched_in, sentence_of, title_of
from embedding_transfer.report.runs.side import Side, head_and_rows
from embedding_transfer.report.thumbnails import Thumbnails

SHOWN, ALIKE = 4, 1.05  # sides in the gallery and on maps; costs that differ by less are not drawn


@dataclass
class RunsPage:
    """Everything that a page shows.

    Attributes:
        runs: The runs.
        sides: Sources, baselines, starts, targets.
        images: The test pictures; ``None``: they cannot be loaded.
        notes: What is missing, in sentences.
        about: What is said first; empty: a sentence for each of the first runs.
        queries: How many the gallery shows of each verdict.
        are_points_seen: Whether points of maps have pictures.
    """

    runs: Sequence[RunRecord]
    sides: Sequence[Side]
    images: ImageSet | None
    notes: Sequence[str] = field(default_factory=list)
    about: str = ""
    queries: int = 30
    are_points_seen: bool = True

    def write(self, path: Path) -> None:
        """Write the page, all of it or nothing."""
        self.page().write(path)

    def page(self) -> Page:
        page = Page(title_of(self.runs))
        shown = [group[0] for group in grouped(self.runs)][:SHOWN]
        for sentence in [self.about] if self.about else [sentence_of(run, self.sides) for run in shown]:
            page.text(sentence)
        found = hints(self.runs, self.sides)
        if found:
            page.heading("What to do next")
            page.items(found, "hints")
        self._numbers(page)
        if curves := curves_of(self.runs, self.sides):
            page.heading("Training")
            page.markup(curves)
        if self.images is not None:
            self._pictures(page, self.images)
        self._labels(page)
        page.heading("How it was called")
        page.note("Options that differ from the defaults; the rest is folded below.")
        page.markup(told_table(self.runs))
        page.folded("all other options", other_table(self.runs))
        return page

    def _numbers(self, page: Page) -> None:
        page.heading("What it is worth, and what it costs")
        if self.images is not None:
            page.note(searched_in(self.images, self.runs[0].config["metric"]))
        page.table(*head_and_rows(list(self.sides)), "sources, baselines and targets")
        page.note(
            "Scores are of the best epoch, mean ± standard deviation where there are several seeds. A vector takes 4 "
            "bytes for each dimension (float32), an index without structure that of a million vectors. FLOPs and time "
            f"are of one picture, on this machine with {torch.get_num_threads()} thread"
            f"{'s' * (torch.get_num_threads() != 1)}."
        )
        page.items(self.notes)
        if charts := "".join(cost_charts(self.sides)):
            page.markup(f'<div class="charts">{charts}</div>')

    def _pictures(self, page: Page, images: ImageSet) -> None:
        known = [side for side in self.sides if side.vectors is not None and side.role != "baseline"][:SHOWN]
        if not known:
            return
        thumbnails = Thumbnails(images)
        found = [find(side.name, side.vectors, images, self.runs[0].config["metric"]) for side in known]  # type: ignore[arg-type]
        if len(found[0].queries):
            self._gallery(page, found, images, thumbnails)
        page.heading("Map of the test vectors")
        rows = sample(images)
        page.note(
            f"{len(rows):,} of {len(images):,} pictures along the two directions of largest variance. A color is a "
            "class, though colors of different classes may be alike: point at one to see which it is."
        )
        maps = "".join(point_map(side.name, side.vectors, rows, images) for side in known)  # type: ignore[arg-type]
        page.markup(f'<div class="charts">{maps}</div>')
        page.markup(points_script(rows, images, thumbnails if self.are_points_seen else None))
        page.markup(thumbnails.script())

    def _gallery(self, page: Page, found: Sequence[Found], images: ImageSet, thumbnails: Thumbnails) -> None:
        number = 1 if len(found) > 1 else 0
        target = found[number]
        page.heading("What they find")
        compared = f" by {target.name} beside {found[0].name}" if number else f" by {target.name}"
        if images.is_labeled:
            page.note(
                f"The nearest pictures{compared}: got worse and better go by the nearest one; worst classes first."
            )
        else:
            page.note(f"The nearest pictures{compared}; ✓: found by {found[0].name}, too. The least alike come first.")
        page.markup(gallery(found, target, images, thumbnails, self.queries))
        if images.is_labeled:
            page.folded("the classes that are found worst", worst_classes(found, target, images))

    def _labels(self, page: Page) -> None:
        sources = {side.name: side.vectors for side in self.sides if side.role == "source"}
        charts = {}
        for run in self.runs:
            sigma, source = sigma_of(run.config.get("loss")), " + ".join(run.sources)
            vectors = sources.get(source)
            if run.is_transfer and sigma is not None and vectors is not None:
                title = f"{source}, sigma {sigma:g}"
                charts[title] = histogram(title, spread_of_labels(vectors, sigma), "relaxed label")
        if charts:
            page.heading("Spread of the relaxed labels")
            page.note(
                "How alike the source finds two test pictures, from 0 to 1. Nearly all near 1 draws everything "
                "together, nearly all near 0 pushes everything apart: choose another --loss.sigma, or auto."
            )
            page.markup(f'<div class="charts">{"".join(charts.values())}</div>')


def cost_charts(sides: Sequence[Side]) -> list[str]:
    """Quality against what a vector takes and against what a network computes, where sides differ in these."""
    score = next((name for side in sides for name in side.scores if name.startswith(("recall@", "overlap@"))), None)
    if score is None:
        return []
    costs = {
        "bytes per vector": [4 * side.dim if side.dim else None for side in sides],
        "FLOPs for a picture": [side.cost.flops for side in sides],
    }
    charts = []
    for title, values in costs.items():
        points = [
            Point(side.name, value, level, number)
            for number, (side, value) in enumerate(zip(sides, values, strict=True))
            if value and side.role != "before training" and (level := side.mean(score)) is not None
        ]
        if points and max(p.x for p in points) > ALIKE * min(p.x for p in points):
            charts.append(point_chart(f"{score} against {title}", points, title, score))
    return charts
