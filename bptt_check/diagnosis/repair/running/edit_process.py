"""The process in which edited code runs: many edits, one after the other, each for a short time.

An edit is made by giving functions in memory other code, so that nothing is imported again. Calls
are interrupted at their limit; whatever else goes wrong ends the process, and there is another.
"""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from ....cases.case import Case, Spec
from ....cases.contract import Answer, Outcome
from ....conventions.per_sequence import single_sequences
from ....errors import BpttCheckError
from ....subjects import loading
from ....subjects.calling import call_once
from ....subjects.isolation import protocol
from ....subjects.isolation.worker import prepare_process, take_channel
from ....subjects.own_code import is_ours, library_part
from ...mistakes import textbook
from ..judged_case import JudgedCase, judged
from ..messages import (
    Begin,
    Begun,
    Departure,
    EditOutcome,
    FunctionText,
    LinesObserved,
    NotBegun,
    Observe,
    Probed,
    ProbeEdits,
    Rebase,
    Rebased,
    TriedAll,
    TryEdits,
    request_in,
)
from ..watching.expressions import pools_of
from ..watching.observing import Observer, Pools
from ..watching.quantities import Quantities
from ..watching.tracing import Targets, Tracer, targets_of
from .guard import Guard
from .live_functions import LiveFunctions, NotExchanged, codes_of
from .quiet_calls import files_run, quiet, written_nowhere

NO_EDIT = (SyntaxError, NotExchanged, ValueError, RecursionError)
"""What a text raises that cannot take the place of a function."""


def serve_edits() -> None:
    """Serve the process that started this one until it closes the pipe."""
    requests, replies = take_channel()

    def send(reply: Any) -> None:
        replies.write(protocol.packed(reply))
        replies.flush()

    body = protocol.receive(requests)
    if body is None:
        return
    begin = request_in(body)
    prepare_process(begin.trace, begin.scratch, begin.ends_with_parent)
    try:
        with quiet():
            work = EditedSubject(begin)
    except BpttCheckError as error:
        send(NotBegun(str(error)))
        return
    with written_nowhere():
        send(work.begun)
        while (body := protocol.receive(requests)) is not None:
            request = request_in(body)
            with quiet():
                for reply in work.carry_out(request):
                    send(reply)
    os._exit(protocol.PIPES_LOST)  # without what a subject has registered for the end


