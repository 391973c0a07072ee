"""Names of gradients, outputs and the rest of a result."""

from __future__ import annotations

from typing import Any

import numpy as np
from bptt_reference import loss_and_grads as right

import bptt_check as bc

from .changed import Broken, entered


def with_keys(name: str, keys: Any, verdict: str, says: str) -> None:
    entered(
        f"keys_{name}",
        verdict,
        says,
        lambda loss, g: (loss, {**g, **dict.fromkeys(keys, g["b_y"])}),
    )


class _Endless(dict[Any, Any]):
    def __iter__(self) -> Any:
        while True:
            yield "b_y"


class _Text(str):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


# --- names ---------------------------------------------------------------------------------------

NO_INPUT = r"there is no input "
with_keys("of_numbers", [7], "contract", NO_INPUT + r"'7 \(int\)'")
with_keys("of_none", [None], "contract", NO_INPUT + r"'None \(NoneType\)'")
with_keys("of_tuples", [("b", "y")], "contract", NO_INPUT)
with_keys("of_bytes", [b"b_y"], "contract", NO_INPUT + r"\"b'b_y' \(bytes\)\"")
with_keys(
    "of_a_million_characters",
    ["k" * 10**6],
    "contract",
    NO_INPUT + r"'k{60}'\.\.\. \(1,000,000 characters\)",
)
with_keys(
    "by_the_thousand",
    [f"k{i}" for i in range(20_000)],
    "contract",
    r"and 19,9\d\d more that are none",
)
with_keys("of_half_a_pair", ["W\udc80"], "contract", NO_INPUT + r"'W\\udc80'")
with_keys("of_ansi", ["\x1b[2J"], "contract", NO_INPUT + r"'\\x1b\[2J'")
with_keys("reversed", ["\u202ey_b"], "contract", NO_INPUT + r"'\\u202ey_b'")
with_keys("with_an_end_of_line", ["b_y\n"], "contract", NO_INPUT + r"'b_y\\n'")
with_keys("without_a_name", [""], "contract", NO_INPUT + "''")
with_keys("of_types", [float, right], "contract", NO_INPUT)
with_keys("without_a_text", [_Text("k")], "contract", NO_INPUT)
entered(
    "names_of_others_by_the_thousand",
    "contract",
    r"names that came: \\x1bd0, .* and 480 more",
    lambda loss, g: (loss, {f"\x1bd{i}": g["b_y"] for i in range(500)}),
)
entered(
    "names_of_others_with_half_a_pair",
    "contract",
    r"names that came: W_xh_l0\\udc80",
    lambda loss, g: (loss, {f"{n}\udc80": a for n, a in g.items()}),
)
entered(
    "names_without_end",
    "contract",
    r"the gradients have more than 100,000 names",
    lambda loss, g: (loss, _Endless(g)),
)
with_keys("that_look_alike", ["b\u200b_y"], "contract", NO_INPUT + r"'b\\u200b_y'")
with_keys("of_data", ["targets"], "contract", NO_INPUT + "'targets'")

# --- outputs, and the rest of a result -----------------------------------------------------------


def with_outputs(name: str, outputs: Any, verdict: str, says: str) -> None:
    entered(f"outputs_{name}", verdict, says, lambda *r: bc.Result(*r, outputs=outputs))


with_outputs("in_a_list", [1.0], "contract", r"the outputs must be a dict, got list")
with_outputs("in_a_text", "y", "contract", r"the outputs must be a dict, got str")
with_outputs("of_texts", {"y": "\x1b"}, "contract", r"the output 'y' has dtype <U1")
with_outputs("of_nothing", {"y": None}, "contract", r"the output 'y' has dtype object")
with_outputs("under_numbers", {7: np.zeros(2)}, "pass", "")
with_outputs("under_half_a_pair", {"\udc80": np.zeros(2)}, "pass", "")
with_outputs("that_raise", Broken(), "contract", r"the outputs cannot be read: no __class__")
with_outputs(
    "of_broken_objects", {"y": Broken()}, "contract", r"the output 'y' cannot be read: no "
)
with_outputs(
    "complex", {"y": np.zeros(2, complex)}, "contract", r"the output 'y' has dtype complex128"
)
with_outputs(
    "without_end",
    {"y": np.broadcast_to(0.0, (10**12,))},
    "contract",
    r"the outputs hold 1,000,000,000,000 numbers; at most 67,108,864",
)
with_outputs("of_24_megabytes", {"y": np.broadcast_to(0.0, (3 * 10**6,))}, "pass", "")
with_outputs("of_nan", {"y": np.full(3, np.nan)}, "pass", "")
with_outputs("of_hostile_names", {"\x1b[2J": np.zeros(1), "\u202e": np.zeros(1)}, "pass", "")
entered("result_without_what_is_no_name", "pass", r"", lambda *r: bc.Result(*r, without=(7,)))
entered(
    "result_without_everything",
    "inconclusive",
    "",
    lambda loss, g: bc.Result(loss, {}, without=tuple(g)),
)
entered(
    "result_with_bounds",
    "pass",
    "",
    lambda *r: bc.Result(*r, bounds={"b_y": Broken()}, proven=True),
)
entered(
    "result_without_a_number",
    "error",
    r"raised TypeError: 'int' object is not iterable",
    lambda *r: bc.Result(*r, without=7),
)
