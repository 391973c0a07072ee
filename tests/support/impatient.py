"""The program that a variable names, where a call without a limit is waited for only shortly."""

from __future__ import annotations

import os

from bptt_check.subjects import loading, time_limit

time_limit.LONGEST_WAIT = 0.1
subject = loading.load(os.environ["BPTT_CHECK_PROGRAM"])
