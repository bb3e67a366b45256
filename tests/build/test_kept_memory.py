"""Freed memory is used again: the system's own count of the pages that it had to make."""

import multiprocessing
import platform
import resource

import pytest
import torch

from embedding_transfer.retrieval.device import accelerator_on

MEGABYTES = 64
PAGES = MEGABYTES * 2**20 // resource.getpagesize()


def new_pages_of_ten_blocks(computes: bool) -> int:
    """How many pages the system makes while a block of memory is made, filled and freed ten times."""
    if computes:
        accelerator_on("cpu")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(MEGABYTES * 2**20, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library is left as it is")
@pytest.mark.parametrize("computes", [True, False])
def test_memory_is_used_again_once_a_process_computes(computes: bool) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pages = pool.apply(new_pages_of_ten_blocks, (computes,))
    assert pages < 2 * PAGES if computes else pages > 9 * PAGES
