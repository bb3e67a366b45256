"""Modules by the names they had before the package got rooms: they still import, and say where they are now."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGE = "embedding_transfer"
MOVED = {
    "angles": "relations.angles",
    "distance_rows": "relations.distance_rows",
    "embedding": "retrieval.embed",
    "evaluation": "retrieval.evaluation",
    "exceptions": "errors",
    "gather": "training.gather",
    "loading": "images.loading",
    "networks.published": "networks.released_checkpoints",
    "objective": "training.objective",
    "optimization": "training.optimization",
    "options": "training.options",
    "prepare": "training.prepare",
    "principal_components": "sources.principal_components",
    "published": "grid.published",
    "run_directory": "training.run_directory",
    "scores": "retrieval.scores",
    "start": "sources.start",
    "views": "images.views",
}
"""Old module to new one, both below the package."""

RENAMED = {"nearest_neighbours": "nearest_neighbors"}
"""Old public name to new one."""


class OldNames(MetaPathFinder, Loader):
    """Finds a module of :data:`MOVED` where nothing else has found it: a stand-in with what the new module has."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, old = fullname.partition(".")
        return ModuleSpec(fullname, self) if package == PACKAGE and old in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        new = importlib.import_module(f"{PACKAGE}.{MOVED[module.__name__.partition('.')[2]]}")
        warnings.warn(f"{module.__name__} is now {new.__name__}", DeprecationWarning, stacklevel=2)
        vars(module).update({name: value for name, value in vars(new).items() if not name.startswith("__")})
