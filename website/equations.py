"""Equations become MathML, which browsers show by themselves: no script, no font from elsewhere."""

import html
import re
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Has fenced blocks of the language ``math`` shown as equations, as GitHub does."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "math", "class": "equation", "format": block})
    return config


def block(source: str, *_: Any, **__: Any) -> str:
    return f'<div class="equation">{convert(source, display="block")}</div>'


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its equations within the text, ``$...$``."""
    return INLINE.sub(lambda found: convert(html.unescape(found[1])), content)
