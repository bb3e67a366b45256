"""The house: rooms in their order, each importing from rooms below it alone (docs/architecture.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src/embedding_transfer"
ROOMS = (
    "cli",
    "verbs",
    "grid",
    "training",
    "report",
    "exports",
    "vectors",
    "sources",
    "retrieval",
    "metric_losses",
    "losses",
    "relations",
    "networks",
    "images",
    "build",
    "files",
    "told_to_end",
    "errors",
)
"""From the top down. ``files``, ``told_to_end`` and ``errors`` are single modules."""
FILES = sorted(file for file in PACKAGE.rglob("*.py") if file.parent != PACKAGE or file.stem in ROOMS)


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(file: Path) -> Iterator[str]:
    """Rooms of the package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, *rest = name.split(".")
            if package == "embedding_transfer" and rest and not rest[0].startswith("__"):
                yield rest[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_from_rooms_below_it(file: Path) -> None:
    order = {room: number for number, room in enumerate(ROOMS)}
    own = room_of(file)
    upwards = sorted(room for room in imported_rooms(file) if order[room] < order[own])
    assert not upwards, f"{own} imports from {upwards}"


def test_every_folder_is_a_room_that_a_sentence_explains() -> None:
    folders = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert folders <= set(ROOMS)
    for folder in folders:
        sentence = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text()))
        assert sentence, folder


def test_the_root_holds_few_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def test_no_file_is_long() -> None:
    long = {str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py") if len(file.read_text().split("\n")) > 251}
    assert not long
