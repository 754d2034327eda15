"""Where `make results` writes its tables in README.md."""

from __future__ import annotations

from benchmarks.make_results import AFTER, BEGIN, END, with_comparison


def test_the_first_time_it_comes_behind_the_first_results() -> None:
    text = with_comparison(f"before\n{AFTER}\nafter\n", "| table |\n")
    assert text == f"before\n{AFTER}\n\n{BEGIN}\n\n| table |\n\n{END}\nafter\n"


def test_then_it_replaces_what_was_there_and_nothing_else() -> None:
    first = with_comparison(f"before\n{AFTER}\nafter\n", "old\nold")
    assert with_comparison(first, "new") == first.replace("old\nold", "new")
    assert with_comparison(first, "old\nold") == first
