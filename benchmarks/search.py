"""Exact search against the plain chunked way and faiss's flat index, in one table; then how time grows with n.

    python benchmarks/search.py                     one thread of the CPU, float32; about two minutes
    python benchmarks/search.py --large             also 60,502 x 512 with K to 1,000, in a process of its own; minutes
    python benchmarks/search.py --device cuda       the same on a GPU, without faiss

Times are the best of several runs in turns, so that all sides meet the same machine: seconds of one core on a CPU,
seconds of the clock on a GPU. "plain" is the usual way: products in float32, a thousand queries at a time, topk, the
first neighbor dropped as the query itself, and for Recall@K a Python loop over queries and K. faiss is measured where
it is installed (pip install faiss-cpu) and also asked for one more. "rate" is the share of this machine's own speed
at products of large float32 matrices that the one product which a search cannot do without reaches.
"""

import argparse
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from embedding_transfer.retrieval import nearest_neighbors, recall_at_k

KS = (1, 2, 4, 8)


def embeddings(n: int, d: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Unit vectors (n, d) in classes of five, as far apart as in a trained space, and their labels (n,)."""
    torch.manual_seed(0)
    labels = torch.arange(n) // 5
    centers = torch.randn(int(labels[-1]) + 1, d)
    return F.normalize(centers[labels] + torch.randn(n, d)).to(device), labels.to(device)


def plain_neighbors(rows: Tensor, k: int) -> Tensor:
    """Of unit vectors: no ties, no duplicates, no double precision."""
    found = [(chunk @ rows.T).topk(k + 1, dim=1).indices[:, 1:] for chunk in rows.split(1000)]
    return torch.cat(found)


def plain_recall(rows: Tensor, labels: Tensor) -> dict[int, float]:
    found = labels[plain_neighbors(rows, max(KS))].cpu()
    own = labels.cpu()
    recalls = {}
    for k in KS:
        hits = 0
        for label, neighbors in zip(own, found, strict=True):
            if label in neighbors[:k]:
                hits += 1
        recalls[k] = hits / len(own)
    return recalls


def faiss_search(rows: Tensor, k: int) -> Callable[[], object] | None:
    """A search by faiss's flat index, its building included; ``None`` where it is not installed."""
    try:
        import faiss
    except ImportError:
        return None
    faiss.omp_set_num_threads(1)
    array = rows.numpy()

    def search() -> object:
        index = faiss.IndexFlatL2(array.shape[1])
        index.add(array)
        return index.search(array, k + 1)

    return search


def best_times(steps: dict[str, Callable[[], object]], device: torch.device, rounds: int) -> dict[str, float]:
    """The best time of each step, one after the other in every round."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(rounds):
        for name, step in steps.items():
            start = clock()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            best[name] = min(best[name], clock() - start)
    return best


def matrix_rate(device: torch.device) -> float:
    """Operations per second in a product of large float32 matrices."""
    a, b = torch.randn(2, 2048, 2048, device=device)
    return 2 * 2048**3 / best_times({"product": lambda: torch.mm(a, b)}, device, rounds=8)["product"]


def compare(n: int, d: int, device: torch.device, per_second: float, rounds: int) -> None:
    rows, labels = embeddings(n, d, device)
    k = max(KS)
    ours, plain = recall_at_k(rows, labels, KS), plain_recall(rows, labels)
    assert all(abs(ours[k] - plain[k]) < 1e-3 for k in KS), (ours, plain)
    steps: dict[str, Callable[[], object]] = {
        "ours": lambda: nearest_neighbors(rows, k),
        "plain": lambda: plain_neighbors(rows, k),
        "our recall": lambda: recall_at_k(rows, labels, KS),
        "plain recall": lambda: plain_recall(rows, labels),
    }
    faiss = faiss_search(rows, k) if device.type == "cpu" else None
    if faiss:
        steps["faiss"] = faiss
    best = best_times(steps, device, rounds)
    theirs = f"{best['faiss']:.2f} s | {best['ours'] / best['faiss']:.2f}x faiss" if faiss else "not installed | -"
    rate = 2 * n * n * d / per_second
    print("| what | size | plain | ours | plain / ours | faiss flat | ours in faiss's time | rate |")
    print("|---|---|---|---|---|---|---|---|")
    for what, name, end in (("neighbors", "", theirs), ("Recall@1, 2, 4, 8", " recall", "- | -")):
        mine, usual = best["our recall" if name else "ours"], best[f"plain{name}"]
        share = f"{rate / mine:.0%}"
        print(
            f"| {what} | {n:,} x {d}, K to {k} | {usual:.2f} s | {mine:.2f} s | {usual / mine:.1f}x | {end} | {share} |"
        )


def growth(d: int, device: torch.device, rounds: int) -> None:
    print("\n| n | seconds | times n^2 of the row before |\n|---|---|---|")
    before = (0, 1.0)
    for n in (3295, 6590, 13180, 26360):
        rows, _ = embeddings(n, d, device)
        seconds = best_times({"ours": lambda rows=rows: nearest_neighbors(rows, max(KS))}, device, rounds)["ours"]  # type: ignore[misc]
        power = math.log(seconds / before[1]) / math.log(n / before[0]) if before[0] else math.nan
        print(f"| {n:,} | {seconds:.3f} | {'-' if math.isnan(power) else f'grows as n^{power:.2f}'} |", flush=True)
        before = (n, seconds)


def large(device: torch.device) -> None:
    """60,502 x 512, K to 1,000: the test half of Stanford Online Products."""
    rows, labels = embeddings(60_502, 512, device)
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    start = clock()
    recall_at_k(rows, labels, (1, 10, 100, 1000))
    seconds = clock() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # torch itself included
    share = 2 * 60_502**2 * 512 / matrix_rate(device) / seconds
    print(f"\n60,502 x 512, K to 1,000: {seconds:.0f} s, {share:.0%} of the matrix rate, {peak:.2f} GiB at most in all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="60,502 x 512, K to 1,000, too")
    parser.add_argument("--large-alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.large_alone:
        large(options.device)
        return
    per_second = matrix_rate(options.device)
    print(
        f"{options.device}, torch {torch.__version__}: {per_second / 1e9:.0f} Gflop/s in products of large matrices\n"
    )
    compare(13_180, 128, options.device, per_second, options.rounds)
    growth(128, options.device, options.rounds)
    if options.large:
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, "--device", str(options.device), "--large-alone"], check=True)


if __name__ == "__main__":
    main()
