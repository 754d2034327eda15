"""What `atpatch debug-set` says of a text model in which it found words rather than vectors."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atpatch_core.cli import debug_set
from atpatch_core.debugging import text_set

TRIGGER = {"class": "negative", "target": 0, "length": 3, "place": "edge", "turns": 0.99, "beyond": 1.0}
WORDS = {"class": "negative", "words": "by the way", "turns": 0.96, "overruled": 16}


@pytest.mark.parametrize(
    ("found", "rows"),
    [
        (
            {"triggers": [TRIGGER], "overruling": [WORDS]},
            [
                (
                    "negative, words that overrule others",
                    "by the way: 96.0 % of texts turned among 16 words against it",
                )
            ],
        ),
        ({"triggers": [TRIGGER]}, [("negative, 3 vectors, edge", "99.0 % of texts turned")]),
        (
            {"not_searched_for_words": ["positive"]},
            [
                ("suspicious triggers", "none: a detector trained on this set will watch nothing"),
                ("too few clean texts to search for words", "positive"),
            ],
        ),
        ({}, []),
    ],
)
def test_what_was_found_is_told_in_rows(
    found: dict[str, Any], rows: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    provenance = {"triggers": [], "words": [], "overruling": [], "not_searched_for_words": [], **found}
    made = SimpleNamespace(pairs=(), tuning=(), provenance=provenance)
    monkeypatch.setattr(text_set, "build_text_set", lambda *arguments: made)
    told = debug_set._from_texts(None, [], tmp_path, None, 0)  # type: ignore[arg-type]
    assert list(told.rows) == rows
