"""The pages of the reference: one for each room, made from what the room and the package export.

Nothing is listed by hand: a new public name is on its page when ``__all__`` names it.
"""

from pathlib import Path

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PACKAGE = "embedding_transfer"
SOURCE = Path(__file__).parents[1] / "src"
INNER = ("cli", "build")
"""Rooms that export nothing for users."""
OPTIONS = {
    "training": [
        "training.options.TrainingOptions",
        "training.source_options.SourceOptions",
        "training.transfer_options.TransferOptions",
    ],
    "vectors": ["vectors.options.CompressOptions"],
}
"""What verbs with many options say of them; no ``__all__`` names these classes."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages."""
    for room, (text, names) in rooms().items():
        title = room.replace("_", " ").capitalize()
        content = f"# {title}\n\n{text}\n\n" + "\n".join(f"::: {PACKAGE}.{name}\n" for name in names)
        files.append(File.generated(config, f"reference/{room}.md", content=content))
    return files


def rooms() -> dict[str, tuple[str, list[str]]]:
    """For each room that exports something: what its docstring says, and the names below ``embedding_transfer``.

    A name that the package itself exports is called so, ``transfer``; others by their room, ``losses.RKDLoss``.
    """
    package = griffe.load(PACKAGE, search_paths=[SOURCE])
    public: dict[str, dict[str, str]] = {}
    for name in package.exports or []:
        member = package[str(name)]
        if isinstance(member, griffe.Alias):  # else a room itself
            home = member.target_path.split(".")[1:]
            public.setdefault(home[0], {})[str(name)] = str(name)
    for room, module in package.modules.items():
        for name in [] if room in INNER else module.exports or []:
            public.setdefault(room, {}).setdefault(str(name), f"{room}.{name}")
    found = {}
    for room, names in public.items():
        docstring = package[room].docstring
        listed = sorted(names.values(), key=lambda name: name.split(".")[-1].lower())
        found[room] = (docstring.value if docstring else "", [*listed, *OPTIONS.get(room, [])])
    return found
