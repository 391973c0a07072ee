"""Writing into arrays, views, and what a traced array refuses to be."""

from __future__ import annotations

import numpy as np
import pytest
from support.plain_code import assert_derivative, drawn

from bptt_check.errors import SpecError
from bptt_check.recurrences.numpy_code import NumPyCode

ARRAYS = drawn(x=(5, 3), h=(3,), w=(3, 3))


def loop_into_zeros(x, h, w):
    out = np.zeros((5, 3))
    for t in range(5):
        h = np.tanh(x[t] + w @ h)
        out[t] = h
    return out, h


def recurrence_in_the_buffer(x, h, w):
    """Each step reads what the last one wrote."""
    states = np.empty((6, 3))
    states[0] = h
    for t in range(5):
        states[t + 1] = np.tanh(x[t] + w @ states[t])
    return states[1:], states[-1]


def reads_before_and_after(x, h, w):
    buffer = x * 1.0
    before = buffer[1] * h
    whole = buffer * buffer
    buffer[1] = h * h
    after = buffer[1] * w[0]
    buffer[1:3, 0] = 2.0
    buffer[2] += before
    return before, whole, after, buffer


def added_in_place(x, h, w):
    total = np.zeros_like(h)
    for t in range(5):
        total += x[t] * h
    total *= w[0]
    total -= h
    total /= 2.0
    return total


def slices_added_in_place(x, h, w):
    out = np.zeros((5, 3, 2))
    for t in range(5):
        out[t, :, 0] += x[t]
        out[t, :, 0] *= h
        out[t, 1] -= w[0, :2]
    return out


def through_a_view(x, h, w):
    """Rows are views: what is written into one is written into the whole."""
    y = x.copy()
    row = y[2]
    row += h
    row[0] = 7.0
    inner = y[1:4][1]
    inner[1] = w[0, 0]
    return y, row * 2.0, inner * h


def view_sees_the_whole(x, h, w):
    y = x * 1.0
    row, part = y[2], y[1:]
    y[2] = h
    y *= 2.0
    return row * w[0], part[1], y


def inputs_in_place(x, h, w):
    """As NumPy has it: another name of an input sees it, too."""
    same = x
    x *= 2.0
    x[0] = h
    return same * same, x


def masks_and_arrays(x, h, w):
    y = x.copy()
    y[np.arange(15).reshape(5, 3) % 2 == 0] = 0.0
    y[[0, 2]] = w[:2]
    y[[1, 3], [0, 2]] *= h[:2]
    y[..., -1] += h[0]
    y[None, 4] = h[None]
    y[[1, 4], 1:] = h[1:]
    return y


def scalar_writes(x, h, w):
    out = np.zeros(4)
    for i in range(3):
        out[i] = x[i, i] * h[i]
    out[3] = np.float64(1.5)
    return out


def swapped(x, h, w):
    y = x * 1.0
    y[0], y[1] = y[1].copy(), y[0].copy()
    y[2:4] = y[2:4][::-1].copy()
    return y


def shapes_of_a_copy(x, h, w):
    """A reshaped copy that is written into leaves the rest alone."""
    flat = x.reshape(-1)
    flat += 1.0
    turned = np.transpose(w)
    turned[0] = h
    return flat, turned, h * h


def forward_substitution(x, h, w):
    """An inverse of a unit lower triangular matrix, row by row."""
    low = np.tril(w, -1)
    inverse = np.eye(3)
    for i in range(1, 3):
        inverse[i, :i] = -low[i, :i] @ inverse[:i, :i]
    return inverse, inverse @ h


def in_lists(x, h, w):
    states = [h]
    for t in range(5):
        states.append(states[-1] * 0.5 + x[t])
    return np.stack(states), np.array(states[1:]), np.asarray([s.sum() for s in states])


WRITING = [
    loop_into_zeros, recurrence_in_the_buffer, reads_before_and_after, added_in_place,
    slices_added_in_place, through_a_view, view_sees_the_whole, inputs_in_place, masks_and_arrays,
    scalar_writes, swapped, shapes_of_a_copy, forward_substitution, in_lists,
]  # fmt: skip


@pytest.mark.parametrize("function", WRITING, ids=lambda f: f.__name__)
def test_code_that_writes(function):
    assert_derivative(function, ARRAYS)


def test_inputs_of_the_caller_stay_as_they_are():
    code = NumPyCode(inputs_in_place)
    given = {name: a.copy() for name, a in ARRAYS.items()}

    code.outputs(given)
    code.gradients(given, {}, ["x"])
    code.outputs({**given, "x": given["x"] + 0j})

    for name, array in given.items():
        np.testing.assert_array_equal(array, ARRAYS[name])


PLAIN = np.zeros((5, 3))


def into_plain(x):
    """An array that was there before the code ran."""
    made = PLAIN.copy()
    made[0] = x[0]
    return made


def after_a_reshaped_write(x):
    y = x * 1.0
    flat = y.reshape(-1)
    flat[0] = 1.0
    return y


def stale_shape(x):
    y = x * 1.0
    turned = y.T
    y[0] = 1.0
    return turned * 2.0


def written_twice(x):
    y = x * 1.0
    y[[0, 0]] = x[:2]
    return y


def wider_in_place(x):
    y = x[0]
    y += x
    return y


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (into_plain, "collect the steps in a list and np.stack it"),
        (lambda x: float(x[0, 0]) * x, "loses its gradient"),
        (lambda x: np.add(x, 1.0, out=PLAIN.copy()), "np.zeros_like"),
        (after_a_reshaped_write, "a view of it of another shape"),
        (stale_shape, "a view of it of another shape"),
        (written_twice, "names twice"),
        (wider_in_place, "in place"),
        (lambda x: x.fft(), "no 'fft'"),
        (lambda x: len(x[0, 0]) * x, "unsized"),
        (lambda x: x if x > 0 else -x, "ambiguous"),
    ],
)
def test_what_would_lose_a_gradient_is_refused(function, words):
    """Never silently wrong: each of these says what to do."""
    with pytest.raises((SpecError, TypeError, AttributeError, ValueError), match=words):
        NumPyCode(function).gradients({"x": ARRAYS["x"]}, {}, ["x"])


def test_constants_may_be_plain_numbers():
    """What depends on no input can be an integer, a float, or an array of NumPy."""

    def function(x):
        steps = np.zeros(())
        for _ in range(3):
            steps += 1.0
        three = PLAIN[0].copy()
        three[:] = np.ones(3)
        return x[int(steps)] * float(steps) * three

    assert_derivative(function, {"x": ARRAYS["x"]})
