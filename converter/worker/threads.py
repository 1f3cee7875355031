"""How many threads a framework computes with: told to a worker before it starts, and read from the libraries that it has loaded."""

from __future__ import annotations

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
"""Environment variables that OpenMP (torch, LightGBM, scikit-learn), OpenBLAS, MKL and TensorFlow read when they start."""


def environment(threads: int | None) -> dict[str, str]:
    """Return the variables that bound a process to so many threads; none where `threads` is None."""
    return dict.fromkeys(VARIABLES, str(threads)) if threads is not None else {}


def thread_pools() -> dict[str, int]:
    """Return the threads of each kind of pool in this process, `{"openmp": 2, "openblas": 2}`; empty where threadpoolctl is not installed."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {}
    pools: dict[str, int] = {}
    for pool in threadpool_info():
        kind = str(pool["internal_api"])
        pools[kind] = max(pools.get(kind, 0), int(pool["num_threads"]))
    return pools
