"""For error messages: the right name near a wrong one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(wrong: str, names: Iterable[str]) -> str:
    """``", did you mean NAME?"``, or nothing if no name is near (capitals, dashes and underscores do not count)."""

    def plain(name: str) -> str:
        return name.lower().replace("_", "").replace("-", "")

    by_plain_name = {plain(name): name for name in names}
    found = get_close_matches(plain(wrong), by_plain_name, n=1, cutoff=0.6)
    return f", did you mean {by_plain_name[found[0]]}?" if found else ""
