"""The benchmarks that reach into a training still run; what they measure is for `make bench`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = "--source convnet-4 --target convnet-4 --embedding-dim 8 --image-size 16 --rows 8 --rounds 1 --threads 1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["loop.py", "--epochs", "1"], "loop step"), (["step.py", *SMALL.split()], "step, kept vectors")],
)
def test_benchmarks_run(arguments: list[str], said: str) -> None:
    script, *options = arguments
    command = [sys.executable, str(ROOT / "benchmarks" / script), *options]
    ran = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert said in ran.stdout
