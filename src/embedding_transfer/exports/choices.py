"""Which options of an export go together: found out before a network is read."""

from __future__ import annotations

import re
from pathlib import Path

from embedding_transfer.errors import UsageError

ENDINGS = {"onnx": ".onnx", "torchscript": ".pt", "safetensors": ".safetensors", "hub-folder": ""}
"""What is written is called by its format."""


def check_choices(
    output: Path,
    format: str,
    has_pictures: bool,
    pixels: str,
    quantize: str | None,
    compare: Path | None,
    license: str | None,
    push_to_hub: str | None,
) -> None:
    """Raises UsageError if options of the verb ``export`` do not go together, or the output exists."""
    if format != "hub-folder" and output.suffix != ENDINGS[format]:
        raise UsageError(f"--format {format} writes a file that ends in {ENDINGS[format]}; got --output {output}")
    of_format = {
        "--quantize": (quantize, "onnx"),
        "--compare": (compare, "onnx"),
        "--license": (license, "hub-folder"),
        "--push-to-hub": (push_to_hub, "hub-folder"),
    }
    for option, (value, its_format) in of_format.items():
        if value is not None and format != its_format:
            raise UsageError(f"{option} is for --format {its_format}, not for {format}")
    if format not in ("onnx", "torchscript") and (has_pictures or pixels != "float32"):
        raise UsageError(f"pictures and --pixels are for --format onnx and torchscript, not for {format}")
    if quantize is not None and not has_pictures:
        raise UsageError("8 bits are fitted to pictures: give their folder as --root, or another set as --images")
    if license is not None and not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", license):
        raise UsageError(f"a license is named by a word such as mit or cc-by-4.0; got {license!r}")
    if push_to_hub is not None:
        from embedding_transfer.networks.hub import is_repository  # imports torch

        if not is_repository(push_to_hub):
            raise UsageError(f"a repository of the hub is called OWNER/NAME, such as anna/shoes-64; got {push_to_hub}")
    for path in (output, *beside(output) * (format == "onnx")):
        if path.exists():
            raise UsageError(f"{path} exists already: give another --output")


def beside(output: Path) -> tuple[Path, Path]:
    """The file of 8 bits and the file of numbers beside an ONNX file: ``short.int8.onnx``, ``short.json``."""
    return output.with_suffix(".int8.onnx"), output.with_suffix(".json")
