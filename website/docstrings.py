"""Docstrings of the package as Markdown: roles and directives of Sphinx become what a page can show."""

import re
import textwrap
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|meth|attr|data):`(~?)([^`]+)`")
MATH = re.compile(r":math:`([^`]+)`")
EQUATION = re.compile(r"^( *)\.\. math::(.*(?:\n\1 +\S.*)*)", re.MULTILINE)
EXAMPLE = re.compile(r"^( *)Example::\n\n((?:\1 +.*\n|\n)*\1 +.*)", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites each docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    r"""The docstring with equations, references and examples of Markdown.

    >>> as_markdown(r"The kernel :math:`e^{-x}` of :func:`~embedding_transfer.transfer`.")
    'The kernel $e^{-x}$ of <autoref identifier="embedding_transfer.transfer" optional>`transfer`</autoref>.'
    """
    text = EXAMPLE.sub(example, EQUATION.sub(equation, text))
    return ROLE.sub(reference, MATH.sub(r"$\1$", text))


def equation(found: re.Match[str]) -> str:
    return textwrap.indent(f"```math\n{' '.join(found[2].split())}\n```", found[1])


def reference(role: re.Match[str]) -> str:
    """A link where the name is in the reference, else the name alone."""
    shown = role[2].rsplit(".", 1)[-1] if role[1] else role[2]
    return f'<autoref identifier="{role[2]}" optional>`{shown}`</autoref>'


def example(found: re.Match[str]) -> str:
    code = textwrap.dedent(found[2])
    language = "pycon" if code.lstrip().startswith(">>>") else "python"
    return textwrap.indent(f"**Example**\n\n```{language}\n{code}\n```", found[1])
