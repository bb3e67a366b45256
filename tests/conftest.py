"""Settings of every test: few threads (two tests run side by side), no surprises from the outside."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
sys.path.insert(0, str(Path(__file__).parent / "golden"))

import torch  # noqa: E402

torch.set_num_threads(1)
