"""``python -m embedding_transfer`` is the command ``embedding-transfer``; torchrun needs it."""

import sys

from embedding_transfer.cli import main

sys.exit(main())
