"""The command line: arguments, exit status, what goes to which stream. The work is done elsewhere.

One command a module. To add one: a module here that decorates a function with `cli.command`, and
its name in the tables of `group`.
"""

from .group import cli


def main() -> None:
    """The entry point of the command `bptt-check`."""
    cli(prog_name="bptt-check")


__all__ = ["cli", "main"]
