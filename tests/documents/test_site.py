"""The documentation site: builds without a warning, needs no other host, and shows what GitHub shows."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from markdown_it import MarkdownIt

import embedding_transfer

ROOT = Path(__file__).parents[2]
COUNTED = ("h1", "h2", "h3", "li", "tr", "td", "pre", "blockquote")
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
"""What a browser gets without being asked, by tag."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("material") is None or importlib.util.find_spec("mkdocstrings") is None,
        reason="the site needs pip install '.[docs]'",
    ),
    pytest.mark.skipif(
        sys.version_info < (3, 11),
        reason="the last mkdocstrings for Python 3.10 cannot be had with the last pymdown-extensions for it",
    ),
]


class Page(HTMLParser):
    """The tags, links and anchors of a page; those of its text apart from those of the theme."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.in_article = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in FETCHED and FETCHED[tag] in given and given.get("rel") not in ("next", "prev", "canonical"):
            self.fetched.append(given[FETCHED[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.in_article |= tag == "article"
        if self.in_article:
            self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self.in_article &= tag != "article"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--site-dir",
        str(out),
    ]  # --quiet counts no warnings
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


class ConfigLoader(yaml.SafeLoader):
    """Reads mkdocs.yml without making the objects of Python that it names."""


ConfigLoader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


def navigation() -> Iterator[str]:
    """Every page in the navigation, as it is written there."""
    todo = list(yaml.load((ROOT / "mkdocs.yml").read_text(), ConfigLoader)["nav"])
    while todo:
        entry = todo.pop()
        if isinstance(entry, str):
            yield entry
        else:
            todo += entry.values() if isinstance(entry, dict) else entry


def test_every_page_of_the_navigation_is_there(site: Path, pages: dict[Path, Page]) -> None:
    named = list(navigation())
    assert len(named) > 50
    for name in named:
        path = site / name.replace("README.md", "index.html").replace(".md", ".html")
        assert pages[path].tags["h1"] == 1, name


def test_no_page_fetches_anything_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert page.fetched, path
        for address in page.fetched:
            assert not urlsplit(address).netloc, f"{path.relative_to(site)} fetches {address}"
    for path in site.rglob("*.css"):
        assert "url(http" not in path.read_text(encoding="utf-8").replace('"', "").replace("'", ""), path


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # its links are those of a server's root
        for address in {*page.links, *page.fetched}:
            link = urlsplit(address)
            if link.scheme or link.netloc:
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            assert target.is_file(), f"{path.relative_to(site)}: {address}"
            if link.fragment and target in pages:
                assert unquote(link.fragment) in pages[target].anchors, f"{path.relative_to(site)}: {address}"


@pytest.mark.parametrize("document", sorted((ROOT / "docs").rglob("*.md")), ids=lambda d: str(d.relative_to(ROOT)))
def test_a_page_has_the_lists_tables_and_blocks_that_github_shows(
    document: Path, site: Path, pages: dict[Path, Page]
) -> None:
    """By another reader of Markdown, which follows GitHub's rules for lists where MkDocs has others."""
    expected = Page(f"<article>{MarkdownIt('commonmark').enable('table').render(document.read_text())}</article>").tags
    expected["pre"] -= document.read_text().count("```math\n")
    path = site / document.relative_to(ROOT / "docs").with_suffix(".html")
    shown = pages[path.with_name("index.html") if document.name == "README.md" else path].tags
    assert {tag: shown[tag] for tag in COUNTED} == {tag: expected[tag] for tag in COUNTED}
    assert shown["math"] >= document.read_text().count("```math\n")


def test_the_reference_has_every_public_name(site: Path, pages: dict[Path, Page]) -> None:
    anchors = set().union(*(page.anchors for path, page in pages.items() if path.parent.name == "reference"))
    rooms = {"losses", "metric_losses"}
    assert {f"embedding_transfer.{name}" for name in embedding_transfer.__all__ if name not in rooms} <= anchors
    for room in rooms:
        names = getattr(embedding_transfer, room).__all__
        assert all({f"embedding_transfer.{room}.{name}", f"embedding_transfer.{name}"} & anchors for name in names)


def test_what_a_page_shows_of_a_docstring(site: Path) -> None:
    text = (site / "reference/losses.html").read_text(encoding="utf-8")
    assert "<math" in text
    assert not any(mark in text for mark in (":math:", ":class:", ":func:", ".. math::", "Example::"))


def test_a_file_outside_the_documents_is_a_page(site: Path, pages: dict[Path, Page]) -> None:
    assert "../" not in "".join(link for link in pages[site / "export.html"].links if "search_with_onnx" in link)
    shown = (site / "project/examples/search_with_onnx.py.html").read_text(encoding="utf-8")
    assert "InferenceSession" in shown


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (apt install chromium)")
def test_the_search_works_from_the_disk(site: Path, tmp_path: Path) -> None:
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    command += ["--virtual-time-budget=20000", "--dump-dom", f"{(site / 'index.html').as_uri()}?q=matryoshka"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    found = re.search(r"(\d+) matching documents", shown)
    assert found
    assert int(found[1]) > 2
    assert "losses.html" in shown[shown.index("md-search-result__list") :]
