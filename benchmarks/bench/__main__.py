"""`python -m benchmarks.bench`; see `command`."""

from .command import main

main()
