"""The silence of the harness: right implementations, on several processes, until it is enough."""

from __future__ import annotations

from contextlib import closing

from .false_alarms import batches, listen
from .process_pool import Progress, Workers
from .records import Quiet

BATCH = 10
"""Cases of one target asked about together."""


def hear(pool: Workers, checks: int, progress: Progress, limit: float | None = None) -> Quiet:
    """Ask until so many checks were decided, or the time is over.

    Args:
        pool: where to work.
        checks: at least so many, unless the time is over.
        progress: told where it stands.
        limit: seconds; None is no limit.
    """
    found = Quiet()
    with closing(pool.each(listen, batches(BATCH))) as results:
        for quiet in results:
            found = found.merge(quiet)
            for alarm in quiet.alarms:
                progress.tell(f"FALSE ALARM {alarm.subject} {alarm.verdict}: {alarm.spec}", True)
            progress.tell(f"silence: {found.total} of {checks} checks, {len(found.alarms)} alarms")
            if found.total >= checks or (limit is not None and progress.seconds >= limit):
                return found
    return found
