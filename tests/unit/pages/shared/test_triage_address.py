"""The address of a view: there and back without loss, and deaf to nonsense."""

from __future__ import annotations

import pytest

from atpatch_core.column import Column
from pages.shared.markdown import plain, quoted
from pages.shared.triage_address import Seen, View, from_params, to_params


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(subject="a b&c=d", sample="s-1", layer=0, head=11, threshold=0.123, patch=True),
        View(subject="x", upload="0f" * 32, columns=(Column(0, 1, 49), Column(2, 0, 3)), hide_special=True),
        View(threshold=0.0),
        View(subject="x", sample="s", detector="shipped 1a2b3c4d"),
        View(subject="x", sample="s", reference=Seen("other model", sample="a b/c")),
        View(upload="0f" * 32, reference=Seen("x", upload="1e" * 32), parent=Seen("x", sample="s")),
    ],
)
def test_a_view_is_the_same_after_going_through_its_address(view: View) -> None:
    assert from_params(to_params(view)) == (view, ())


def test_what_is_calibrated_or_empty_is_not_in_the_address() -> None:
    assert to_params(View(subject="x", sample="s")) == {"subject": "x", "sample": "s", "patch": "off"}


def test_only_an_upload_can_be_an_edited_copy() -> None:
    view = View(subject="x", sample="s", parent=Seen("x", sample="t"))
    assert "parent" not in to_params(view)
    assert from_params({"sample": "s", "parent": "x/sample/t"}) == (View(sample="s"), ())


def test_half_a_map_is_said_to_be_none() -> None:
    view, notices = from_params({"layer": "2"})
    assert view == View()
    assert notices == ("The link names a layer without a head, or a head without a layer: choosing a map.",)


def test_an_upload_goes_before_a_sample() -> None:
    assert "sample" not in to_params(View(sample="s", upload="0f" * 32))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("upload", "../../etc/passwd"),
        ("upload", "A" * 64),
        ("layer", "-1"),
        ("layer", "1e3"),
        ("head", "\u0663"),
        ("layer", "9" * 5000),
        ("threshold", "inf"),
        ("threshold", "nan"),
        ("threshold", "1.5"),
        ("threshold", "abc"),
        ("patch", "1"),
        ("reference", "x"),
        ("reference", "x/sample/"),
        ("reference", "/sample/s"),
        ("reference", "x/file/s"),
        ("reference", "x/upload/../../etc/passwd"),
        ("parent", "x/upload/abc"),
        ("parent", "x" * 5000 + "/sample/s"),
        ("columns", "0.0"),
        ("columns", "0.0.0_"),
        ("columns", "0.0.-1"),
        ("columns", "a.b.c"),
        ("columns", "_".join(["0.0.1"] * 500)),
    ],
)
def test_nonsense_is_left_out_with_one_sentence(name: str, value: str) -> None:
    view, notices = from_params({name: value})
    assert view == View()
    assert len(notices) == 1
    assert name in notices[0]
    assert len(notices[0]) < 200


@pytest.mark.parametrize("text", ["**bold**", "[a](http://b)", "# head", ":red[x]", "$x$", "<b>", "`c`", "_a_", "1."])
def test_markdown_in_foreign_text_is_escaped(text: str) -> None:
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    assert all(
        escaped[place - 1] == "\\" for place, letter in enumerate(escaped) if letter in "*[]()#:$<>`_." and place
    )


def test_foreign_text_stays_on_one_line_and_short() -> None:
    assert "\n" not in plain("a\n# b")
    assert len(quoted("x" * 500)) < 50
