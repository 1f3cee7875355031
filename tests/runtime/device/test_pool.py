"""Idle buffers: reused, bounded in bytes, safe wherever the garbage collector gives one back."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from converter.runtime import Session
from converter.runtime.arrays.places import CUDA, Place
from converter.runtime.device.memory import Buffer, OrtMemory
from converter.runtime.device.pool import Lease, Pool
from converter.runtime.device.streams import Order

KIB = 1024
S, T = 0x51, 0x52  # streams


class Counting(OrtMemory):
    """Memory that counts its allocations."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def allocate(self, nbytes: int) -> Buffer:
        self.sizes.append(nbytes)
        return super().allocate(nbytes)


class CountingCuda(Counting):
    """The same, as if it were a CUDA device's."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place(CUDA, 0)


@pytest.fixture
def pool_of(cpu: Callable[..., Session]) -> Callable[..., tuple[Pool, Any]]:
    """Make a pool, and return it with its memory."""
    raw = cpu("g (float[n] x) => (float[n] y) { y = Neg(x) }")._opened.raw

    def make(limit: int, memory: Any = None) -> tuple[Pool, Any]:
        memory = memory or Counting()
        return Pool(Order(memory, raw, {}, is_whole=True), limit), memory

    return make


def collect(pool: Pool) -> None:
    """What a call does first where no stream is known."""
    pool.collect()
    pool._order.drain()


def test_a_buffer_is_used_again_when_its_lease_is_gone(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, memory = pool_of(100 * KIB)
    first = pool.take(KIB)
    second = pool.take(KIB)
    assert first.buffer.pointer != second.buffer.pointer
    pointer = first.buffer.pointer
    del first
    collect(pool)
    third = pool.take(KIB)
    assert third.buffer.pointer == pointer
    assert memory.sizes == [KIB, KIB]
    assert pool.take(0).buffer.nbytes == 1


def test_the_least_recently_used_sizes_are_freed_beyond_the_bound(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, memory = pool_of(8 * KIB)
    leases = [pool.take(3 * KIB), pool.take(2 * KIB), pool.take(KIB)]
    while leases:
        leases.pop(0)  # goes back; idle, a buffer costs 1 KiB more: 4 + 3 + 2
    collect(pool)
    assert pool.idle_bytes == 5 * KIB
    memory.sizes.clear()
    kept = [pool.take(KIB), pool.take(2 * KIB), pool.take(3 * KIB)]
    assert memory.sizes == [3 * KIB]
    assert len(kept) == 3


def test_a_million_scalars_are_bounded_too(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, _ = pool_of(64 * KIB)
    leases = [pool.take(4) for _ in range(1000)]
    leases.clear()
    collect(pool)
    assert 0 < pool.idle_bytes <= 64 * KIB


def test_a_lease_given_back_while_the_pool_is_locked_waits_for_nobody(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, _ = pool_of(64 * KIB)
    lease = pool.take(KIB)
    with pool._lock:
        del lease
        gc.collect()
        assert pool.idle_bytes == 0
    collect(pool)
    assert pool.idle_bytes == 2 * KIB


def test_a_buffer_stays_in_the_order_of_its_stream(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, memory = pool_of(64 * KIB, CountingCuda())
    pointer = pool.take(KIB, S).buffer.pointer
    assert pool.take(KIB, S).buffer.pointer != pointer  # it is not known to be back before it was collected
    pool.collect()
    memory.sizes.clear()
    assert pool.take(KIB, T).buffer.pointer != pointer
    assert pool.take(KIB).buffer.pointer != pointer
    assert memory.sizes == [KIB, KIB]
    assert pool.take(KIB, S).buffer.pointer == pointer


def test_a_drained_buffer_is_anyones(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    for first, then in ((S, T), (S, None), (None, S), (None, None)):
        pool, _ = pool_of(64 * KIB, CountingCuda())
        pointer = pool.take(KIB, first).buffer.pointer
        pool._order.drain()  # before it was seen to be back: that does not count
        pool.collect()
        assert pool.take(KIB, then).buffer.pointer != pointer
        collect(pool)
        leases = [pool.take(KIB, then), pool.take(KIB, then)]
        assert pointer in {lease.buffer.pointer for lease in leases}


def test_what_is_freed_waits_for_the_device(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, _ = pool_of(4 * KIB, CountingCuda())
    order = pool._order
    leases = [pool.take(3 * KIB, S), pool.take(2 * KIB, S)]
    leases.clear()
    pool.collect()
    assert [buffer.nbytes for buffer in order._buried] == [2 * KIB]
    del pool
    gc.collect()
    assert [buffer.nbytes for buffer in order._buried] == [2 * KIB, 3 * KIB]


def test_threads_never_share_a_buffer(pool_of: Callable[..., tuple[Pool, Any]]) -> None:
    pool, _ = pool_of(16 * KIB)
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
                collect(pool)
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
    collect(pool)
    assert pool.idle_bytes <= 16 * KIB
