"""Ways not to come back."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads as right

import bptt_check as bc

from .entry import SHORT, expect

LATE = r"took longer than the limit of 0\.2 s for one case"
never = expect("error", LATE, SHORT)


@never
def sleeps_long(case: bc.Case) -> None:
    time.sleep(600)


@never
def loops(case: bc.Case) -> None:
    while True:
        pass


@never
def waits_for_a_lock(case: bc.Case) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def _spin(seconds: float) -> None:
    """Not without end: it would go on through all the cases after it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@never
def joins_a_thread_that_spins(case: bc.Case) -> None:
    thread = threading.Thread(target=_spin, args=(5.0,), daemon=True)
    thread.start()
    thread.join()


@never
def selects(case: bc.Case) -> None:
    one, other = socket.socketpair()
    select.select([one, other], [], [])


@never
def reads_a_pipe_of_its_own(case: bc.Case) -> None:
    reading, _ = os.pipe()
    os.read(reading, 1)


@never
def waits_for_a_program(case: bc.Case) -> None:
    subprocess.run(["sleep", "600"], check=False)


@never
def pauses(case: bc.Case) -> None:
    while True:
        signal.pause()


@never
def catches_everything(case: bc.Case) -> None:
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)


@never
def turns_the_alarm_off(case: bc.Case) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    time.sleep(600)


@never
def handles_the_alarm_itself(case: bc.Case) -> None:
    signal.signal(signal.SIGALRM, lambda *_: None)
    while True:
        time.sleep(0.01)


@never
def blocks_all_signals(case: bc.Case) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(600)


@never
def matches_for_ever(case: bc.Case) -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


@never
def computes_one_number(case: bc.Case) -> None:
    pow(7, 10**9)


@never
def hangs_in_the_end_of_a_with(case: bc.Case) -> None:
    try:
        time.sleep(600)
    finally:
        time.sleep(600)


@never
def hangs_in_an_array(case: bc.Case) -> Any:
    class Slow:
        def __array__(self, *_: Any, **__: Any) -> Any:
            time.sleep(600)

    return right(case)[0], dict.fromkeys(case.params, Slow())


@never
def hangs_in_a_loss(case: bc.Case) -> Any:
    class Slow:
        def __float__(self) -> float:
            time.sleep(600)
            return 0.0

        __index__ = __array__ = __float__

    return Slow(), right(case)[1]


@never
def holds_the_interpreter(case: bc.Case) -> None:
    sys.setswitchinterval(1e6)
    sum(iter(lambda: 1, 0))


@never
def waits_for_its_parent(case: bc.Case) -> None:
    while os.getppid() > 1:
        time.sleep(0.01)


@expect("pass")
def reads_an_empty_input(case: bc.Case) -> None:
    assert os.read(0, 1) == b""
    assert sys.stdin.readline() == ""


@expect("pass")
def comes_back_with_a_thread_that_spins(case: bc.Case) -> None:
    threading.Thread(target=_spin, args=(0.3,)).start()


@expect("pass")
def comes_back_with_a_thread_that_never_ends(case: bc.Case) -> None:
    threading.Thread(target=threading.Event().wait).start()


@expect("pass")
def sleeps_a_little(case: bc.Case) -> None:
    np.linalg.inv(np.eye(3))
    time.sleep(0.01)
