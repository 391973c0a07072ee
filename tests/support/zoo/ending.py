"""Ways in which a process ends, or seems to."""

from __future__ import annotations

import _thread
import atexit
import ctypes
import functools
import os
import resource
import signal
import sys
import threading
import time
from typing import Any

import bptt_check as bc

from .entry import SHORT, expect

DEADLY = {
    "SIGBUS": "bus error",
    "SIGFPE": "floating point exception",
    "SIGILL": "illegal instruction",
    "SIGKILL": "killed",
    "SIGTERM": "terminated",
    "SIGHUP": "hangup",
    "SIGSYS": "bad system call",
    "SIGALRM": "alarm clock",
    "SIGXCPU": "cpu time limit exceeded",
}
"""Signals that end a process which has done nothing about them."""


def _gets(number: int, _: bc.Case) -> None:
    signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
    os.kill(os.getpid(), number)


for _name, _words in DEADLY.items():
    _number = getattr(signal, _name)
    expect("error", rf"ended by signal {_name} \({_words}\)", name=_name)(
        functools.partial(_gets, _number)
    )
expect("error", r"ended by signal \d+[^0-9]", name="real_time_signal_without_a_name")(
    functools.partial(_gets, signal.SIGRTMIN + 3)
)
for _status in (0, 1, 255):
    expect("error", rf"exited with status {_status}\b", name=f"status_{_status}")(
        functools.partial(lambda status, _: os._exit(status), _status)
    )


@expect("error", r"raised KeyboardInterrupt")
def interrupts_itself(case: bc.Case) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where it is ignored
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)


@expect("error", r"raised SystemExit: no \\x1b\[31mgood")
def exits_with_a_text(case: bc.Case) -> None:
    sys.exit("no \x1b[31mgood")


@expect("error", r"raised SystemExit: None")
def exits_with_nothing(case: bc.Case) -> None:
    raise SystemExit(None)


@expect("error", r"ended by signal SIGSEGV \(segmentation fault\)")
def overflows_the_stack_of_c(case: bc.Case) -> None:
    @ctypes.CFUNCTYPE(None)
    def again() -> None:
        again()

    sys.setrecursionlimit(10**9)
    threading.stack_size(2**18)
    thread = threading.Thread(target=again)
    thread.start()
    thread.join()


@expect("error", r"ended by signal SIGSEGV \(segmentation fault\) \(line \d+ of jumps_to_nowhere")
def jumps_to_nowhere(case: bc.Case) -> None:
    ctypes.CFUNCTYPE(None)(8)()


@expect("error", r"exited with status 0")
def becomes_another_program(case: bc.Case) -> None:
    os.execv("/bin/true", ["true"])


@expect("error", r"wrote into the channel of its worker")
def becomes_a_program_that_answers(case: bc.Case) -> None:
    code = (
        "import os\n"
        "for n in range(3, 20):\n"
        "    try: os.write(n, b'{\"loss\": 0}')\n"
        "    except OSError: pass\n"
    )
    for descriptor in range(3, 20):
        if os.path.exists(f"/proc/self/fd/{descriptor}"):
            os.set_inheritable(descriptor, True)
    os.execv(sys.executable, [sys.executable, "-c", code])


@expect("error", r"exited with status 6")
def is_ended_by_a_thread(case: bc.Case) -> None:
    threading.Thread(target=os._exit, args=(6,)).start()
    time.sleep(10)


@expect("pass")
def exits_in_a_thread(case: bc.Case) -> None:
    thread = threading.Thread(target=sys.exit, args=("the end",))
    thread.start()
    thread.join()


@expect("error", r"raised KeyboardInterrupt")
def interrupts_from_a_thread(case: bc.Case) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_thread.interrupt_main).start()
    while True:
        time.sleep(0.01)


@expect("error", r"exited with status 9")
def leaves_what_ends_with_it(case: bc.Case) -> None:
    atexit.register(time.sleep, 600)
    atexit.register(os._exit, 9)
    sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()


@expect("pass")
def hangs_at_the_end(case: bc.Case) -> None:
    atexit.register(time.sleep, 600)
    atexit.register(lambda: 1 / 0)


class _Deadly:
    def __del__(self) -> None:
        os._exit(11)


@expect("error", r"exited with status 11")
def ends_when_forgotten(case: bc.Case) -> None:
    del [_Deadly()][0]


class _EndsWhenRead:
    def __array__(self, *_: Any, **__: Any) -> Any:
        os._exit(12)


@expect("error", r"exited with status 12")
def ends_when_read(case: bc.Case) -> Any:
    return 0.0, dict.fromkeys(case.params, _EndsWhenRead())


@expect("error", r"ended by signal SIGXCPU")
def uses_up_its_seconds(case: bc.Case) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()), hard))
    while True:
        pass


@expect("error", r"took longer than the limit of 0\.2 s", SHORT)
def stops(case: bc.Case) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


@expect("pass")
def ignores_what_python_ignores(case: bc.Case) -> None:
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT):
        os.kill(os.getpid(), number)


@expect("pass")
def asks_for_a_traceback(case: bc.Case) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
