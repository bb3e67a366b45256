"""examples/plain_pytorch.py shows what it says: a target that finds, on pictures never seen, what its source finds."""

import re
import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/plain_pytorch.py"


def test_the_target_learns_the_source_s_neighbors_on_held_out_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    rows = re.findall(r"^(source|target \w+).*kept +([\d.]+) % +Recall@1 +([\d.]+) %$", capsys.readouterr().out, re.M)
    shown = {name: (float(kept), float(recall)) for name, kept, recall in reversed(rows)}
    assert set(shown) == {"source", "target before", "target after"}
    assert shown["source"][0] == 100  # the first row of its name: the source itself
    assert shown["target after"][0] > 1.5 * shown["target before"][0]
    assert shown["target after"][1] > shown["target before"][1] + 15
    assert shown["target after"][1] > shown["source"][1] - 5
