"""The help of a verb: its options under headings, as people type them."""

from __future__ import annotations

import inspect
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from embedding_transfer.build.ranges import range_of
from embedding_transfer.build.values import members_of
from embedding_transfer.cli.headings import by_heading
from embedding_transfer.cli.options import MISSING, Option, function_of, options_of
from embedding_transfer.cli.verbs import EXAMPLES, SEVERAL

METAVARS = {int: "N", float: "X", str: "NAME", Path: "PATH", bool: "[true|false]"}


def help_of(verb: str, first: tuple[str, ...]) -> str:
    """The whole help text.

    Args:
        verb: Which.
        first: The options that may be given first, without their names.
    """
    options = options_of(verb)
    summary = (inspect.getdoc(function_of(verb)) or "").splitlines()[0]
    parser = ArgumentParser(
        prog=f"embedding-transfer {verb}",
        usage=usage_of(verb, first),
        description=summary,
        formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, max_help_position=26, width=100),
        add_help=False,
        epilog=_epilog(verb, options, first),
    )
    for heading, names in by_heading(verb, options).items():
        group = parser.add_argument_group(heading)
        for name in names:
            option = options[name]
            text = (option.help + _default(option)).replace("%", "%%")
            group.add_argument(f"--{dashed(name)}", metavar=metavar(option), help=text, default=SUPPRESS)
    general = parser.add_argument_group("general")
    general.add_argument("--config", metavar="FILE", help="YAML file with options; options typed beside it win.")
    general.add_argument("--print-config", action="store_true", help="Print all options as such a file, and stop.")
    general.add_argument("--help", action="store_true", help="Show this.")
    return parser.format_help()


def usage_of(verb: str, first: tuple[str, ...]) -> str:
    """How the verb is called, what is required included."""
    options = options_of(verb)
    many = {SEVERAL.get(verb), *(name for name in first[-1:] if options[name].takes_many)}
    shown = [f"{name.upper()}{' ...' if name in many else ''}" for name in first]
    words = [word if options[name].default is MISSING else f"[{word}]" for name, word in zip(first, shown, strict=True)]
    named = [name for name, option in options.items() if option.default is MISSING and name not in first]
    required = [f"--{dashed(name)} {metavar(options[name])}" for name in named]
    return " ".join([f"embedding-transfer {verb}", *words, *required, "[options]"])


def metavar(option: Option) -> str:
    """What stands for the value of an option."""
    if option.class_of is not None:
        return "CLASS"
    words: list[str] = []
    for kind in members_of(option.annotation):
        if get_origin(kind) is Literal:
            words += get_args(kind)
        elif get_origin(kind) is tuple:
            words.append(f"{METAVARS[get_args(kind)[0]]},...")
        elif kind is not type(None):
            words.append(METAVARS.get(kind, "NAME"))
    return "|".join(dict.fromkeys(word for word in words if f"{word},..." not in words))


def _default(option: Option) -> str:
    """In parentheses what is known of the value: the default, unless the sentence says it, and the range of numbers."""
    known = []
    if option.default is MISSING:
        known.append("required")
    elif option.default not in (None, ()):
        known.append(f"default: {_as_typed(option.default)}")
    elif "default:" not in option.help:
        known.append("default: null" if "null:" in option.help else "default: none")
    allowed = range_of(option.annotation)
    known += [] if allowed is None else [str(allowed)]
    return f" ({'; '.join(known)})" if known else ""


def _as_typed(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _epilog(verb: str, options: dict[str, Option], first: tuple[str, ...]) -> str:
    lines = []
    if first:
        typed = " ".join(name.upper() for name in first)
        lines.append(f"{typed} may be given first, without --{' and --'.join(map(dashed, first))}.")
    for name, option in options.items():
        if option.class_of is not None:
            lines.append(f"--{dashed(name)}.help lists the classes, --{dashed(name)}.help CLASS their arguments;")
            lines.append(f"an argument is given as --{dashed(name)}.NAME VALUE.")
            break
    return "\n".join([*lines, "", f"example: {EXAMPLES[verb]}"])


def dashed(name: str) -> str:
    """An option as people type it."""
    return name.replace("_", "-")
