"""What runs in processes of their own stands beside the tests and is imported by its name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
