"""Hostile inputs by kind: each function makes one from a generator in a folder, and hands over what reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hostile_files import checkpoint, network, run_directory, vectors
from hostile_images import folder_of_images, picture, table
from hostile_options import configuration, option_in_python, typed_option
from kept import Reads, Rng
from whole_calls import whole_call

KINDS: dict[str, Callable[[Rng, Path], Reads]] = {
    "picture": picture,
    "folder": folder_of_images,
    "network": network,
    "checkpoint": checkpoint,
    "table": table,
    "configuration": configuration,
    "typed option": typed_option,
    "option in Python": option_in_python,
    "vectors": vectors,
    "run directory": run_directory,
    "whole call": whole_call,
}
"""Kind to what makes an input of it."""
