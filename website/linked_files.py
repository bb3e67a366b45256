"""Files outside docs/ that a page links to become pages of the site, so that one link works there and on GitHub.

``../recipes/`` in a page is the folder's README; of ``../examples/search.py`` the page shows the code. Such pages have
the address ``project/`` and their place in the repository.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "recipes/README.md")
"""In the navigation, whether a page links to them or not."""

LINK = re.compile(r"(\]\()((?!\w+:)[^)#\s]+)(#[^)\s]*)?(\))")
FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page for every file outside docs/ that a page links to, or a page that was added so."""
    todo = [*BESIDE]
    for file in files.documentation_pages():
        todo += links_out(file.content_string, in_repository(file.src_uri))
    while todo:
        path = todo.pop()
        if files.get_file_from_path(in_site(path)) is None:
            text = (ROOT / path).read_text(encoding="utf-8")
            content = text if path.endswith(".md") else code_page(path, text)
            files.append(File.generated(config, in_site(path), content=content))
            todo += links_out(content, path)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with links that lead where its files are in the site."""
    here = in_repository(page.file.src_uri)
    if here.startswith("docs/") and not any(links_out(markdown, here)):
        return markdown

    def rewritten(link: re.Match[str]) -> str:
        target = in_site(resolved(link[2], here))
        return f"{link[1]}{posixpath.relpath(target, posixpath.dirname(page.file.src_uri))}{link[3] or ''}{link[4]}"

    return LINK.sub(rewritten, markdown)


def links_out(markdown: str, here: str) -> Iterator[str]:
    """Paths in the repository, outside docs/, of the files that a page at ``here`` links to."""
    for link in LINK.finditer(FENCE.sub("", markdown)):
        path = resolved(link[2], here)
        if not path.startswith("docs/"):
            yield path


def resolved(link: str, here: str) -> str:
    """The path in the repository that a link means; of a folder its README."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
    return f"{path}/README.md" if (ROOT / path).is_dir() else path


def in_repository(src_uri: str) -> str:
    """Where the text of a page of the site is: ``docs/losses.md``, ``examples/search.py``."""
    if not src_uri.startswith("project/"):
        return f"docs/{src_uri}"
    path = src_uri.removeprefix("project/")
    return path if (ROOT / path).exists() else path.removesuffix(".md")


def in_site(path: str) -> str:
    """The source of the page that shows a file of the repository."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"project/{path}" if path.endswith(".md") else f"project/{path}.md"


def code_page(path: str, text: str) -> str:
    """A page that shows a file of code or data."""
    language = {".py": "python", ".yaml": "yaml"}.get(posixpath.splitext(path)[1], "text")
    return f"---\nsearch:\n  exclude: true\n---\n# `{path}`\n\n````{language}\n{text}````\n"
