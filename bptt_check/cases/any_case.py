"""The two kinds of cases that the pipeline takes: of a model, and of a user's own recurrence."""

from __future__ import annotations

from .case import Case, Spec
from .recurrences.recurrence import RecurrenceCase, RecurrenceSpec

AnyCase = Case | RecurrenceCase
AnySpec = Spec | RecurrenceSpec
