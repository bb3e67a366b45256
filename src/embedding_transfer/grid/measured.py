"""What a grid has measured and keeps, so that it need not be measured again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_measured(file: Path) -> dict[str, Any]:
    """What the JSON file holds; nothing if it is not there or damaged: then it is measured again."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
