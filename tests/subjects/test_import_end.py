"""A check that a module makes while it is imported as a subject ends the import."""

from __future__ import annotations

import pytest

from bptt_check.subjects.import_end import CheckReached, end_import, importing


def test_a_check_goes_on_where_nothing_is_imported():
    """And again after an import, also one that failed."""
    end_import()
    with pytest.raises(ValueError, match="no"), importing():
        raise ValueError("no")
    end_import()


def test_a_check_ends_the_import_that_it_is_part_of():
    """Nothing that a module would catch."""
    with pytest.raises(CheckReached), importing():
        end_import()

    assert not issubclass(CheckReached, Exception)
