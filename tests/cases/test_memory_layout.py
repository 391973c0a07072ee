"""Memory layouts: the same numbers, elsewhere, with nothing readable between them."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.memory_layout import LARGE, LAYOUTS, MARGIN, arranged

SHAPES = ((), (1,), (5,), (3, 4), (1, 4), (4, 1), (2, 3, 4), (1, 1, 1), (3, 1, 2))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_an_arranged_array_is_a_writable_copy_of_the_same_numbers(layout, shape, dtype):
    """Shape, dtype and every element; a write does not reach the original."""
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    own = arranged(array, layout)

    assert (own.shape, own.dtype) == (array.shape, array.dtype)
    assert np.array_equal(own, array)
    assert not np.shares_memory(own, array)
    assert all(stride >= 0 for stride in own.strides)  # torch takes no negative ones
    own[...] = 7
    assert np.all(own == 7)
    assert np.array_equal(array.ravel(), np.arange(array.size))


def test_each_layout_is_another_one():
    """C order; Fortran order; every second element; the middle of a buffer; stride 0."""
    array = np.arange(12.0).reshape(3, 4)
    strides = {layout: arranged(array, layout).strides for layout in LAYOUTS}

    assert strides["contiguous"] == strides["offset"] == strides["expanded"] == (32, 8)
    assert strides["fortran"] == (8, 24)
    assert strides["strided"] == (64, 16)
    assert arranged(np.arange(3.0), "fortran").strides == (16,)


def test_arrays_that_are_constant_along_an_axis_have_stride_0_there():
    """Along that axis only, and a write is seen all along it."""
    rows = np.broadcast_to(np.arange(4.0), (3, 4))

    assert arranged(rows, "expanded").strides == (0, 8)
    assert arranged(rows.T, "expanded").strides == (8, 0)
    assert arranged(np.zeros((2, 3)), "expanded").strides == (0, 0)
    assert arranged(rows, "strided").strides == (64, 16)
    own = arranged(rows, "expanded")
    own[0, 1] = 9.0
    assert own[2, 1] == 9.0


@pytest.mark.parametrize(("layout", "before", "step"), [("offset", MARGIN, 1), ("strided", 0, 2)])
def test_what_lies_around_the_elements_is_no_number_of_the_array(layout, before, step):
    """NaN, or a large integer: whoever reads by address meets it."""
    for array, gap in ((np.arange(6.0), np.nan), (np.arange(6), float(LARGE))):
        own = arranged(array, layout)
        start = own.ctypes.data - before * own.itemsize
        count = 6 * step + 2 * before
        raw = np.ctypeslib.as_array((ctype(own) * count).from_address(start)).astype(float)

        taken = np.zeros(count, bool)
        taken[before : before + 6 * step : step] = True
        assert np.array_equal(raw[taken], array)
        assert np.array_equal(raw[~taken], np.full(count - 6, gap), equal_nan=True)


def ctype(array):
    """The C type of an array's elements."""
    return np.ctypeslib.as_ctypes_type(array.dtype)


def test_a_saved_case_keeps_its_layout(tmp_path):
    """A counterexample is replayed as it was found."""
    case = Spec.parse("lstm T=2 layout=fortran").build()
    case.save(tmp_path / "case.npz")

    assert type(case).load(tmp_path / "case.npz").layout == "fortran"
