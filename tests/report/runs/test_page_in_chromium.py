"""The page in a browser: nothing in its console, tables sort, filters filter, it fits, it is dark in the dark."""

import html
from pathlib import Path

import pytest
from browser import AXE, DARK, LIGHT, answers, needs_axe, needs_chromium
from made_up import HOSTILE, images, page_of, run

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def page() -> str:
    runs = [run(f"run-{number}", (0.1 * number, 0.3), epochs=2 + number) for number in (3, 1, 2)]
    return page_of(images(names=tuple(f"{HOSTILE}{c}" for c in range(6))), runs, ("A note.",)).page().html()


def test_tables_sort_by_number_and_by_word_both_ways(page: str, tmp_path: Path) -> None:
    script = """
        const table = document.querySelector("table"), heads = [...table.querySelectorAll("thead th")];
        const column = (i) => [...table.tBodies[0].rows].map((row) => row.children[i].textContent);
        const at = heads.findIndex((head) => head.textContent.startsWith("R@1"));
        const click = (i) => { heads[i].querySelector("button").click(); return [column(i), heads[i].ariaSort]; };
        return [click(at), click(at), click(0), heads[at].ariaSort];
    """
    down, up, names, cleared = answers(page, script, tmp_path)
    assert down == [["70.00", "30.00", "30.00", "30.00"], "descending"]
    assert up == [["30.00", "30.00", "30.00", "70.00"], "ascending"]
    assert names == [["run-1", "run-2", "run-3", "runs/source"], "ascending"]
    assert cleared is None


def test_filters_filter_and_more_shows_more(page: str, tmp_path: Path) -> None:
    script = """
        const seen = () => [...document.querySelectorAll(".query")].filter((query) => query.offsetParent !== null);
        const found = { all: seen().length };
        for (const button of document.querySelectorAll("[data-filter]")) {
            button.click();
            const kinds = new Set(seen().map((query) => query.dataset.verdict));
            found[button.dataset.filter] = [[...kinds], seen().length, button.getAttribute("aria-pressed")];
        }
        document.querySelector("[data-filter=all]").click();
        document.querySelector(".more").click();
        return { found, after: seen().length, total: document.querySelectorAll(".query").length };
    """
    told = answers(page, script, tmp_path)
    assert told["found"]["all"][1] == 12
    assert told["after"] == min(36, told["total"]) > 12
    kinds = [kind for kind in told["found"] if kind != "all"]
    assert len(kinds) >= 3
    for kind in kinds:
        assert told["found"][kind][0] == [kind]
        assert told["found"][kind][2] == "true"


def test_values_show_under_the_pointer_and_by_the_arrow_keys(page: str, tmp_path: Path) -> None:
    script = """
        const tip = document.querySelector(".tip"), curve = document.querySelector("svg[data-curves]");
        curve.focus();
        curve.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        const first = tip.textContent;
        curve.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        const second = tip.textContent;
        const point = document.querySelector(".map circle");
        point.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, clientX: 9, clientY: 9 }));
        const image = tip.querySelector("img");
        return [first, second, tip.textContent, image && image.src.slice(0, 23), tip.querySelectorAll("script").length];
    """
    first, second, point, picture, scripts = answers(page, script, tmp_path)
    assert first.startswith("epoch 1run-3: 3")
    assert second.startswith("epoch 2run-3: 1.5")
    assert point.startswith(HOSTILE)
    assert picture == "data:image/jpeg;base64,"
    assert scripts == 0


@pytest.mark.parametrize(("scheme", "is_light"), [(LIGHT, True), (DARK, False)])
def test_it_follows_the_color_scheme(page: str, scheme: int, is_light: bool, tmp_path: Path) -> None:
    script = """
        const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color].map((color) => color.match(/\\d+/g).map(Number));
    """
    paper, ink = answers(page, script, tmp_path, scheme=scheme)
    assert (sum(paper) > 600) is is_light
    assert (sum(ink) > 600) is not is_light


def test_nothing_is_wider_than_a_phone(page: str, tmp_path: Path) -> None:
    framed = f'<iframe srcdoc="{html.escape(page)}" style="width: 400px; height: 900px; border: 0"></iframe>'
    script = """
        const inside = document.querySelector("iframe").contentWindow, seen = inside.document;
        return [inside.innerWidth, seen.documentElement.scrollWidth, seen.body.scrollWidth];
    """
    outer = f"<!doctype html><html><head><title>a phone</title></head><body>{framed}</body></html>"
    wide, of_document, of_body = answers(outer, script, tmp_path)
    assert wide == 400
    assert max(of_document, of_body) <= 400


def test_pages_that_lack_something_have_no_error(tmp_path: Path) -> None:
    for number, lacking in enumerate((page_of(None), page_of(images(labeled=False)))):
        (tmp_path / str(number)).mkdir()
        assert answers(lacking.page().html(), "return document.title;", tmp_path / str(number))


@needs_axe
@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_axe_finds_nothing_serious(page: str, scheme: int, tmp_path: Path) -> None:
    script = """
        const found = await axe.run(document, { resultTypes: ["violations"] });
        const parts = (violation) => violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200));
        return found.violations.map((violation) => [violation.impact, violation.id, parts(violation)]);
    """
    found = answers(page, script, tmp_path, scheme=scheme, before=AXE.read_text(encoding="utf-8"))
    assert not [violation for violation in found if violation[0] in ("serious", "critical")]
