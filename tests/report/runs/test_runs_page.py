"""The page of runs: well formed, escaped, and right for odd runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from made_up import CONTROL, HOSTILE, RIGHT_TO_LEFT, Elements, images, page_of, run, vectors
from PIL import Image

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.runs.page import RunsPage
from embedding_transfer.report.runs.side import Side


def read(page: RunsPage) -> Elements:
    text = page.page().html()
    assert len(text) < 5_000_000
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:)?//""", text)
    found = Elements(text)
    assert not found.open
    return found


def test_a_page_has_a_table_charts_a_gallery_a_map_and_options() -> None:
    found = read(page_of(images()))
    assert found.of("th", scope="col")
    assert found.of("th", scope="row")
    charts = [attributes for attributes in found.of("svg") if attributes.get("viewbox", "0 0 26 10") != "0 0 26 10"]
    assert len(charts) == 1 + 4 + 2 + 1  # bytes; loss, recall, rate, speed; two maps; labels
    assert all(chart.get("aria-label") for chart in charts)
    assert len(found.of("svg", **{"class": "map"})) == 2
    verdicts = {query["data-verdict"] for query in found.of("article")}
    assert verdicts <= {"worse", "better", "both-wrong", "both-right"}
    assert len(verdicts) > 2
    pressed = [button["aria-pressed"] for button in found.of("button") if "data-filter" in button]
    assert pressed == ["true", *["false"] * (len(pressed) - 1)]
    assert all(picture.get("alt") for picture in found.of("img"))
    assert "RelaxedContrastiveLoss handed what runs/source (16 dimensions) knows on to a shorter vector" in found.text


def test_pictures_are_in_the_page_once() -> None:
    page = page_of(images(classes=2, of_each=4)).page().html()
    stored = re.search(r'id="pictures">\["(.*?)"\]', page)
    assert stored
    assert len(stored[1].split('","')) == 8
    assert page.count("<article") * 11 == page.count("data-picture=")  # a query, 5 neighbors by source and by target


@pytest.mark.parametrize("name", [HOSTILE, RIGHT_TO_LEFT, CONTROL])
def test_names_are_text_and_nothing_else(name: str, tmp_path: Path) -> None:
    plain = read(page_of(images(classes=2), [run("plain")], notes=("plain",)))
    hostile_run = run(name, source=name, backbone=name)
    shown = images(classes=2, names=(name, f"{name}2"))
    page = page_of(shown, [hostile_run], notes=(name,))
    found = read(page)
    kinds = [[tag for tag, _ in each.tags if tag not in ("g", "rect")] for each in (plain, found)]
    assert kinds[0].count("script") == kinds[1].count("script")
    assert "img" not in {tag for tag, attributes in found.tags if "onerror" in attributes}
    text = page.page().html()
    assert "<script>alert" not in text
    assert not {"\x00", "\x1b", "\u202e"} & set(text)
    if name == RIGHT_TO_LEFT:
        assert "<bdi>\\u202eאבג\\u202c דה</bdi>" in text


def test_file_names_of_any_bytes(tmp_path: Path) -> None:
    paths = []
    for number, name in enumerate(("a<b>.png", "caf\udce9.png", "x\ny.png", "plain.png")):
        paths.append(tmp_path / name)
        Image.new("RGB", (9, 9), (number, 0, 0)).save(paths[-1])
    shown = ImageSet("files", paths, np.array([0, 0, 1, 1]), ("a", "b"), root=tmp_path)
    text = page_of(shown).page().html()
    assert "caf\\\\udce9.png" in text  # inside JSON
    assert "a&lt;b&gt;.png" in text
    text.encode()


def test_a_run_without_labels() -> None:
    lines = [{"epoch": 1, "loss": 1.0, "lr": 0.1, "images_per_second": 5.0, "overlap@2": 0.3, "rank_correlation": 0.5}]
    base = run()
    unlabeled = type(base)(base.folder, base.config, (), "g", lines, lines[0], None, "unlabeled")
    found = read(page_of(images(labeled=False), [unlabeled]))
    assert "overlap@2 in %" in found.text
    assert "rank correlation in %" in found.text
    assert not [button for button in found.of("button") if "data-filter" in button]
    assert found.of("article")
    assert "found by runs/source, too" in found.text


def test_a_class_of_one_picture_is_no_query() -> None:
    labels = np.array([0, 0, 0, 1])
    shown = ImageSet("odd", np.zeros((4, 8, 8), np.uint8), labels, ("three", "alone"))
    found = read(page_of(shown))
    assert found.of("article")
    alts = [picture["alt"] or "" for picture in found.of("img")]
    assert not [alt for alt in alts if alt.startswith("query") and "alone" in alt]
    assert {each["data-class"] for each in found.of("g") if "data-class" in each} == {"three", "alone"}


def test_classes_of_one_picture_only() -> None:
    found = read(page_of(images(classes=5, of_each=1)))
    assert not found.of("article")
    assert found.of("svg", **{"class": "map"})


def test_eleven_thousand_classes_stay_a_small_page() -> None:
    page = page_of(images(classes=11_000, of_each=2))
    assert len(page.page().html()) < 3_000_000
    found = read(page)
    assert len(found.of("article")) <= 4 * 30
    assert len([c for c in found.of("circle") if "data-point" in c]) <= 2 * 1500


def test_an_interrupted_run_without_any_epoch() -> None:
    begun = run(recalls=(), epochs=9)
    page = RunsPage([begun], [Side("short", "target", 8, {})], None, ["The network of short cannot be opened."])
    found = read(page)
    assert "no epoch is finished" in found.text
    assert "cannot be opened" in found.text


def test_ten_runs_side_by_side() -> None:
    runs = [run(f"run-{number}", embedding_dim=number + 1) for number in range(10)]
    found = read(page_of(images(), runs))
    assert len(found.of("svg", **{"class": "map"})) == 4
    for each in runs:
        assert each.name in found.texts
    circles = [circle for circle in found.of("circle") if "data-tip" in circle]
    assert len(circles) == 11  # the chart of bytes


def test_the_budget_of_pictures_holds() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (300, 96, 96, 3)).astype(np.uint8)
    shown = ImageSet("noise", noise, np.arange(300) // 5, tuple(map(str, range(60))))
    side = Side("t", "target", 8, {"recall@1": (0.1,)}, vectors=vectors(300))
    from embedding_transfer.report import thumbnails

    small = thumbnails.Thumbnails(shown, budget=20_000)
    numbers = [small.number(row) for row in range(300)]
    assert None in numbers
    assert len(small.script()) < 26_000
    assert len(RunsPage([run()], [side], shown).page().html()) < 4_500_000
