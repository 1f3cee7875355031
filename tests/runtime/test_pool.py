"""Idle buffers: reused, bounded in bytes, safe wherever the garbage collector gives one back."""

from __future__ import annotations

import gc
import threading

import numpy as np

from converter.runtime.memory import Buffer, OrtMemory
from converter.runtime.pool import Lease, Pool

KIB = 1024


class Counting(OrtMemory):
    """Memory that counts its allocations."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def allocate(self, nbytes: int) -> Buffer:
        self.sizes.append(nbytes)
        return super().allocate(nbytes)


def test_a_buffer_is_used_again_when_its_lease_is_gone() -> None:
    memory = Counting()
    pool = Pool(memory, 100 * KIB)
    first = pool.take(KIB)
    second = pool.take(KIB)
    assert first.buffer.pointer != second.buffer.pointer
    pointer = first.buffer.pointer
    del first
    third = pool.take(KIB)
    assert third.buffer.pointer == pointer
    assert memory.sizes == [KIB, KIB]
    assert pool.take(0).buffer.nbytes == 1


def test_the_least_recently_used_sizes_are_freed_beyond_the_bound() -> None:
    memory = Counting()
    pool = Pool(memory, 8 * KIB)
    leases = [pool.take(3 * KIB), pool.take(2 * KIB), pool.take(KIB)]
    while leases:
        leases.pop(0)  # goes back; idle, a buffer costs 1 KiB more: 4 + 3 + 2
    assert pool.idle_bytes == 5 * KIB
    memory.sizes.clear()
    kept = [pool.take(KIB), pool.take(2 * KIB), pool.take(3 * KIB)]
    assert memory.sizes == [3 * KIB]
    assert len(kept) == 3


def test_a_million_scalars_are_bounded_too() -> None:
    pool = Pool(OrtMemory(), 64 * KIB)
    leases = [pool.take(4) for _ in range(1000)]
    leases.clear()
    assert 0 < pool.idle_bytes <= 64 * KIB


def test_a_lease_given_back_while_the_pool_is_locked_waits_for_nobody() -> None:
    pool = Pool(OrtMemory(), 64 * KIB)
    lease = pool.take(KIB)
    with pool._lock:
        del lease
        gc.collect()
        assert pool.idle_bytes == 0
    assert pool.take(2 * KIB).buffer.nbytes == 2 * KIB
    assert pool.idle_bytes >= 2 * KIB


def test_threads_never_share_a_buffer() -> None:
    pool = Pool(OrtMemory(), 16 * KIB)
    held: set[int] = set()
    lock, faults = threading.Lock(), []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        mine: list[Lease] = []
        for _ in range(1500):
            if mine and rng.random() < 0.5:
                lease = mine.pop(int(rng.integers(len(mine))))
                with lock:
                    held.discard(lease.buffer.pointer)
                del lease
            else:
                lease = pool.take(int(rng.choice([64, KIB, 4 * KIB])))
                with lock:
                    if lease.buffer.pointer in held:
                        faults.append(lease.buffer)
                    held.add(lease.buffer.pointer)
                mine.append(lease)
        with lock:
            held.difference_update(lease.buffer.pointer for lease in mine)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert pool.idle_bytes <= 16 * KIB
