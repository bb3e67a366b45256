"""The command line: one function per verb, its signature and docstring are the options and their help."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

from embedding_transfer import __version__
from embedding_transfer.cli.ending import (
    another_has_ended,
    how_it_ended,
    leave_processes,
    say_once,
    stop_behind,
)
from embedding_transfer.cli.verbs import FIRST, VERBS
from embedding_transfer.errors import EmbeddingTransferError, UsageError, nearest, one_line, shown
from embedding_transfer.told_to_end import ends_by_signal

OVERVIEW = """usage: embedding-transfer VERB [options]

Hand the knowledge of a trained embedding network on to another: better, shorter or smaller.

{verbs}

Your own images, one folder per class: check-images, train-source, transfer, evaluate, in this order; or reproduce with
recipes/own-images/, which says whether it is worth it on them.

embedding-transfer VERB --help explains the options of a verb; --version prints the version.
"""


LONGEST = 4000
"""Characters of a message; a name or a value in it may be of any length."""


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what a terminal or a file cannot
            stream.reconfigure(errors="backslashreplace")
    goes_on = "; a training goes on with --resume" if verb in ("train-source", "transfer") else ""
    try:
        if verb not in VERBS:
            raise UsageError(f"no verb {verb!r}{nearest(verb, VERBS)}; there are {', '.join(VERBS)}")
        with warnings.catch_warnings(), ends_by_signal():
            warnings.simplefilter("ignore", FutureWarning)  # what libraries will change is for those who write code
            warnings.showwarning = lambda message, *_: _say(f"note: {message}")
            _run(verb, arguments[1:])
            leave_processes()
    except UsageError as error:
        return _fail(verb, error, 2)
    except (EmbeddingTransferError, OSError) as error:  # a full disk, a folder that may not be written
        return _fail(verb, error, 1)
    except (RuntimeError, SystemError) as error:
        if (stop := stop_behind(error)) is not None:
            how, code = how_it_ended(stop)
            return _fail(verb, f"{how}{goes_on}", code)
        if not (isinstance(error, RuntimeError) and another_has_ended(error)):
            raise
        return _fail(verb, f"another process of this run has ended, and so does this one{goes_on}", 1)
    except KeyboardInterrupt as stop:
        how, code = how_it_ended(stop)
        return _fail(verb, f"{how}{goes_on}", code)
    return 0


def _run(verb: str, arguments: list[str]) -> None:
    if any(word in ("-h", "--help") for word in arguments):
        from embedding_transfer.cli.help import help_of

        return print(help_of(verb, FIRST[verb]), end="")
    if _print_class_help(verb, arguments):
        return None

    from embedding_transfer.cli.arguments import parse

    values = parse(verb, arguments)
    if any(word in ("--print-config", "--print_config") for word in arguments):
        return _print_config(verb, values)

    from embedding_transfer.cli.options import function_of

    function_of(verb)(**values)
    return None


def _print_class_help(verb: str, arguments: list[str]) -> bool:
    """``--loss.help [CLASS]``: whether it was asked for."""
    for place, word in enumerate(arguments):
        option, dot_help, name = word.partition(".help")
        if not option.startswith("--") or not dot_help:
            continue

        from embedding_transfer.cli.class_help import help_of_class, list_of_classes
        from embedding_transfer.cli.options import options_of
        from embedding_transfer.training.config import classes_of

        known = options_of(verb).get(option[2:].replace("-", "_"))
        if known is None or known.class_of is None:
            raise UsageError(f"{option} names no class: there is no {word}")
        following = name.removeprefix("=") or next(iter(arguments[place + 1 :]), "")
        home = classes_of(known.class_of)
        is_name = following and not following.startswith("--")
        print(help_of_class(option, following, home) if is_name else list_of_classes(option, home))
        return True
    return False


def _print_config(verb: str, values: dict[str, Any]) -> None:
    import yaml

    from embedding_transfer.cli.options import options_class_of
    from embedding_transfer.training.config import config_data
    from embedding_transfer.training.options import TrainingOptions

    options_class = options_class_of(verb)
    if options_class is None or not issubclass(options_class, TrainingOptions):
        raise UsageError(f"{verb} has no configuration to print: it trains nothing")
    print(yaml.safe_dump(config_data(options_class.of(values)), sort_keys=False), end="")


def _fail(verb: str, error: object, code: int) -> int:
    command = f"embedding-transfer {verb}" if verb in VERBS else "embedding-transfer"
    if code == 1:  # what one process met alone
        _say(f"{command}: {error}")
    else:
        say_once(shown(one_line(f"{command}: {error}"), LONGEST))
    return code


def _say(message: str) -> None:
    print(shown(one_line(message), LONGEST), file=sys.stderr)
