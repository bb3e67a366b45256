"""The command line: one function per verb, its signature and docstring are the options and their help."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedding_transfer import __version__
from embedding_transfer.errors import EmbeddingTransferError, UsageError, nearest

VERBS = {
    "demo": "train a source on letters, transfer it three ways, show the result (minutes, no data needed)",
    "train-source": "train an embedding network on images with class labels",
    "transfer": "hand the knowledge of a source network on to a target network",
    "reproduce": "run recipes with many methods and seeds; one table, beside the published numbers",
    "evaluate": "measure Recall@K, MAP@R, R-precision or NMI of a network on an image set",
    "convert": "turn a checkpoint of the paper's research code into a network of this package",
    "check-images": "find what is missing, unreadable, odd or there twice in an image set",
}
"""Verb to what it does. ``train-source`` is the function ``train_source`` of the module of that name."""

OVERVIEW = """usage: embedding-transfer VERB [options]

Hand the knowledge of a trained embedding network on to another: better, shorter or smaller.

{verbs}

embedding-transfer VERB --help explains the options of a verb; --version prints the version.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run ``embedding-transfer ARGUMENTS`` and return its exit code: 0 fine, 1 the run failed, 2 wrong usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    verb = arguments[0] if arguments else "--help"
    if verb in ("-h", "--help"):
        print(OVERVIEW.format(verbs="\n".join(f"  {name:<14}{does}" for name, does in VERBS.items())), end="")
        return 0
    if verb == "--version":
        print(__version__)
        return 0
    try:
        if verb not in VERBS:
            raise UsageError(f"no verb {verb!r}{nearest(verb, VERBS)}; there are {', '.join(VERBS)}")
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: print(f"note: {_one_line(message)}", file=sys.stderr)
            function_of(verb)(**parse(verb, arguments[1:]))
    except UsageError as error:
        return _fail(verb, error, 2)
    except (EmbeddingTransferError, OSError) as error:  # a full disk, a folder that may not be written
        return _fail(verb, error, 1)
    except KeyboardInterrupt:
        return _fail(verb, "stopped by the keyboard; a training goes on with --resume", 130)
    return 0


def function_of(verb: str) -> Callable[..., Any]:
    """The function that a verb is."""
    name = verb.replace("-", "_")
    return getattr(importlib.import_module(f"embedding_transfer.verbs.{name}"), name)


def parse(verb: str, arguments: list[str]) -> dict[str, Any]:
    """Keyword arguments of the verb's function, from what was typed after the verb.

    Raises:
        UsageError: If there is no such option, or its value is none that it takes.
    """
    from embedding_transfer.cli.parser import new_parser, normalized, with_first_option, with_overrides

    function = function_of(verb)
    parser = new_parser(verb, function)
    arguments = normalized(parser, verb, with_first_option(function, arguments))
    if "overrides" in inspect.signature(function).parameters:
        arguments = with_overrides(parser, arguments)
    options = parser.parse_args(_with_config_of_resumed_run(arguments)).as_dict()
    return {name: value for name, value in options.items() if name != "config"}


def _with_config_of_resumed_run(arguments: list[str]) -> list[str]:
    """``--resume --output RUN`` alone takes all other options from the run's own configuration."""
    given = dict(argument.split("=", 1) for argument in arguments if re.match(r"--\w+=", argument))
    config = Path(given.get("--output", "")) / "config.yaml"
    if given.get("--resume") != "true" or "--config" in given or "--output" not in given or not config.exists():
        return arguments
    return [f"--config={config}", *arguments]


def _fail(verb: str, error: object, code: int) -> int:
    command = f"embedding-transfer {verb}" if verb in VERBS else "embedding-transfer"
    print(f"{command}: {_one_line(error)}", file=sys.stderr)
    return code


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
