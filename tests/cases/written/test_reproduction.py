"""What to type for a run, where no single case shows it; single cases are in the harness."""

from __future__ import annotations

from bptt_check.cases.written.reproduction import Origin, reproduction_of_run


def test_a_run_of_an_address_is_a_command() -> None:
    """With everything that its cases depend on."""
    origin = Origin("my file.py:wrong")
    whole = reproduction_of_run(origin, ["lstm", "gru"], 50, ["float16"], 7, "T=1..9 B=2")

    assert whole == (
        "bptt-check run 'my file.py:wrong' --model lstm --model gru --dtype float16 "
        "--within 'T=1..9 B=2' --cases 50 --seed 7"
    )


def test_a_run_of_what_lines_make_is_a_call_after_them() -> None:
    """And of what nobody knows how to make, a call that says so."""
    made = reproduction_of_run(Origin("", ("subject = made()",)), ["lstm"], 50, ["float16"], 7, "")
    unknown = reproduction_of_run(Origin(), ["lstm"], 9, ["float16"], 7, "T=2")

    assert made.splitlines() == [
        "subject = made()",
        "print(bc.verify(subject, ['lstm'], cases=50, dtypes=('float16',), seed=7))",
    ]
    assert unknown.startswith(
        "bc.verify(subject, ['lstm'], cases=9, dtypes=('float16',), seed=7, within='T=2')  # "
    )