class EditedSubject:
    """A subject, its cases, and its functions as they are in memory.

    Raises:
        BpttCheckError: the subject cannot be loaded, or takes none of the cases.
    """

    def __init__(self, begin: Begin) -> None:
        self._guard = Guard(begin.scratch)
        self._subject = loading.load(begin.subject)
        most = FEW_SHAPES if _run_uncompiled() else None
        os.chdir(begin.scratch)
        files: set[str] = set()
        asked = [Spec.parse(line).build() for line in begin.specs[:most]]
        with files_run(files):
            answers = [self._answer(case, begin.seconds) for case in asked]
        taken = [n for n, a in enumerate(answers) if a.outcome is not Outcome.DECLINED]
        if not taken:
            raise loading.SubjectNotFound(
                f"{begin.subject} declines every small case: {answers[0].text}"
            )
        names = _names_given([answers[n] for n in taken], asked[taken[0]])
        self._cases: list[JudgedCase] = [judged(asked[n], names) for n in taken]
        own = {f for f in files if _is_own(f)}
        self._functions = LiveFunctions(own)
        self._pools: dict[tuple[str, str], Any] = {}
        self._targets: Targets = {}
        self._quantities: dict[int, Quantities] = {}
        for file in own:
            self._read(file, Path(file).read_text("utf-8"))
        self._seconds = [self._timed(n) for n in range(len(taken))]
        self._right = [self._call(n, begin.seconds) for n in range(len(taken))]
        self.begun = Begun(
            tuple(taken),
            tuple(case.blocks for case in self._cases),
            tuple(self._right),
            tuple(self._seconds),
            tuple(case.case.sizes.T for case in self._cases),
            tuple(sorted(own)),
            tuple(answers[n].text for n in taken),
        )

    def carry_out(self, request: Any) -> Generator[Any]:
        """The replies to a request."""
        if isinstance(request, Observe):
            yield self._observed(request.case)
        elif isinstance(request, Rebase):
            yield self._rebased(request.functions)
        elif isinstance(request, ProbeEdits):
            yield self._probed(request)
        else:
            assert isinstance(request, TryEdits)
            yield from self._tried_all(request)

    def _probed(self, request: ProbeEdits) -> Probed:
        case = self._cases[request.case]
        before = self._answer(case.case, 60.0).result
        changed: list[list[int] | None] = []
        self._guard.on = True
        for text in request.edits:
            after = None
            with contextlib.suppress(*NO_EDIT), self._functions.edited(text):
                after = self._answer(case.case, request.seconds).result
            if after is None or before is None:
                changed.append(None)
            else:
                changed.append(case.changed(after, before))
        self._guard.on = False
        return Probed(tuple(changed))

    def _tried_all(self, request: TryEdits) -> Generator[Any]:
        self._guard.on = True
        for number, text in enumerate(request.edits):
            yield self._tried(number, text, request)
        self._guard.on = False
        first = request.order[0]
        yield TriedAll(self._call(first, 10 * request.seconds) == self._right[first])

    def _tried(self, number: int, text: FunctionText, request: TryEdits) -> EditOutcome:
        """What one edit makes right, as far as it is a step ahead on the cases before."""
        found: list[tuple[int, list[int]]] = []
        try:
            with self._functions.edited(text):
                ahead = False
                for n in request.order:
                    right, before = self._call(n, request.seconds), set(self._right[n])
                    found.append((n, right))
                    ahead = ahead or len(right) > len(before)
                    if not ahead or not before.issubset(right):
                        break
        except NO_EDIT as error:
            return EditOutcome(number, error=f"{type(error).__name__}: {error}"[:200])
        return EditOutcome(number, tuple(found))

    def _call(self, place: int, seconds: float) -> list[int]:
        case = self._cases[place]
        return case.right(self._answer(case.case, seconds).result)

    def _answer(self, case: Case, seconds: float) -> Answer:
        """What the subject gives; where no call can be interrupted, the parent keeps the limit."""
        return call_once(self._subject, case, seconds if hasattr(signal, "SIGALRM") else None)

    def _timed(self, place: int) -> float:
        begin = time.perf_counter()
        call_once(self._subject, self._cases[place].case)
        return time.perf_counter() - begin

    def _rebased(self, functions: Sequence[FunctionText]) -> Any:
        for text in functions:
            try:
                self._functions.exchange(codes_of(text))
            except NotExchanged:
                continue  # a function that is not in memory does not run either
        for file in {text.file for text in functions}:
            self._pools = {k: p for k, p in self._pools.items() if k[0] != file}
        for text in functions:
            self._read(text.file, text.in_its_place())
        self._right = [self._call(n, 60.0) for n in range(len(self._cases))]
        return Rebased(tuple(self._right))

    def _observed(self, place: int) -> LinesObserved:
        pools: Pools = self._pools
        observer = Observer(pools)
        case: Case = self._cases[place].case
        observer.watch(lambda: call_once(self._subject, case))
        seen = tuple(observer.seen.values())
        return LinesObserved(seen, observer.raised, self._departures(place))

    def _departures(self, place: int) -> tuple[Departure, ...]:
        """What the values of a run are in the textbook's words, of a cell that it has; of code that
        takes one sequence at a time, in those of each sequence.
        """
        case = self._cases[place].case
        if not textbook.knows(case.model):
            return ()
        found = self._traced(place, [case])
        if case.sizes.B > 1 and sum(d.held > 0 for d in found) < LITTLE_KNOWN * len(found):
            singles = [single for _, single, _ in single_sequences(case)]
            other = self._traced(-1 - place, singles)
            return max(found, other, key=lambda one: sum(d.held > 0 for d in one))
        return found

    def _traced(self, key: int, of: Sequence[Case]) -> tuple[Departure, ...]:
        """The same in the words of some cases, the quantities of which are kept under a key."""
        if key not in self._quantities:
            self._quantities[key] = Quantities(of)
        case = self._cases[key if key >= 0 else -1 - key].case
        return Tracer(self._targets, self._quantities[key]).watch(
            lambda: call_once(self._subject, case)
        )

    def _read(self, file: str, text: str) -> None:
        """Know the expressions of the functions of a text."""
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(text)
            self._pools.update({(file, name): pool for name, pool in pools_of(tree).items()})
            self._targets.update(targets_of(file, tree))


LITTLE_KNOWN = 0.25
"""Share of the values of a run below which few are the textbook's."""
FEW_SHAPES = 3
"""Cases of a subject of JAX, which compiles each of its operations for every shape."""


def _run_uncompiled() -> bool:
    """Have JAX, if it is there, run functions as they are written: what it has compiled knows
    nothing of an edit.
    """
    jax = sys.modules.get("jax")
    if jax is not None:
        jax.config.update("jax_disable_jit", True)
    return jax is not None


def _is_own(file: str) -> bool:
    """Whether a file is somebody's own Python, no library's and not ours."""
    return (
        file.endswith(".py") and os.path.isfile(file) and not (is_ours(file) or library_part(file))
    )


def _names_given(answers: Sequence[Answer], case: Case) -> list[str]:
    """The gradients that a subject gives; all of the parameters where it gives nothing."""
    given = [a.result.grads for a in answers if a.result is not None]
    return list(dict.fromkeys(n for grads in given for n in grads)) or list(case.params)
