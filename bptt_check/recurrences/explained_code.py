"""Plain code of a user whose errors are told as what they are: mistakes in the reference."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..cases.recurrences.reference_code import EnclosableCode, Evaluation, ReferenceCode
from ..cases.types import Array
from ..errors import BpttCheckError, SpecError
from ..subjects.raised import described


@dataclass(frozen=True, eq=False)
class ExplainedCode:
    """See `ReferenceCode`; what the code raises is raised as a `SpecError` with its line."""

    code: ReferenceCode

    @property
    def framework(self) -> str:
        """See `ReferenceCode`."""
        return self.code.framework

    @property
    def enclosable(self) -> EnclosableCode | None:
        """The same code, if it can be run in balls."""
        return cast("EnclosableCode", self.code) if self.framework == "numpy" else None

    def outputs(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """See `ReferenceCode`."""
        with _explained("the reference", arrays):
            return self.code.outputs(arrays)

    def gradients(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """See `ReferenceCode`."""
        with _explained("the reference, differentiated,", arrays):
            return self.code.gradients(arrays, cotangents, wrt)

    def rounded(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        rounding: Any,
        samples: int,
    ) -> Evaluation:
        """See `ReferenceCode`."""
        try:
            with _explained("the reference, with every operation rounded,", arrays):
                return self.code.rounded(arrays, cotangents, wrt, rounding, samples)
        except SpecError:
            self.gradients(arrays, cotangents, wrt)  # tells what is no matter of rounding
            raise


@contextlib.contextmanager
def _explained(who: str, arrays: Mapping[str, Any]) -> Generator[None]:
    """What is raised inside is told as raised by the reference, and what it was given."""
    try:
        yield
    except BpttCheckError:
        raise
    except Exception as error:
        shapes = {n: tuple(getattr(a, "shape", ())) for n, a in arrays.items()}
        given = ", ".join(f"{n} {shape}" for n, shape in shapes.items())
        raise SpecError(f"{who} raised {described(error)}. It was given {given}.") from error
