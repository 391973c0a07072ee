"""`bptt-check against`: exit status, what is told, and kernels that end their process."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from support.command_line import invoke, refused
from support.own_kernel import PROGRAM

from bptt_check.report.folder import load_run

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

CODE = "support.decayed_sums"
PLAIN = (f"{CODE}:plain_sums", f"{CODE}:INPUTS")


def against(kernel: str, *arguments: str) -> Result:
    """A run of three cases."""
    return invoke("against", f"{CODE}:{kernel}", *PLAIN, "--cases", "3", *arguments)


def here(kernel: str, *arguments: str) -> Result:
    """The same in this process."""
    return against(kernel, "--no-isolate", *arguments)


@pytest.mark.parametrize(
    ("kernel", "status", "first"),
    [
        ("sums", 0, "PASS  sums: every gradient"),
        ("VJP", 0, "PASS  sums in NumPy: every gradient"),
        (
            "sums_doubled",
            1,
            "FAIL  sums_doubled: decay is wrong; in 1 of 1 model: 3 of 3 cases",
        ),
        ("sums_infinite", 1, "CONTRACT  sums_infinite: "),
        ("sums_that_raise", 1, "ERROR  sums_that_raise: "),
    ],
)
def test_the_exit_status_is_the_verdict(kernel, status, first):
    """As of `run`; the first word says which."""
    done = here(kernel)

    assert done.exit_code == status
    assert done.stdout.startswith(first)


def test_a_wrong_kernel_is_told_with_the_command_that_replays_it():
    """Which gives the same verdict on the same case."""
    told = [line.strip() for line in here("sums_doubled").stdout.splitlines()]
    line = "plain_sums T=1 B=1 dtype=float32 seed=0"
    again = here("sums_doubled", "--case", line)

    assert "FAIL  plain_sums: the gradient of decay is wrong" in told
    assert "diagnosis: decay is 2 times what it should be, in every entry" in told
    addresses = " ".join((f"{CODE}:sums_doubled", *PLAIN))
    assert f"reproduce: bptt-check against {addresses} --case '{line}'" in told
    assert again.exit_code == 1
    assert "FAIL  plain_sums: the gradient of decay is wrong" in again.stdout
    assert "cases: 1 fail" in again.stdout
    assert here("sums", "--case", line).exit_code == 0


def test_dtypes_seed_and_oracles_are_those_that_are_said():
    """And stand in the command of the record."""
    words = ("--dtype", "bfloat16", "--dtype", "float16", "--seed", "4", "--oracle", "reference")
    record = json.loads(here("sums", *words, "--json").stdout)

    assert record["oracles"] == ["reference"]
    assert record["seed"] == 4
    for word in ("--oracle reference", "--dtype bfloat16 --dtype float16", "--seed 4"):
        assert word in record["command"]


def test_a_report_and_json_are_written_where_they_should_be(folder: Path):
    """The record alone on standard output, a page and the arrays of the case in the folder."""
    done = here("sums_doubled", "--report", "out", "--json")

    assert json.loads(done.stdout) == json.loads((folder / "out/run.json").read_text("utf-8"))
    assert load_run("out").verdict == "fail"
    assert (folder / "out/counterexamples/001-plain_sums-fail.npz").is_file()
    assert done.stderr.splitlines()[-1] == "report: out/index.html"


def test_two_reports_are_compared(folder: Path):
    """What was wrong and is right now is mended, the other way round it is worse."""
    here("sums_doubled", "--report", "wrong")
    here("sums", "--report", "mended")

    mended, worse = invoke("compare", "wrong", "mended"), invoke("compare", "mended", "wrong")
    assert mended.exit_code == 0
    assert "fixed  plain_sums decay: fail" in mended.stdout
    assert worse.exit_code == 1


@pytest.mark.parametrize("kernel", ["sums", "VJP"])
def test_in_a_process_of_its_own_a_right_kernel_passes(kernel):
    done = against(kernel)

    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"PASS  {CODE}:{kernel}: every gradient")


def test_in_a_process_of_its_own_a_wrong_one_is_told_the_same():
    isolated, not_isolated = against("sums_doubled"), here("sums_doubled")
    told = [
        done.stdout.split("FAIL  plain_sums")[1].split("cases:")[0]
        for done in (isolated, not_isolated)
    ]

    assert isolated.exit_code == 1
    assert told[0] == told[1]


def test_a_kernel_that_ends_its_process_is_an_error_with_signal_and_line():
    """The run lives, and gives up after three deaths."""
    done = against("sums_that_abort", "--cases", "5")

    assert done.exit_code == 1
    assert done.stdout.startswith(f"ERROR  {CODE}:sums_that_abort: ")
    said = " ".join(done.stdout.split())
    assert "ended by signal SIGABRT" in said
    assert "of sums_that_abort in" in said
    assert "not tried: 2 further cases" in said


@pytest.mark.parametrize("isolated", ["--isolate", "--no-isolate"])
def test_a_kernel_that_hangs_is_an_error_after_its_time(isolated):
    done = against("sums_that_hang", isolated, "--timeout", "0.3")

    assert done.exit_code == 1
    assert "took longer than the limit of 0.3 s for one case" in done.stdout
    assert against("sums", isolated, "--timeout", "20").exit_code == 0


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        ((f"{CODE}:nothing", *PLAIN), f"{CODE} has no 'nothing'"),
        ((f"{CODE}:sums", f"{CODE}:plain_sumz", PLAIN[1]), "Did you mean 'plain_sums'?"),
        ((f"{CODE}:sums", "nowhere.at:all", PLAIN[1]), "there is no module 'nowhere"),
        ((f"{CODE}:sums", PLAIN[0], f"{CODE}:sums"), f"{CODE}:sums is a function; the third"),
        ((f"{CODE}:INPUTS", *PLAIN), "the kernel must be a function or a bc.Vjp, got Inputs("),
        ((f"{CODE}:sums", PLAIN[1], PLAIN[1]), "the reference must be a function, got Inputs("),
    ],
)
def test_a_wrong_address_is_named(addresses, words):
    """In one line, with exit status 2."""
    assert words in refused("against", *addresses, "--no-isolate")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--case", "plain_sums T=9 B=1 seed=0"), "the case has T=9"),
        (("--dtype", "float17"), "unknown dtype 'float17'"),
        (("--oracle", "torch"), "unknown oracle 'torch'"),
        (("--device", "gpux"), "torch has no device 'gpux' here"),
        (("--cases", "0"), "cases must be an integer of at least 1"),
    ],
)
def test_an_impossible_option_is_refused(arguments, words):
    assert words in refused("against", f"{CODE}:sums", *PLAIN, "--no-isolate", *arguments)


def test_a_device_that_is_not_there_is_refused_by_the_process_of_the_kernel():
    """Which is where it would be used."""
    words = refused("against", f"{CODE}:sums", *PLAIN, "--device", "gpux")

    assert "torch has no device 'gpux' here" in words


# --- what is left behind -------------------------------------------------------------------------


OWN = ("own.py:reference", "own.py:INPUTS", "--cases", "30", "--no-isolate")


@pytest.fixture
def _program() -> None:
    """In the working directory, beside which a run finds it."""
    Path("own.py").write_text(PROGRAM, encoding="utf-8")


@pytest.mark.usefixtures("_program")
def test_a_kernel_that_got_worse_is_told_by_compare():
    """Gradient by gradient, as for built-in models."""
    right = invoke("against", "own.py:RIGHT", *OWN, "--report", "right")
    wrong = invoke("against", "own.py:WRONG", *OWN, "--report", "wrong")
    worse, fixed = invoke("compare", "right", "wrong"), invoke("compare", "wrong", "right")

    assert [done.exit_code for done in (right, wrong, worse, fixed)] == [0, 1, 1, 0]
    assert worse.stdout.startswith("WORSE  ")
    told = [line.split(":")[0].split() for line in worse.stdout.splitlines()]
    told = {tuple(words[1:3]) for words in told if words and words[0] == "worse"}
    assert {("reference", "x"), ("reference", "decay")} <= told
    assert not any(words[1].startswith("output") for words in told)
    assert fixed.stdout.startswith("OK  nothing got worse")


@pytest.mark.usefixtures("_program")
def test_the_page_is_rendered_again_from_the_records():
    """With the same verdict, and the same bytes."""
    invoke("against", "own.py:WRONG", *OWN, "--report", "wrong")
    before = Path("wrong/index.html").read_bytes()
    Path("wrong/index.html").unlink()
    again = invoke("report", "wrong")

    assert again.exit_code == 0
    assert Path("wrong/index.html").read_bytes() == before


@pytest.mark.usefixtures("_program")
def test_the_counterexample_holds_the_arrays_of_the_smallest_case():
    invoke("against", "own.py:WRONG", *OWN, "--report", "wrong")
    run = load_run(Path("wrong"))
    (failure,) = run.failures

    assert failure.spec.startswith("reference T=17 B=1 ")
    with np.load(Path("wrong", failure.counterexample)) as arrays:
        assert arrays["x"].shape == (17, 1)
        assert {"x", "decay", "cotangent of output[0]", "cotangent of output[1]"} <= set(arrays)
