"""Text inside HTML: whatever a name holds, it can only ever be text."""

from __future__ import annotations

import html
import json
from typing import Any

from embedding_transfer.errors import escaped


def text(value: object) -> str:
    r"""A text for an element or a quoted attribute; what cannot be printed is written as escapes.

    Example::

        >>> text('<b title="x">\x1b & \u202eabc')
        '&lt;b title=&quot;x&quot;&gt;\\x1b &amp; \\u202eabc'
    """
    return html.escape(escaped(str(value)), quote=True)


def name(value: object) -> str:
    """A name that somebody chose, of any direction of writing, which leaves the text around it as it is.

    Example::

        >>> name("חתול")
        '<bdi>חתול</bdi>'
    """
    return f"<bdi>{text(value)}</bdi>"


def data(value: Any) -> str:
    """Numbers and texts as JSON in a quoted attribute.

    Example::

        >>> data({"x": [1, None]})
        '{&quot;x&quot;:[1,null]}'
    """
    return html.escape(_json(value), quote=True)


def data_script(identity: str, value: Any) -> str:
    """Numbers and texts as JSON in an element of their own, which nothing in them can end.

    Example::

        >>> data_script("names", ["</script>"])
        '<script type="application/json" id="names">["\\\\u003c/script>"]</script>'
    """
    inside = _json(value).replace("<", "\\u003c")
    return f'<script type="application/json" id="{identity}">{inside}</script>'


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
