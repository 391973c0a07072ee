"""Subjects that do to their process what real code does; each is right on every other case.

The seed of a case says which misbehaviour it gets: its place in `MISBEHAVIOURS`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads as right

import bptt_check as bc

Answer = tuple[float, dict[str, Any]]


def raises(case: bc.Case) -> Answer:
    raise ValueError("no good")


def segfaults(case: bc.Case) -> Answer:
    ctypes.string_at(0)
    return right(case)


def aborts(case: bc.Case) -> Answer:
    os.abort()


def exits(case: bc.Case) -> Answer:
    sys.exit(0)


def exits_at_once(case: bc.Case) -> Answer:
    os._exit(3)


def interrupts(case: bc.Case) -> Answer:
    raise KeyboardInterrupt


def prints(case: bc.Case) -> Answer:
    print("garbage from Python")
    os.write(1, b"garbage from a descriptor\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"garbage from C")
    libc.fflush(None)
    return right(case)


def reads(case: bc.Case) -> Answer:
    assert sys.stdin.read() == ""
    return right(case)


def babbles(case: bc.Case) -> Answer:
    """Writes into every descriptor there is, that of the worker's replies among them."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"all work and no play makes a dull descriptor")
        except OSError:
            continue
    return right(case)


def sleeps(case: bc.Case) -> Answer:
    while True:
        time.sleep(0.01)


def hangs(case: bc.Case) -> Answer:
    """Waits in C for a lock that is never released, and holds the interpreter meanwhile."""
    lock = ctypes.create_string_buffer(128)
    libc = ctypes.PyDLL(None)
    libc.pthread_mutex_lock(lock)
    libc.pthread_mutex_lock(lock)
    return right(case)


def is_deaf(case: bc.Case) -> Answer:
    """Takes no signal that can be ignored, and no exception."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(0.01)


def eats(case: bc.Case) -> Answer:
    """Up to 2 GB, should nothing stop it."""
    held = [np.ones(500_000) for _ in range(500)]
    time.sleep(60)
    return right(case)[0], {"held": held}


def writes(case: bc.Case) -> Answer:
    found = right(case)
    case.params["b_y"][0] += 1.0
    return found


def counts(case: bc.Case) -> Answer:
    loss, grads = right(case)
    return loss, {**grads, "b_y": grads["b_y"] + time.monotonic_ns() % 1000}


def returns_none(case: bc.Case) -> Any:
    return None


def returns_nan(case: bc.Case) -> Answer:
    loss, grads = right(case)
    return loss, {**grads, "b_y": np.full_like(grads["b_y"], np.nan)}


def returns_wrong_shape(case: bc.Case) -> Answer:
    loss, grads = right(case)
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"][0]}


def returns_too_little(case: bc.Case) -> Answer:
    loss, grads = right(case)
    return loss, {n: g for n, g in grads.items() if n != "b_y"}


def returns_too_much(case: bc.Case) -> Answer:
    loss, grads = right(case)
    return loss, {**grads, "b_z": grads["b_y"]}


def returns_objects(case: bc.Case) -> Any:
    return bc.Result(*right(case), outputs={"y": object()})


def forks(case: bc.Case) -> Answer:
    """Both processes come back and answer."""
    os.fork()
    return right(case)


def leaves_a_child(case: bc.Case) -> bc.Result:
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    return bc.Result(*right(case), outputs={"pid": np.array(child)})


def tells_its_pid(case: bc.Case) -> bc.Result:
    return bc.Result(*right(case), outputs={"pid": np.array(os.getpid())})


MISBEHAVIOURS: tuple[Callable[[bc.Case], Any], ...] = (
    raises, segfaults, aborts, exits, exits_at_once, interrupts, prints, reads, babbles, sleeps,
    hangs, is_deaf, eats, writes, counts, returns_none, returns_nan, returns_wrong_shape,
    returns_too_little, returns_too_much, returns_objects, forks, leaves_a_child, tells_its_pid,
)  # fmt: skip


def by_seed(case: bc.Case) -> Any:
    """Misbehaves as the seed says; right from 1000 on, and on arrays of nobody's."""
    seed = 1000 if case.spec is None else case.spec.seed
    return right(case) if seed >= 1000 else MISBEHAVIOURS[seed](case)


def dies_on_lstm(case: bc.Case) -> Answer:
    """Every LSTM ends the process, everything else is right."""
    if case.model.cell == "lstm":
        os._exit(5)
    return right(case)


def dies_where_long(case: bc.Case) -> Answer:
    """Three steps and more end the process."""
    if case.sizes.T >= 3:
        os.abort()
    return right(case)


def with_training(case: bc.Case) -> Answer:
    """Right, and updates wrongly."""
    return right(case)


with_training.update = lambda params, grads, rate: {
    n: p + rate * grads[n] for n, p in params.items()
}


def with_targets(case: bc.Case) -> Answer:
    """Says what to check it with."""
    return right(case)


with_targets.targets = ["gru+truncated", "lstm"]


def with_bad_supports(case: bc.Case) -> Answer:
    """Cannot say what it supports."""
    return right(case)


with_bad_supports.supports = lambda model: 1 / 0


CALLS: list[int] = []


def counts_its_calls(case: bc.Case) -> bc.Result:
    """Right, and tells how often it was called."""
    CALLS.append(1)
    return bc.Result(*right(case), outputs={"calls": np.array(len(CALLS))})


def is_wrong_in_the_third_call(case: bc.Case) -> Answer:
    """Right in the two before, and in those after."""
    CALLS.append(1)
    loss, grads = right(case)
    return loss, {n: -g if len(CALLS) == 3 else g for n, g in grads.items()}


def dies_on_other_targets(case: bc.Case) -> Answer:
    """Ends the process where the targets are not those of a spec, and x is."""
    known = bc.Spec.parse("lstm T=2 B=1 D=2 H=2 O=2").build()
    if np.array_equal(case.x, known.x) and not np.array_equal(case.targets, known.targets):
        os._exit(5)
    return right(case)


def picky(case: bc.Case) -> Answer:
    """Declines in both ways."""
    raise bc.Unsupported("not with lengths")


picky.supports = lambda model: model.cell == "gru"


class _WithTrainingStep:
    """A right subject with one more function."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        vars(self).update(functions)

    def __call__(self, case: bc.Case) -> Answer:
        return right(case)


def _hanging_clip(grads: dict[str, Any], max_norm: float) -> dict[str, Any]:
    time.sleep(60)
    return grads


def _deadly_update(*_: Any) -> dict[str, Any]:
    os._exit(3)


with_hanging_clip = _WithTrainingStep(clip=_hanging_clip)
with_deadly_update = _WithTrainingStep(update=_deadly_update)
