"""Run by torchrun: a source and a target in one script, OPTIONS as JSON, in OUT (see test_two_processes)."""

import json
import sys

from embedding_transfer import train_source, transfer


def main(options: str, out: str) -> None:
    given = json.loads(options)
    train_source(backbone="convnet-4", embedding_dim=8, output=f"{out}/source", **given)
    result = transfer(f"{out}/source", embedding_dim=4, output=f"{out}/target", **given)
    print(result.best["recall@1"])


if __name__ == "__main__":
    main(*sys.argv[1:])
