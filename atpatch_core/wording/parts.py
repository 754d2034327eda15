"""The parts of an input that columns stand for, in words: the patches, the words and phrases, the fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..column import Column
from ..inspection.results import Flags, Inspection
from ..inspection.words import whole_word, word_groups
from ..layout import Layout
from .phrases import listed

MOST_NAMED = 5  # parts of the input
_MOST_WORDS = 12  # of a phrase that is spelt out
_MOST_PIECES = 12  # of a word; some tokenizers take a whole text for one


@dataclass(frozen=True)
class _Part:
    """A patch, a field, or neighbouring words that read as one; `name` says so."""

    name: str
    keys: tuple[int, ...]
    words: int
    special: bool


def parts_in_words(columns: Sequence[Column], inspection: Inspection) -> tuple[str, bool]:
    """What columns stand for, such as "the patches at row 1, column 0 and at row 6, column 6".

    All parts are named if they are few; otherwise those that score highest, with how many more there are.

    Args:
        columns: at least one.
        inspection: what was found in the input.

    Returns:
        The words, and whether they are a plural.
    """
    layout = inspection.layout
    ranked = _ranked(_parts(sorted({column.key for column in columns}), layout), columns, inspection.flags)
    times = Counter(part.name for part in ranked)
    different = [next(part for part in ranked if part.name == name) for name in times]
    named = different[:MOST_NAMED]
    if layout.unit != "field":
        named.sort(key=lambda part: (part.special, part.keys))
    ordinary = [part for part in named if not part.special]
    names = [_name(number, part, times[part.name], layout) for number, part in enumerate(ordinary)]
    special = [part.name for part in named if part.special]
    if len(different) > len(named):
        (special or names).append(f"{len(different) - len(named)} more")
    phrase = listed([*([f"{_unit(ordinary, layout)} {listed(names)}"] if ordinary else []), *special])
    many = len(different) > 1 or any(part.words > 1 for part in ordinary)
    where = ""
    if layout.grid is not None and len(ordinary) == len(different) == 1:
        where = f" ({_region(ordinary[0].keys[0], layout)})"
    return phrase + where, many


def _parts(keys: Sequence[int], layout: Layout) -> list[_Part]:
    """The parts of the input with these keys, which are in order."""
    if layout.words is None:
        return [_Part(layout.key_names[key], (key,), 1, layout.special[key]) for key in keys]
    wanted = set(keys)
    groups = [group for word in word_groups(layout) if wanted.intersection(word) for group in _readable(word, wanted)]
    runs: list[list[list[int]]] = []
    for group in groups:
        goes_on = runs and runs[-1][-1][-1] + 1 == group[0]
        if goes_on and not layout.special[group[0]] and not layout.special[runs[-1][-1][0]]:
            runs[-1].append(group)
        else:
            runs.append([group])
    return [_phrase(run, layout) for run in runs]


def _readable(word: list[int], wanted: set[int]) -> list[list[int]]:
    """The whole word, or the wanted parts of one that has too many to be read as a word."""
    return [word] if len(word) <= _MOST_PIECES else [[key] for key in word if key in wanted]


def _phrase(run: list[list[int]], layout: Layout) -> _Part:
    """Neighbouring words as they are read."""
    shown = run[:_MOST_WORDS]
    text = whole_word(layout, shown[0])
    for before, group in pairwise(shown):
        text += ("" if _touch(before[-1], group[0], layout) else " ") + whole_word(layout, group)
    if len(shown) < len(run):
        text += " \u2026"
    keys = tuple(key for group in run for key in group)
    return _Part(text, keys, len(run), layout.special[keys[0]])


def _touch(before: int, key: int, layout: Layout) -> bool:
    """Whether nothing stands between two tokens in the text, as before a full stop."""
    ends, starts = (None if layout.spans is None else layout.spans[token] for token in (before, key))
    return ends is not None and starts is not None and ends[1] == starts[0]


def _ranked(parts: list[_Part], columns: Sequence[Column], flags: Flags) -> list[_Part]:
    """The parts with the highest scores first; those that score alike in the order of the input."""
    highest: dict[int, float] = {}
    for column in columns:
        score = flags.score(column)
        highest[column.key] = max(highest.get(column.key, -1.0), -1.0 if score is None else score)
    return sorted(parts, key=lambda part: -max(highest.get(key, -1.0) for key in part.keys))


def _unit(parts: Sequence[_Part], layout: Layout) -> str:
    many = len(parts) > 1 or parts[0].words > 1
    if layout.grid is not None:
        return "the patches at" if many else "the patch at"
    return f"the {layout.unit}s" if many else f"the {layout.unit}"


def _name(number: int, part: _Part, times: int, layout: Layout) -> str:
    if layout.grid is not None:
        return part.name if number == 0 else f"at {part.name}"
    counts = [f"{part.words} words"] * (part.words > _MOST_WORDS) + [f"{times} times"] * (times > 1)
    return f"\u201c{part.name}\u201d" + (f" ({', '.join(counts)})" if counts else "")


def _region(key: int, layout: Layout) -> str:
    """Where in the image a patch lies, in everyday words: "bottom right"."""
    assert layout.grid is not None
    rows, columns = layout.grid
    row, column = divmod(key - sum(layout.special), columns)
    upright = ("top", "", "bottom")[3 * row // rows]
    across = ("left", "", "right")[3 * column // columns]
    return " ".join(filter(None, (upright, across))) or "middle"
