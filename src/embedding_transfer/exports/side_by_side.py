"""An ONNX file and what stands beside it, its 8-bit version and its source: what each is worth and costs."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from embedding_transfer.exports.choices import beside
from embedding_transfer.exports.int8 import write_int8
from embedding_transfer.exports.latency import latencies
from embedding_transfer.exports.onnx_file import write_onnx
from embedding_transfer.exports.onnx_libraries import onnx_libraries
from embedding_transfer.exports.trial_pictures import trial_views, views_of
from embedding_transfer.files import write_text
from embedding_transfer.images import ImageSplits
from embedding_transfer.networks import load_network
from embedding_transfer.networks.exported_input import ExportedInput, Pixels
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.sources import SourceSettings, open_source
from embedding_transfer.sources.evaluate_sources import evaluate_sources

Row = dict[str, Any]
"""``{"network": "short, int8", "bytes": 1234, "recall@1": 0.71, "ms_batch_1": 2.1, "ms_batch_32": 40.2}``."""


class SideBySide:
    """What was exported, and others to compare it with.

    Args:
        output: The ONNX file, of 32 bits.
        pixels: What it takes.
        images: The training half is for calibration, the test half for Recall@1; ``None``: there are no pictures.
        threads: Of onnxruntime, for latencies.
        batch_size: Pictures at a time, for Recall@1.
        workers: Processes that load pictures.
    """

    def __init__(
        self, output: Path, pixels: Pixels, images: ImageSplits | None, threads: int, batch_size: int, workers: int
    ) -> None:
        self.output, self.pixels, self.images = output, pixels, images
        self.threads, self.batch_size, self.workers = threads, batch_size, workers
        self.rows: list[Row] = []
        self.files: list[Path] = []
        self.calibration: int | None = None
        self.folder = TemporaryDirectory()
        self._add(f"{output.stem}, float32", output)

    def add_int8(self, view: ExportedInput, count: int) -> None:
        """Write ``NAME.int8.onnx``, fitted to ``count`` pictures of the training half.

        Raises:
            InputError: If a picture cannot be read.
            EmbeddingTransferError: If the file cannot be written.
        """
        assert self.images is not None  # the options were checked
        views = views_of(self.images.train, view, count)
        file = beside(self.output)[0]
        write_int8(file, self.output, views)
        self.calibration = len(views)
        self._add(f"{self.output.stem}, int8", file)

    def add_source(self, named: Path) -> None:
        """The network of a run directory or a file, as ONNX of 32 bits; the file is not kept.

        Raises:
            UsageError: If there is no such network.
            InputError: If it, or a picture, cannot be read.
            EmbeddingTransferError: If it cannot be written as ONNX.
        """
        source, file = load_network(named), Path(self.folder.name) / "source.onnx"
        view = ExportedInput(self.pixels, source.image_size, source.crop)
        write_onnx(file, source, self.pixels, trial_views(view, self.images)[0])
        self._add(f"{named.name} (compared), float32", file)

    def _add(self, name: str, file: Path) -> None:
        self.files.append(file)
        self.rows.append({"network": name, "bytes": file.stat().st_size})

    def measured(self) -> tuple[list[Row], dict[str, Any]]:
        """Rows with Recall@1, where there are labels, and latencies; and how they were measured. Kept as ``NAME.json``.

        Raises:
            InputError: If a picture cannot be read.
        """
        test = None if self.images is None else self.images.test
        if test is not None and test.is_labeled:
            sources = [open_source(str(file), SourceSettings()) for file in self.files]
            scored = evaluate_sources(
                sources,
                None,
                test,
                ("recall",),
                (1,),
                "euclidean",
                (),
                self.batch_size,
                self.workers,
                accelerator_on("cpu"),
            )
            for row, scores in zip(self.rows, scored, strict=True):
                row["recall@1"] = scores["recall@1"]
        for row, times in zip(self.rows, latencies(self.files, self.threads), strict=True):
            row |= times
        self.folder.cleanup()
        about = {
            "test": None if test is None else test.summary(),
            "calibration_pictures": self.calibration,
            "threads": self.threads,
            "onnxruntime": onnx_libraries("measuring")[1].__version__,
            "machine": platform.machine(),
        }
        write_text(beside(self.output)[1], json.dumps({**about, "networks": self.rows}, indent=2) + "\n")
        return self.rows, about
