"""`python -m bptt_check` is `bptt-check`."""

from .cli import main

if __name__ == "__main__":
    main()
