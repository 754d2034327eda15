"""Only one file reads and writes the address of a page, and what it reads is always something that is known."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atpatch_core import limits
from pages.shared import address, navigation
from tests.support.dashboard import ROOT

CODEC = ROOT / "pages" / "shared" / "address.py"

Visit = Callable[..., dict[str, Any]]


def _reads_or_writes_the_address(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Attribute) and node.attr == "query_params" for node in ast.walk(tree))


def test_only_the_codec_touches_the_parameters_of_the_address() -> None:
    found = {path for path in (ROOT / "pages").rglob("*.py") if _reads_or_writes_the_address(path)}
    assert found == {CODEC}


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Open a page by an address with these parameters; what the session keeps."""

    def arrive(arrived: bool = True, **params: str) -> dict[str, Any]:
        state: dict[str, Any] = {}
        monkeypatch.setattr(address.st, "query_params", params)
        monkeypatch.setattr(address.st, "session_state", state)
        monkeypatch.setattr(address, "just_arrived", lambda: arrived)
        return state

    return arrive


def _notes(state: dict[str, Any]) -> dict[str, str]:
    noted: dict[str, str] = state.get(navigation.OF_THIS_VISIT, {})
    return noted


@pytest.mark.parametrize(
    ("params", "found"),
    [({"layer": "2"}, "2"), ({}, ""), ({"layer": ""}, ""), ({"head": "2"}, "")],
)
def test_a_parameter_is_its_text_or_nothing(visit: Visit, params: dict[str, str], found: str) -> None:
    visit(**params)
    assert address.parameter("layer") == found


def test_a_parameter_is_no_longer_than_anybody_could_mean(visit: Visit) -> None:
    visit(layer="x" * 100_000)
    assert address.parameter("layer") == "x" * limits.ADDRESSES.characters


@pytest.mark.parametrize(
    ("asked", "found", "note"),
    [
        (None, ["b"], None),
        ("", ["b"], None),
        (",,", ["b"], None),
        ("a", ["a"], None),
        ("c,a", ["c", "a"], None),
        ("a,,a", ["a"], None),
        ("a,x,y", ["a"], "x, y\u201d, which is not here: left out."),
        ("x", ["b"], "x\u201d, which is not here: showing the usual ones."),
        ("A", ["b"], "A\u201d, which is not here: showing the usual ones."),
        (" a", ["b"], "showing the usual ones."),
    ],
)
def test_names_are_those_that_are_known_or_else_the_usual_ones(
    visit: Visit, asked: str | None, found: list[str], note: str | None
) -> None:
    state = visit(**({} if asked is None else {"defences": asked}))
    assert address.names("defences", ("a", "b", "c"), ["b"]) == found
    notes = _notes(state)
    assert list(notes) == ([] if note is None else ["defences"])
    if note is not None:
        assert notes["defences"].startswith("The link asks for defences \u201c")
        assert notes["defences"].endswith(note)


def test_the_usual_names_are_a_copy(visit: Visit) -> None:
    visit()
    usual = ["b"]
    address.names("defences", ("a", "b"), usual).append("a")
    assert usual == ["b"]


@pytest.mark.parametrize(
    ("asked", "usual", "found", "noted"),
    [
        (None, None, 200, False),
        ("", None, 200, False),
        (None, 1_000, 1_000, False),
        ("400", None, 400, False),
        ("400", 1_000, 400, False),
        ("500", None, 200, True),
        ("500", 1_000, 1_000, True),
        ("400.0", None, 200, True),
        ("nan", None, 200, True),
        ("1e2", None, 200, True),
    ],
)
def test_a_number_is_one_of_those_that_are_offered(
    visit: Visit, asked: str | None, usual: int | None, found: int, noted: bool
) -> None:
    state = visit(**({} if asked is None else {"images": asked}))
    assert address.one_of("images", [200, 400, 1_000], usual) == found
    if noted:
        assert _notes(state)["images"].endswith(f"which is not here: using {found}.")
    else:
        assert not _notes(state)


def test_a_number_with_decimals_is_found_as_it_is_written_in_addresses(visit: Visit) -> None:
    visit(fpr="0.05")
    assert address.one_of("fpr", [0.01, 0.05]) == 0.05


@pytest.mark.parametrize(
    ("asked", "found", "note"),
    [
        (None, "left", None),
        ("", "left", None),
        ("right", "right", None),
        ("up", "left", "The link asks for side \u201cup\u201d, which is not here: showing the left one."),
        ("Right", "left", "The link asks for side \u201cRight\u201d, which is not here: showing the left one."),
    ],
)
def test_a_text_is_one_that_is_known_or_else_the_usual_one(
    visit: Visit, asked: str | None, found: str, note: str | None
) -> None:
    state = visit(**({} if asked is None else {"side": asked}))
    assert address.text_of("side", ("left", "right"), "left", "showing the left one") == found
    assert _notes(state) == ({} if note is None else {"side": note})


def test_only_whoever_just_arrived_is_told_what_is_not_here(visit: Visit) -> None:
    state = visit(arrived=False, side="up")
    assert address.text_of("side", ("left",), "left", "showing the left one") == "left"
    assert not _notes(state)


def test_a_widget_begins_with_what_the_address_asks_for(visit: Visit) -> None:
    state = visit(count="400")
    assert address.widget("count_key", lambda: address.one_of("count", [200, 400]), [200, 400]) == "count_key"
    assert state == {"count_key": 400}


def test_a_widget_keeps_what_a_person_chose(visit: Visit) -> None:
    state = visit(count="400")
    state["count_key"] = 200
    address.widget("count_key", lambda: address.one_of("count", [200, 400]), [200, 400])
    address.widget("count_key", lambda: address.one_of("count", [200, 400]))
    assert state == {"count_key": 200}


def test_a_widget_whose_choice_is_gone_begins_anew(visit: Visit) -> None:
    state = visit(count="400")
    state["count_key"] = 1_000
    address.widget("count_key", lambda: address.one_of("count", [200, 400]), [200, 400])
    assert state == {"count_key": 400}
