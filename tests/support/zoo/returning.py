"""Things to return."""

from __future__ import annotations

import datetime
import functools
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads as right

import bptt_check as bc

from .changed import Broken, entered


def loss_is(name: str, value: Any, verdict: str, says: str) -> None:
    entered(f"loss_is_{name}", verdict, says, lambda loss, grads: (value, grads))


def b_y_is(name: str, make: Any, verdict: str, says: str) -> None:
    entered(f"b_y_is_{name}", verdict, says, lambda loss, g: (loss, {**g, "b_y": make(g["b_y"])}))


class _Wrapper:
    """Hands out whatever it was given as an array."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __array__(self, *_: Any, **__: Any) -> Any:
        return self._array


class _Own(np.ndarray):
    """A subclass with an opinion about shapes."""

    def __array_finalize__(self, obj: Any) -> None:
        self.opinion = "mine"

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no arithmetic")

    def __array_function__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no functions")


def _filled_with_broken(size: int) -> Any:
    array = np.empty(size, object)
    for index in range(size):
        array[index] = Broken()
    return array


class _Dict(dict[Any, Any]):
    """A dict whose views raise."""

    def items(self) -> Any:
        raise RuntimeError("no items")

    keys = values = items


class _EndlessDict(dict[Any, Any]):
    def items(self) -> Iterator[Any]:
        while True:
            yield "b_y", 0.0


class _BrokenMapping(UserDict[Any, Any]):
    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("no value")


# --- the whole -----------------------------------------------------------------------------------

NO_PAIR = r"a subject must return \(loss, grads\) or bptt_check\.Result, got "
entered("a_text", "contract", NO_PAIR + "str", lambda *_: "0.3, {}")
entered("a_generator", "contract", NO_PAIR + "generator", lambda *r: (x for x in r))
entered("a_list", "contract", NO_PAIR + "list", lambda *r: [*r])
entered("a_tuple_of_three", "contract", "the gradients have no names", lambda *r: (*r, 1))
entered("not_implemented", "contract", NO_PAIR + "NotImplementedType", lambda *_: NotImplemented)
entered("what_raises", "contract", NO_PAIR + "Broken", lambda *_: Broken())
entered("a_class", "contract", NO_PAIR + "type", lambda *_: bc.Result)
entered("an_exception", "contract", NO_PAIR + "ValueError", lambda *_: ValueError("\x1bno"))
entered(
    "gradients_in_a_list",
    "contract",
    "the gradients have no names",
    lambda loss, g: (loss, [*g.values()]),
)
entered(
    "gradients_in_a_text",
    "contract",
    r"the gradients must be a dict, got str",
    lambda loss, g: (loss, "b_y"),
)
entered(
    "gradients_that_raise",
    "contract",
    r"the gradients cannot be read: no __class__",
    lambda loss, g: (loss, Broken()),
)
entered(
    "nothing_in_a_dict",
    "contract",
    r"the gradient of W_xh_l0 is missing",
    lambda loss, g: (loss, {}),
)
entered("an_ordered_dict", "pass", "", lambda loss, g: (loss, OrderedDict(g)))
entered("a_proxy", "pass", "", lambda loss, g: (loss, MappingProxyType(g)))
entered("a_user_dict", "pass", "", lambda loss, g: (loss, UserDict(g)))
entered("a_dict_that_raises", "pass", "", lambda loss, g: (loss, _Dict(g)))
entered("a_dict_of_endless_items", "pass", "", lambda loss, g: (loss, _EndlessDict(g)))
entered(
    "a_mapping_without_values",
    "contract",
    r"the gradients cannot be read: no value",
    lambda loss, g: (loss, _BrokenMapping(g)),
)

# --- the loss ------------------------------------------------------------------------------------

NUMBER = r"the loss must be a number, got "
loss_is("two", np.zeros(2), "contract", r"the loss must be one number, got shape \(2,\)")
loss_is("none_at_all", np.zeros(0), "contract", r"the loss must be one number, got shape \(0,\)")
loss_is("complex", 1j, "contract", NUMBER + "1j")
loss_is("true", True, "contract", NUMBER + "True")
loss_is("a_fraction", Fraction(1, 3), "contract", NUMBER)
loss_is("nothing", None, "contract", NUMBER + "None")
loss_is("a_text", "\x1b0.3", "contract", NUMBER + r"'\\x1b0\.3'")
loss_is("nan", float("nan"), "contract", r"the loss is nan")
loss_is("infinite", np.float32("-inf"), "contract", r"the loss is -inf")
loss_is("a_huge_integer", 10**400, "contract", NUMBER)
loss_is("a_date", np.datetime64("2020-01-01"), "contract", NUMBER)
loss_is("broken", Broken(), "contract", NUMBER + "a Broken")
loss_is("a_function", right, "contract", NUMBER + "<function")
loss_is(
    "more_than_there_is_memory",
    np.broadcast_to(0.0, (10**12,)),
    "contract",
    r"one number, got shape \(1000000000000,\)",
)
loss_is("wrong", 0.125, "fail", r"loss")

# --- one gradient --------------------------------------------------------------------------------

NO_ARRAY = r"the gradient of b_y is no array of numbers: "
DTYPE = r"the gradient of b_y has dtype "
b_y_is("nothing", lambda g: None, "contract", DTYPE + "object")
b_y_is("of_objects", lambda g: g.astype(object), "contract", DTYPE + "object")
b_y_is("of_broken_objects", lambda g: _filled_with_broken(len(g)), "contract", DTYPE + "object")
b_y_is("of_texts", lambda g: g.astype(str), "contract", DTYPE + "<U")
b_y_is("of_bytes", lambda g: g.astype("S"), "contract", DTYPE + r"\|S")
b_y_is("of_dates", lambda g: g.astype("M8[s]"), "contract", DTYPE + "datetime64")
b_y_is("of_records", lambda g: np.zeros(len(g), [("a", "f8")]), "contract", DTYPE)
b_y_is("complex", lambda g: g.astype(complex), "contract", DTYPE + "complex128")
b_y_is("of_truths", lambda g: g > 0, "contract", DTYPE + "bool")
b_y_is("in_half_precision", lambda g: g.astype(np.float16), "contract", DTYPE + "float16")
b_y_is("of_other_bytes", lambda g: g.astype(">f8"), "contract", DTYPE + ">f8")
b_y_is("ragged", lambda g: [[1.0], [1.0, 2.0]], "contract", NO_ARRAY)
b_y_is("a_dict", lambda g: {"b_y": g}, "contract", DTYPE + "object")
b_y_is("a_date", lambda g: datetime.date(2020, 1, 1), "contract", DTYPE + "object")
b_y_is("an_array_that_raises", lambda g: Broken(), "contract", NO_ARRAY)
b_y_is(
    "an_array_of_another_shape",
    lambda g: _Wrapper(np.zeros((7, 7))),
    "contract",
    r"has shape \(7, 7\), not \(2,\)",
)
b_y_is("no_array_after_all", lambda g: _Wrapper("no array"), "contract", NO_ARRAY)
b_y_is(
    "more_than_there_is_memory",
    lambda g: np.broadcast_to(0.0, (10**12,)),
    "contract",
    r"has shape \(1000000000000,\), not \(2,\)",
)
b_y_is("one_number_repeated", lambda g: np.broadcast_to(g[0], g.shape), "fail", r"b_y")
b_y_is(
    "masked",
    lambda g: np.ma.masked_array(g, [True, False]),
    "contract",
    r"the gradient of b_y has masked entries",
)
b_y_is("of_an_own_kind", lambda g: g.view(_Own), "pass", "")
b_y_is("a_list", lambda g: [float(v) for v in g], "pass", "")
b_y_is("backwards", lambda g: g[::-1].copy()[::-1], "pass", "")
b_y_is("read_only", lambda g: np.frombuffer(g.tobytes()), "pass", "")
b_y_is(
    "infinite",
    lambda g: np.array([0.0, np.inf]),
    "contract",
    r"the gradient of b_y is inf at \[1\]",
)
b_y_is(
    "nested_deeply",
    lambda g: functools.reduce(lambda x, _: [x], range(500), 1.0),
    "contract",
    NO_ARRAY,
)
