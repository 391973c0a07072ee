"""Work on several processes: tasks in, results out in any order, progress on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Task = tuple[Any, ...]


class WorkerPool:
    """A pool that always has a few tasks waiting; 0 processes means this one.

    Tasks are the arguments of a function of a module, so that they can travel.
    """

    def __init__(self, pool: ProcessPoolExecutor | None, processes: int) -> None:
        self._pool, self._processes = pool, processes

    def each(self, function: Callable[..., Any], tasks: Iterable[Task]) -> Generator[Any]:
        """The result of every task, as they come; closing the generator drops what waits."""
        if self._pool is None:
            yield from (function(*task) for task in tasks)
            return
        left = iter(tasks)
        running = {self._pool.submit(function, *t) for t in islice(left, 2 * self._processes)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {self._pool.submit(function, *t) for t in islice(left, len(done))}
                yield from (future.result() for future in done)
        finally:
            _cancel(running)


def _cancel(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


@contextmanager
def worker_pool(processes: int) -> Generator[WorkerPool]:
    """A pool of processes with one thread each: more would wait for each other."""
    if processes == 0:
        yield WorkerPool(None, 0)
        return
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        # not forked: a framework that was loaded already would not survive it
        with ProcessPoolExecutor(processes, get_context("spawn"), _one_thread) as pool:
            yield WorkerPool(pool, processes)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _one_thread() -> None:
    """What a worker does first."""
    import importlib.util

    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)


class ProgressLines:
    """Lines on stderr, at most one in so many seconds."""

    def __init__(self, every: float = 5.0) -> None:
        self._every, self._begin, self._last = every, time.monotonic(), 0.0

    @property
    def seconds(self) -> float:
        """Since this was made."""
        return time.monotonic() - self._begin

    def tell(self, text: str, now: bool = False) -> None:
        """Say where things stand."""
        if now or self.seconds - self._last >= self._every:
            self._last = self.seconds
            print(f"[{self.seconds:5.0f} s] {text}", file=sys.stderr, flush=True)
