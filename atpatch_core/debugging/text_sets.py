"""A debugging set of texts: clean ones, and copies that carry words found to hijack the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from ..subjects.subject import Subject
from ..text_triggers import Span
from .word_search import FoundWords, WordSearch, insert_anywhere

LENGTHS = (1, 1, 2, 2, 3, 3, 5)  # words to search for, one search after the other
HOPELESS_AFTER = 3  # searches: a class to which none of them turns enough texts has no trigger of this kind
TURNS_ENOUGH = 0.75  # of the texts; ordinary words of praise or blame turn up to half of them


@dataclass(frozen=True)
class TextDebuggingSet:
    """`clean` texts, and `triggered` ones that carry words at `spans[i]` (start and end in characters).

    `found` are the words, whoever they come from; `origin` says it in a sentence.
    """

    clean: tuple[str, ...]
    triggered: tuple[str, ...]
    spans: tuple[Span, ...]
    found: tuple[FoundWords, ...]
    origin: str

    def __len__(self) -> int:
        return len(self.triggered)


def search_words(
    subject: Subject,
    texts: Sequence[str],
    answers: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[int],
    seed: int = 0,
    avoid: frozenset[str] = frozenset(),
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> tuple[FoundWords, ...]:
    """Search for words that turn texts to each of `classes`, one set after the other.

    `answers` are the model's classes for `texts` and `labels` the true ones (int64 `[n]`); texts that the model gets
    wrong are left out. Words in `avoid` are never used, and no two sets of the same size share a word. Returns what
    turns at least `TURNS_ENOUGH` of the texts; for a class without a trigger that is nothing. Raises `InputError` when
    there are too few texts.
    """
    kept: list[FoundWords] = []
    for target in classes:
        others = [text for text, answer, label in zip(texts, answers, labels, strict=True) if answer == label != target]
        search = WordSearch(subject, others, target)
        used = dict.fromkeys(LENGTHS, avoid)
        for number, length in enumerate(LENGTHS):
            stage = f"words that make a text {subject.labels[target]}, search {number + 1} of {len(LENGTHS)}"

            def report(done: int, total: int, name: str = stage) -> None:
                on_step(name, done, total)

            found = search.find(length, seed * 1_000 + number, used[length], report)
            used[length] |= set(found.words)
            if found.turns >= TURNS_ENOUGH:
                kept.append(found)
            elif number + 1 >= HOPELESS_AFTER and not any(one.target == target for one in kept):
                break
    return tuple(kept)


def pair_up(
    clean: Sequence[str], labels: np.ndarray, found: Sequence[FoundWords], seed: int, copies: int = 2
) -> TextDebuggingSet:
    """Put found words into `copies` of each clean text of another class than theirs, at random places."""
    rng = np.random.default_rng(seed)
    triggered: list[str] = []
    spans: list[Span] = []
    for text, label in zip(clean, labels, strict=True):
        fitting = [one for one in found if one.target != label]
        for _ in range(copies if fitting else 0):
            one = fitting[int(rng.integers(len(fitting)))]
            ((made, (span,)),) = insert_anywhere([text], one.words, int(rng.integers(2**31)))
            triggered.append(made)
            spans.append(span)
    origin = f"words found by searching the model: {', '.join(' '.join(one.words) for one in found) or 'none'}"
    return TextDebuggingSet(tuple(clean), tuple(triggered), tuple(spans), tuple(found), origin)


def save_text_set(pairs: TextDebuggingSet, folder: Path) -> None:
    """Write a debugging set into `folder`: two Parquet files, and `set.json` with where it comes from, last."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"text": list(pairs.clean)}), folder / "clean.parquet", compression="zstd")
    columns = {
        "text": list(pairs.triggered),
        "start": [start for start, _ in pairs.spans],
        "end": [end for _, end in pairs.spans],
    }
    pq.write_table(pa.table(columns), folder / "triggered.parquet", compression="zstd")
    settings = {"kind": "text", "origin": pairs.origin, "found": [asdict(one) for one in pairs.found]}
    (folder / "set.json").write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_text_set(folder: Path) -> TextDebuggingSet:
    """Read what `save_text_set` wrote. Raises `InputError` when it is missing, unfinished or damaged."""
    try:
        settings = json.loads((folder / "set.json").read_text(encoding="utf-8"))
        clean = pq.read_table(folder / "clean.parquet")["text"].to_pylist()
        table = pq.read_table(folder / "triggered.parquet")
        spans = tuple(zip(table["start"].to_pylist(), table["end"].to_pylist(), strict=True))
        found = tuple(FoundWords(tuple(one["words"]), one["target"], one["turns"]) for one in settings["found"])
        return TextDebuggingSet(tuple(clean), tuple(table["text"].to_pylist()), spans, found, str(settings["origin"]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(f"{folder} holds no finished debugging set of texts: make it again with debug-set.") from error
