"""Report: one page about one run, or about several side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import UsageError


@in_range
def report(
    runs: tuple[Path, ...],
    output: Path | None = None,
    root: Path | None = None,
    terminal: bool = False,
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
) -> Path | None:
    """Show what was handed on to what, what it is worth, what it costs and what it finds, on one page.

    The page is one file that needs nothing else. It compares sources, the principal components of their vectors,
    starts and targets: Recall@K, MAP@R, bytes, parameters, FLOPs, time; curves; queries with what source and target
    find for them; a map of the test vectors. Runs that differ in their seeds alone are one row with mean and spread.

    Args:
        runs: Run directories, finished or not.
        output: Page to write; default: ``report.html`` in the run directory, for several runs in the current one.
        root: Where the pictures are now; default: where they were in training.
        terminal: Show the numbers here, without pictures and a page.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``; ``mps`` is Apple's
            GPU, on which this was never tried.

    Returns:
        The path of the page; ``None`` for the terminal.

    Raises:
        UsageError: If there is no run.
        InputError: If the numbers of a run cannot be read.

    Example::

        report((Path("runs/short"), Path("runs/small")), output=Path("both.html"))
    """
    from embedding_transfer.training.run_record import read_runs  # imports torch

    if not runs:
        raise UsageError("give the directory of a run, or several")
    folders = [Path(run) for run in runs]
    records = read_runs(folders)
    if terminal:
        from embedding_transfer.report.runs.terminal import show_runs

        show_runs(records)
        return None

    from embedding_transfer.report.runs.write import write_measured_page
    from embedding_transfer.retrieval.device import accelerator_on

    page = Path(output) if output else (folders[0] if len(folders) == 1 else Path()) / "report.html"
    accelerator = accelerator_on(device)
    write_measured_page(page, records, root, accelerator)
    print(f"report: {page}")
    return page
