"""Reading texts: whatever the file, either its text or one sentence; and nothing hidden stays hidden."""

from __future__ import annotations

import pytest

from atpatch_core.errors import InputError
from atpatch_core.subjects.text_files import read_text, visible
from tests.support.text_models import REFUSED, STRANGE


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_usable_text_is_refused_in_one_sentence(name: str) -> None:
    content, reason = REFUSED[name]
    with pytest.raises(InputError, match=reason) as refusal:
        read_text(content)
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize("name", STRANGE)
def test_strange_texts_are_read_as_they_are(name: str) -> None:
    assert read_text(STRANGE[name].encode()) == STRANGE[name]


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert read_text("\ufeffa fine film".encode()) == "a fine film"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("film", "film"),
        ("fi\u200blm", "fi\u2039U+200B\u203alm"),
        ("\u202emlif", "\u2039U+202E\u203amlif"),
        ("a\nb\tc", "a b c"),
        ("\u0645\u0631", "\u0645\u0631"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("fi\u200dlm", "fi\u2039U+200D\u203alm"),
        ("a\u0000b", "a\u2039U+0000\u203ab"),
        ("a\u2028b", "a\u2039U+2028\u203ab"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown
