"""The command line: arguments, exit status, what goes to which stream. The work is done elsewhere.

One command a module. To add one: a module here that decorates a function with `cli.command`, and
its name in the import below.
"""

from . import compare, doctor, listing, new, power, replay, report, run
from .shared import cli


def main() -> None:
    """The entry point of the command `bptt-check`."""
    cli(prog_name="bptt-check")


__all__ = [
    "cli", "compare", "doctor", "listing", "main", "new", "power", "replay", "report",
    "run",
]  # fmt: skip
