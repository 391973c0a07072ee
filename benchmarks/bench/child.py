"""A function in a process of its own: on one thread, with the kernels of this machine."""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Some environments pin the BLAS of NumPy, but not that of PyTorch, to an older processor."""
CACHE = "BPTT_CHECK_CACHE"
"""Names the folder of compiled programs; in CI there is none unless it is set."""
UNUSUAL = (*PINS, CACHE, "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONPATH")
"""What would make a new process slower than a user's, or let it import something else."""


def environment(checkout: Path = ROOT) -> dict[str, str]:
    """The variables of a process that measures a checkout: one thread, no memory of past runs but
    the programs that this process's earlier children have compiled.
    """
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    paths = os.pathsep.join([str(checkout), str(checkout / "reference")])
    kept = {n: v for n, v in os.environ.items() if n not in UNUSUAL}
    own = {"PYTHONPATH": paths, "CI": "true", CACHE: _programs().name}
    return kept | own | threads


@functools.cache
def _programs() -> tempfile.TemporaryDirectory[str]:
    """The folder of compiled programs, removed when this process ends."""
    return tempfile.TemporaryDirectory(prefix="bptt_check-bench-programs")


def seconds(command: Sequence[str], variables: Mapping[str, str] | None = None) -> float:
    """Processor time of a command and of the processes that it waits for.

    Raises:
        SystemExit: it failed; the message is what it said.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment() | (variables or {}), stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}: {said.read().decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def call(function: str, variables: Mapping[str, str] | None = None, **arguments: Any) -> Any:
    """What `module:function` returns in a new process; arguments and result are JSON.

    Raises:
        SystemExit: it failed; the message is what it said.
    """
    command = [sys.executable, "-m", __name__, function, json.dumps(arguments)]
    own = environment() | (variables or {})
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{function} {arguments}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Call what the command line names, print what it returns."""
    module, _, name = sys.argv[1].partition(":")
    function = getattr(importlib.import_module(module), name)
    print(json.dumps(function(**json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
