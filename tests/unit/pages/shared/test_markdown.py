"""Text from outside in Markdown: what a Markdown parser makes of it, whatever it is and wherever it stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pages.shared.markdown import plain

_PIECES = (
    *"\\`*_{}[]()#+-.!|<>$:~^=&\"'@/ a1w;,?\u00e9",
    *("**", "~~", "$$", "```", "](", "![", "1.", "- ", "---", "&amp;", "http://", "www.", "<b>"),
)
_TEXTS = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=12).map("".join)
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _inline(source: str) -> list[Token]:
    tokens = _PARSER.parse(source)
    assert [one.type for one in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


@settings(max_examples=500, deadline=None)
@example("_a_", "x ")
@example("a_b_ c_d", "")
@example("\u00e9_a_", "")
@example("a_!_", "")
@example("> a", "")
@example("![a](b)", "")
@example("<http://a.b>", "")
@given(_TEXTS.filter(lambda text: text.strip() != ""), st.sampled_from(("", "x ", "(", "x\n")))
def test_a_parser_finds_nothing_but_the_text_itself(text: str, before: str) -> None:
    # The parser drops spaces at the ends; four of them at the start would be code, and Streamlit drops them, too.
    text = text.strip()
    children = _inline(before + plain(text))
    assert {one.type for one in children} <= {"text", "text_special", "softbreak"}
    read = "".join("\n" if one.type == "softbreak" else one.content for one in children)
    assert read.replace("\u2060", "") == before + text


@given(_TEXTS)
def test_a_sentence_around_it_keeps_its_own_emphasis(text: str) -> None:
    kinds = [one.type for one in _inline(f"The answer is **a{plain(text)}z**.") if not one.type.startswith("text")]
    assert kinds == ["strong_open", "strong_close"]


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [("[", "a](b)", ""), ("", "[a", "](b)"), ("", "a*", "*"), ("", "`a", "`"), ("", "&amp", ";"), ("", "a\\", "*")],
)
def test_no_half_finds_its_other_half_in_the_sentence_around_it(before: str, text: str, after: str) -> None:
    children = _inline(before + plain(text) + after)
    assert all(one.type.startswith("text") for one in children)
    assert "".join(one.content for one in children) == before + text + after


def test_a_link_of_our_own_after_it_stays_a_link() -> None:
    assert "image" not in {one.type for one in _inline(f"{plain('Look!')}[here](there)")}


# Streamlit makes these of the text that a parser has read, so that no escape helps.
@pytest.mark.parametrize("text", ["https://evil.com/a", "HTTP://evil.com", "WWW.evil.com", "(www.evil.com)", "a@b.com"])
def test_an_address_is_broken_where_nobody_sees_it(text: str) -> None:
    read = re.sub(r"\\(.)", r"\1", plain(text))
    assert read.replace("\u2060", "") == text
    assert not re.search(r"(?i)https?://[-.\w]|www\.|@[-\w]", read)


@pytest.mark.parametrize("text", [":smile:", ":red[x]", "x :a: y", ":::note", ":streamlit:", ":material/home:"])
def test_no_colon_starts_or_ends_a_name(text: str) -> None:
    assert not re.search(r"(?<!\\):", plain(text))
    assert not re.search(r":(?:streamlit|material)", plain(text).replace("\\", ""))


@pytest.mark.parametrize(
    "text",
    [
        "marital-status",
        "hours-per-week, 1 to 99",
        "income (USD)",
        'it\'s 5+5 = "ten"',
        "v1.2.png",
        "C#",
        "R&D x",
        "hours_per_week",
    ],
)
def test_a_screen_reader_hears_no_backslash_in_an_ordinary_name(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "written"), [("- x", "\\- x"), ("1. x", "1\\. x"), ("2) x", "2\\) x"), ("17-90", "17-90")]
)
def test_what_makes_a_list_does_so_at_the_start_only(text: str, written: str) -> None:
    assert plain(text) == written
    assert plain(f"a {text}") == f"a {text}"
