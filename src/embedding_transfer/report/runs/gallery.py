"""The gallery of a page: queries, and beside each other what the sides find for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report import markup
from embedding_transfer.report.html_table import Cell, html_table
from embedding_transfer.report.picture_name import picture_name
from embedding_transfer.report.runs.chosen import chosen_queries
from embedding_transfer.report.runs.found import Found, recall_by_class
from embedding_transfer.report.thumbnails import Thumbnails

FILTERS = {
    "worse": "got worse",
    "better": "got better",
    "both-wrong": "both wrong",
    "both-right": "both right",
    "wrong": "wrong",
    "right": "right",
}
WORST = 20  # classes in the table


def gallery(sides: Sequence[Found], target: Found, images: ImageSet, thumbnails: Thumbnails, of_each: int) -> str:
    """Filters and queries as HTML.

    Args:
        sides: What is shown side by side; the first is what the target is compared with, if there are several.
        target: One of them.
        images: The pictures.
        thumbnails: Take up the pictures that are shown.
        of_each: Queries of each verdict at most.
    """
    reference = sides[0] if sides[0] is not target else None
    chosen = chosen_queries(target, reference, images, of_each)
    blocks, counts = [], Counter[str]()
    for number, verdict in chosen:
        if thumbnails.left <= 0:
            break
        counts[verdict] += 1
        row = int(target.queries[number])
        columns = "".join(_side(side, number, reference, images, thumbnails) for side in sides)
        of_class = images.class_names[images.labels[row]] if images.is_labeled else picture_name(images, row)
        query = _figure(row, "", f"query {of_class}", images, thumbnails)
        head = f"<h3>{markup.text(FILTERS[verdict])}</h3>" if verdict else "<h3>query</h3>"
        blocks.append(
            f'<article class="query" data-verdict="{verdict}"><div>{head}{query}</div>'
            f'<div class="sides">{columns}</div></article>'
        )
    kinds = [kind for kind in FILTERS if counts[kind]]
    buttons = [("all", f"all ({len(blocks)})"), *((kind, f"{FILTERS[kind]} ({counts[kind]})") for kind in kinds)]
    filters = "".join(
        f'<button type="button" data-filter="{kind}" aria-pressed="{str(kind == "all").lower()}">{words}</button>'
        for kind, words in buttons
    )
    bar = f'<div class="buttons" role="group" aria-label="which queries">{filters}</div>' if kinds else ""
    more = '<div class="buttons"><button type="button" class="more">show more</button></div>'
    return f'<div class="gallery">{bar}<p class="note count" role="status"></p>{"".join(blocks)}{more}</div>'


def _side(side: Found, number: int, reference: Found | None, images: ImageSet, thumbnails: Thumbnails) -> str:
    figures = []
    for row, right in zip(side.neighbors[number].tolist(), side.right[number].tolist(), strict=True):
        if images.is_labeled:
            kind, word = ("right", "right: ") if right else ("wrong", "wrong: ")
        else:
            also = reference is not None and side is not reference and row in reference.neighbors[number]
            kind, word = ("right", "as before: ") if also else ("", "")
        figures.append(f"<li>{_figure(row, kind, word, images, thumbnails)}</li>")
    return f"<div><h4>{markup.name(side.name)}</h4><ol>{''.join(figures)}</ol></div>"


def _figure(row: int, kind: str, word: str, images: ImageSet, thumbnails: Thumbnails) -> str:
    """A small picture, its class and whether it is right under it; its file where the pointer rests."""
    number = thumbnails.number(row)
    caption = images.class_names[images.labels[row]] if images.is_labeled else picture_name(images, row)
    file = picture_name(images, row)
    mark = {"right": "✓", "wrong": "✗"}.get(kind, "")
    alt = markup.text(f"{word.removesuffix(f' {caption}')} {caption}".replace(":  ", ": "))
    shown = (
        f'<div class="none" role="img" aria-label="{alt}, no picture"></div>'
        if number is None
        else f'<img data-picture="{number}" alt="{alt}" title="{markup.text(file)}">'
    )
    return (
        f'<div class="thumb {kind}">{shown}<span class="caption"><b aria-hidden="true">{mark}</b> '
        f"{markup.name(caption)}</span></div>"
    )


def worst_classes(sides: Sequence[Found], target: Found, images: ImageSet) -> str:
    """A table of the classes that the target finds worst, as HTML."""
    recalls = {side.name: recall_by_class(side, images) for side in sides}
    own = recalls[target.name]
    classes = [int(c) for c in own.argsort(kind="stable") if own[c] == own[c]][:WORST]
    sizes = Counter(images.labels[target.queries].tolist())
    rows: list[list[str | Cell]] = [
        [
            images.class_names[c],
            Cell(f"{sizes[c]:,}", sizes[c]),
            *(Cell(f"{100 * recall[c]:.1f}", float(recall[c])) for recall in recalls.values()),
        ]
        for c in classes
    ]
    head = ["class", "queries", *(f"R@1 in % by {name}" for name in recalls)]
    return html_table(head, rows, "the classes that are found worst")
