"""Damage to its own process: what is wrong there afterwards must not be wrong in the next case."""

from __future__ import annotations

import builtins
import faulthandler
import gc
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from typing import Any, NoReturn

import numpy as np
from bptt_reference import loss_and_grads as right

import bptt_check as bc

from .changed import Broken
from .entry import expect

ANY = "(pass|error|contract)"


def _no(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError("not any more")


@expect("contract", r"b_y was written to")
def puts_a_broken_object_into_its_inputs(case: bc.Case) -> Any:
    answer = right(case)
    case.params["b_y"] = Broken()
    return answer


@expect("contract", r"W_hy was written to")
def deletes_its_inputs(case: bc.Case) -> Any:
    answer = right(case)
    case.params.clear()
    return answer


@expect("error", r"damaged its process, or its answer does when read")
def takes_its_inputs_away(case: bc.Case) -> Any:
    answer = right(case)
    object.__setattr__(case, "params", 7)
    return answer


@expect("pass")
def goes_into_a_deleted_folder(case: bc.Case) -> None:
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    shutil.rmtree(folder)


@expect("pass")
def forbids_its_own_files(case: bc.Case) -> None:
    os.umask(0o777)


@expect("pass")
def clears_its_environment(case: bc.Case) -> None:
    os.environ.clear()


@expect("pass")
def sets_a_hostile_environment(case: bc.Case) -> None:
    os.environ.update(
        PYTHONPATH="/nowhere", TMPDIR="/nowhere", LC_ALL="\udc80", PYTHONHOME="/nowhere"
    )
    tempfile.tempdir = "/nowhere"


@expect("pass")
def closes_the_standard_streams(case: bc.Case) -> None:
    os.closerange(0, 3)


@expect("error", r"closed the pipes of its process to bptt-check")
def closes_everything_else(case: bc.Case) -> None:
    os.closerange(3, 64)


@expect("error", r"closed the pipes of its process to bptt-check")
def closes_all_descriptors(case: bc.Case) -> None:
    os.closerange(0, 64)


@expect("error", r"closed the pipes of its process to bptt-check")
def puts_a_file_into_every_descriptor(case: bc.Case) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3, 20):
        os.dup2(null, descriptor)


def _limits(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


@expect("pass")
def may_open_nothing(case: bc.Case) -> None:
    _limits(resource.RLIMIT_NOFILE, 3)


@expect("pass")
def may_write_nothing(case: bc.Case) -> None:
    _limits(resource.RLIMIT_FSIZE, 0)


@expect("pass")
def may_start_nothing(case: bc.Case) -> None:
    _limits(resource.RLIMIT_NPROC, 1)


@expect("error", r"raised MemoryError", then="pass|error")
def may_have_no_memory(case: bc.Case) -> None:
    _limits(resource.RLIMIT_AS, 2**20)
    np.empty(2**32)  # more than a block that an earlier case freed could hold: those need no memory


@expect("pass")
def makes_warnings_errors(case: bc.Case) -> None:
    warnings.simplefilter("error")


@expect("pass")
def makes_numpy_raise(case: bc.Case) -> None:
    np.seterr(all="raise")


@expect("pass")
def calls_back_from_numpy(case: bc.Case) -> None:
    np.seterr(all="call")
    np.seterrcall(_no)


@expect("pass")
def forgets_where_modules_lie(case: bc.Case) -> None:
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()


@expect("error", r"raised (Key|Import|ModuleNotFound|Attribute)", then="pass|error")
def forgets_all_modules(case: bc.Case) -> None:
    sys.modules.clear()
    import fractions  # noqa: F401


@expect("error", r"exited with status 1.*NameError")
def deletes_builtins(case: bc.Case) -> None:
    for name in ("isinstance", "len", "dict", "float"):
        delattr(builtins, name)
    len([])


def replaced(module: Any, name: str, verdict: str, says: str) -> None:
    """A subject that puts a function that raises in the place of another."""
    own = f"replaces_{module.__name__.replace('.', '_')}_{name}"
    expect(verdict, says, name=own, then="pass|error")(lambda case: setattr(module, name, _no))


for _module, _name in (
    (np, "asarray"),
    (np, "isfinite"),
    (time, "monotonic"),
    (signal, "setitimer"),
    (builtins, "isinstance"),
    (builtins, "open"),
    (builtins, "__import__"),
    (json, "loads"),
    (os, "getpid"),
):
    replaced(_module, _name, ANY, r"(|raised RuntimeError: not any more.*)")


@expect(ANY, r"(|raised RecursionError.*)", then="pass|error")
def allows_no_depth(case: bc.Case) -> None:
    depth = len([*iter(_Frames())])
    sys.setrecursionlimit(depth + 8)


class _Frames:
    """As many items as the stack has frames."""

    def __iter__(self) -> Any:
        frame = sys._getframe()
        while frame is not None:
            yield frame
            frame = frame.f_back


@expect("error", r"raised RuntimeError: not any more")
def traces_and_raises(case: bc.Case) -> None:
    sys.settrace(lambda *_: lambda *_: _no())


@expect("pass")
def profiles_and_raises(case: bc.Case) -> None:
    threading.setprofile(_no)


@expect("pass")
def has_no_standard_streams(case: bc.Case) -> None:
    sys.stdout = sys.stderr = sys.stdin = None  # type: ignore[assignment]


@expect("pass")
def has_streams_that_raise(case: bc.Case) -> None:
    class Stream:
        write = flush = fileno = read = close = _no

    sys.stdout = sys.stderr = sys.__stderr__ = Stream()  # type: ignore[assignment,misc]


@expect("pass")
def leaves_threads(case: bc.Case) -> None:
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(60,)).start()


@expect("pass")
def collects_and_raises(case: bc.Case) -> None:
    gc.callbacks.append(_no)
    gc.set_threshold(1)


@expect("pass")
def has_no_traceback_any_more(case: bc.Case) -> None:
    faulthandler.disable()
    faulthandler.unregister(signal.SIGUSR1)


@expect("pass")
def hooks_that_raise(case: bc.Case) -> None:
    sys.excepthook = sys.unraisablehook = threading.excepthook = sys.displayhook = _no


@expect("pass")
def seeds_everything(case: bc.Case) -> None:
    random.seed(0)
    np.random.seed(0)
    np.random.set_state = random.random = _no  # type: ignore[assignment]


@expect("pass")
def ignores_every_signal(case: bc.Case) -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
        signal.signal(number, signal.SIG_IGN)


@expect("pass")
def is_as_nice_as_it_can(case: bc.Case) -> None:
    os.nice(19)


@expect("pass")
def fills_its_folder(case: bc.Case) -> None:
    for number in range(100):
        with open(os.path.join(tempfile.gettempdir(), f"\udcff{number}\n"), "w") as file:
            file.write("left behind")


@expect("pass")
def writes_into_its_standard_error(case: bc.Case) -> None:
    os.write(2, b"\x1b[2J\xff\x00\r\n" * 20)


@expect("pass")
def lives_in_another_locale(case: bc.Case) -> None:
    import locale

    locale.setlocale(locale.LC_ALL, "C")
    os.environ["LC_NUMERIC"] = "de_DE"


@expect("pass")
def changes_how_arrays_are_shown(case: bc.Case) -> None:
    np.set_printoptions(threshold=0, formatter={"all": _no})
