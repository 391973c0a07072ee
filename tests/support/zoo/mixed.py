"""A subject that does something else of the zoo on every case, and answers the others right."""

from __future__ import annotations

import zlib
from typing import Any

from bptt_reference import loss_and_grads as right

import bptt_check as bc

from . import ZOO
from .entry import Entry

SOME = (
    "status_3", "SIGFPE", "becomes_another_program", "closes_everything_else",
    "raises_no_text", "says_ansi", "says_a_lone_surrogate", "raises_a_group", "recurses",
    "interrupts_itself", "exits_with_a_text", "declines_with_ansi",
    "a_text", "a_dict_of_endless_items", "loss_is_nan", "loss_is_wrong", "b_y_is_of_texts",
    "keys_of_half_a_pair", "keys_of_ansi", "outputs_of_texts", "outputs_under_half_a_pair",
    "goes_into_a_deleted_folder", "fills_its_folder",
)  # fmt: skip
"""Those whose process is fit for the next case, or ends."""


def entry_of(spec: object) -> Entry | None:
    """What is done on the case of a spec; None is nothing, as on half of all cases."""
    number = zlib.crc32(str(spec).encode()) % (2 * len(SOME))
    return ZOO[SOME[number]] if number < len(SOME) else None


def by_spec(case: bc.Case) -> Any:
    """Does what the text of the spec says."""
    entry = None if case.spec is None else entry_of(case.spec)
    answer = None if entry is None else entry.does(case)
    return right(case) if answer is None else answer
