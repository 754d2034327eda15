"""CSV that no spreadsheet runs, and that gives every text back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.files.spreadsheet import as_csv, cell_of, text_of

_BEGINNINGS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Texts as a person with bad intentions writes them, and others.
_TEXTS = st.text(st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n '\"|,;\0\ufeffab1"), max_size=8) | st.text(
    max_size=8
)


def _looks_like_a_formula(cell: str) -> bool:
    """As a spreadsheet decides, blanks and what else it drops in front left out."""
    return cell.lstrip("\0\ufeff \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029").startswith(_BEGINNINGS)


@given(_TEXTS)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert not _looks_like_a_formula(cell_of(text))


@given(_TEXTS)
def test_every_text_comes_back(text: str) -> None:
    assert text_of(cell_of(text)) == text


@given(st.lists(st.lists(_TEXTS, min_size=2, max_size=3), min_size=1, max_size=4))
def test_a_table_comes_back_cell_by_cell(table: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(as_csv(table), newline="")))
    assert [[text_of(cell) for cell in row] for row in read] == table
    assert not any(_looks_like_a_formula(cell) for row in read for cell in row)


@given(_TEXTS)
def test_whatever_stands_between_line_ends_in_the_file_is_no_formula(text: str) -> None:
    # Not all programs know that a line end within quotes belongs to the cell; then a line begins with what follows it.
    line = as_csv([["first", text]])
    assert line.startswith("first,")
    assert text == "" or "\r" not in text or line.count('"') >= 2


@pytest.mark.parametrize("text", ["plain", "a = b", "1-1", "it's", "\u2212 5", "caf\u00e9", ""])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert cell_of(text) == text == text_of(text)


def test_numbers_are_numbers() -> None:
    cells = [-1, -0.123456789, 1e-9, float("nan"), float("-inf"), None, 3]
    assert as_csv([cells]) == "-1,-0.123457,1e-09,,,,3\r\n"
