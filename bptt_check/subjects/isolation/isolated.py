"""The parent's side: a subject that lives in a worker process and survives its own death."""

from __future__ import annotations

import shlex
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ...cases.any_case import AnyCase
from ...cases.case import Case
from ...cases.contract import Answer, Outcome
from ...cases.model import LAYOUTS, Model
from ...cases.result import Result
from ...errors import SpecError, SubjectFailed, SubjectNotFound, Unsupported
from .. import loading
from ..processes.uninterrupted import uninterrupted
from ..remote import Calls, RemoteSubject
from ..time_limit import LONGEST_WAIT, can_interrupt, seconds_to_load
from . import memory_limit, protocol
from .deaths import Deaths
from .worker_process import Ended, Worker

SUPPORTS = "supports"
"""Under what the deaths and time-outs of `supports` are counted, of all models together."""
AROUND = "in the code around its calls: it has damaged its process, or its answer does when read"
"""Where a worker failed that lives on."""


class _Damaged(Ended):
    """The worker answers, but something is wrong in it."""


class Isolated(RemoteSubject):
    """A subject in a process of its own.

    Whatever ends that process is the answer of the case that it was asked, and the next case gets
    a fresh one. `close()`, or the end of a `with` block, ends the process; so does our own end.

    Args:
        text: names the subject, as on the command line.
        timeout: seconds for one call; None is five minutes.
        memory: the most it may use, such as `"2G"`; None is no limit.
        kernel: what it needs if it is a kernel of a recurrence.

    Raises:
        SubjectNotFound: the text leads nowhere, or the import fails or ends the process.
        SpecError: a limit is impossible.
    """

    def __init__(
        self,
        text: str,
        timeout: float | None = None,
        memory: str | int | None = None,
        kernel: protocol.KernelStart | None = None,
    ) -> None:
        self._timeout = _positive(timeout)
        self._memory = None if memory is None else memory_limit.parse_size(memory)
        if self._memory is not None:
            memory_limit.check_measurable()
        self._kernel, self._text = kernel, text
        self.address = text
        self.name = shlex.quote(text)  # so that a line that reproduces a failure can be pasted
        self._deaths = Deaths()
        self._no_supports: dict[Model, str] = {}
        self._worker: Worker | None = None
        hello = self._start()
        self.targets = hello.targets
        self.within = hello.within
        self.convention_options = hello.convention
        self._functions = hello.functions
        if set(hello.cells) - set(LAYOUTS):  # the oracles, which run here, need their equations
            self._load_here()

    # --- what a subject is asked -----------------------------------------------------------------

    def call(
        self,
        case: AnyCase,
        timeout: float | None = None,
        calls: Calls = (),
        once: bool = False,
    ) -> Answer:
        """What came of a case, the death of the worker included."""
        if isinstance(case, Case) and (reason := self._no_supports.get(case.model)):
            return Answer(outcome=Outcome.RAISED, text=reason)
        model = str(case.model)
        if reason := self._deaths.reason_given_up(model):
            return Answer(outcome=Outcome.NOT_CALLED, text=reason)
        limit = _positive(timeout) or self._timeout
        request = protocol.request_of(case, limit, tuple(calls), once)
        try:
            answer = self._answer(request, limit)
        except Ended as end:
            self._deaths.did_not_come_back(model, str(end))
            return Answer(outcome=end.outcome, text=str(end))
        late = [a.text for a in _answers(answer) if a.outcome is Outcome.TIMED_OUT]
        if late:
            self._deaths.did_not_come_back(model, late[0])
        else:
            self._deaths.came_back(model)
        return answer

    def _answer(
        self, request: protocol.CallSubject | protocol.CallKernel, limit: float | None
    ) -> Answer:
        """What the subject answers; a case before this one may have damaged the process, so where
        the code that calls it fails there, a fresh one is asked.

        Raises:
            Ended: it died of this, or damaged its process.
        """
        used = self._worker is not None and self._used
        try:
            return self._answer_or_damage(request, limit)
        except _Damaged:
            if not used:
                raise
        return self._answer_or_damage(request, limit)

    def _answer_or_damage(
        self, request: protocol.CallSubject | protocol.CallKernel, limit: float | None
    ) -> Answer:
        try:
            reply = self._request(request, limit)
        except Ended:
            raise
        except SubjectFailed as error:
            text = str(error)
        else:
            assert isinstance(reply, protocol.Answered)
            if not reply.damaged:
                return reply.answer
            raised = (a.text for a in _answers(reply.answer) if a.outcome is Outcome.RAISED)
            text = next(raised, "failed")
        self._drop()
        raise _Damaged(f"{text}, {AROUND}", Outcome.RAISED)

    def __call__(self, case: AnyCase) -> Result:
        """The result for a case.

        Raises:
            Unsupported: the subject declined.
            SubjectFailed: it gave none; the text says why.
        """
        answer = self.call(case, once=True)
        if answer.outcome is Outcome.DECLINED:
            raise Unsupported(answer.text)
        if answer.result is None:
            raise SubjectFailed(answer.text or answer.breaches[0].message)
        return answer.result

    def supports(self, model: Model) -> bool:
        """What the subject says; a failure to say it becomes the answer of the model's cases."""
        if SUPPORTS not in self._functions:
            return True
        if reason := self._deaths.reason_given_up(SUPPORTS):
            self._no_supports[model] = reason
            return True
        try:
            said = bool(self._returned(protocol.Supports(model)))
        except SubjectFailed as error:
            if isinstance(error, Ended):
                self._deaths.did_not_come_back(SUPPORTS, str(error))
            self._no_supports[model] = f"was asked supports({model}) and {error}"
            return True
        self._deaths.came_back(SUPPORTS)
        return said

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """`clip`, `clip_by_value` and `update`, as far as the subject has them."""
        if name.startswith("_") or name not in self._functions:
            raise AttributeError(name)
        return lambda *arguments: self._returned(protocol.CallFunction(name, list(arguments)))

    # --- the worker process -----------------------------------------------------------------------

    def close(self) -> None:
        """End the worker."""
        self._drop()

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _returned(self, request: protocol.Request) -> Any:
        reply = self._request(request, self._timeout)
        assert isinstance(reply, protocol.Returned)
        return reply.value

    def _start(self) -> protocol.Hello:
        """Start a worker and let it load the subject.

        Raises:
            SubjectNotFound: it cannot.
        """
        limit = self._seconds_to_load
        self._used = False
        try:
            worker = uninterrupted(self._new_worker)
            tied = threading.current_thread() is threading.main_thread()
            folder, trace = str(worker.scratch.path), str(worker.scratch.trace)
            start = protocol.Start(self._text, trace, folder, tied, limit, self._kernel)
            reply = worker.request(start, limit, "its start")
        except Ended as end:
            self._drop()
            raise SubjectNotFound(f"importing {self.address} failed: it {end}.") from None
        except BaseException:
            self._drop()
            raise
        if isinstance(reply, protocol.Refused):
            self._drop()
            raise SubjectNotFound(reply.message)
        assert isinstance(reply, protocol.Hello)
        return reply

    def _load_here(self) -> None:
        """Import what the worker has imported, with the same deadline where one can be had.

        Raises:
            SubjectNotFound: here it cannot be.
        """
        try:
            loading.load_within(self.address, self._seconds_to_load if can_interrupt() else None)
        except BaseException:
            self._drop()
            raise

    @property
    def _seconds_to_load(self) -> float:
        return seconds_to_load(self._timeout) or LONGEST_WAIT

    def _new_worker(self) -> Worker:
        """One that ends with this object, whatever comes in between."""
        self._worker = worker = Worker(self._memory)
        self._finalizer = weakref.finalize(self, worker.end)
        return worker

    def _request(self, request: protocol.Request, limit: float | None) -> protocol.Reply:
        """Ask the worker, a fresh one if there is none.

        Raises:
            Ended: it died of this.
            SubjectFailed: it lives and has no answer.
        """
        if self._worker is None:
            try:
                self._start()
            except SubjectNotFound as error:
                raise Ended(f"could not be loaded again: {error}") from error
        assert self._worker is not None
        try:
            reply = self._worker.request(request, limit or LONGEST_WAIT, "one case")
        except BaseException:  # Ctrl-C too: what it does now is of no use to anybody
            self._drop()
            raise
        self._used = True
        if isinstance(reply, protocol.Failed):
            raise SubjectFailed(reply.error)
        return reply

    def _drop(self) -> None:
        """End the worker, if there is one, all of it: an interrupt that is sent again waits."""
        uninterrupted(self._end_worker)

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker = None
            self._finalizer()


def _answers(answer: Answer) -> tuple[Answer, ...]:
    """That to the case, and those of further calls."""
    return (answer, *(f.answer for f in answer.follow_ups))


def _positive(timeout: float | None) -> float | None:
    """The limit itself.

    Raises:
        SpecError: it is none.
    """
    if timeout is not None and timeout <= 0:
        raise SpecError(f"timeout must be positive, got {timeout!r}.")
    return timeout
