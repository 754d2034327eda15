"""Addresses of pages: what they ask for is shown, or left out with a sentence."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from atpatch_core.column import Column
from atpatch_core.triggers.patch import PATTERNS, PatchTrigger
from pages.evaluate.own_trigger import parse_trigger
from pages.shared import address
from pages.shared.triage_address import Seen, View, from_params, to_params

from .case import Case, equal

_NONSENSE = (
    *(
        "",
        " ",
        "-1",
        "1e3",
        "\u0661",
        "1_0",
        "0x1",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "\0",
        "\ud800",
        "a" * 9_000,
        "<b>x</b>",
    ),
    *(
        "../../etc/passwd",
        "9" * 5_000,
        "[](javascript:1)",
        "%00",
        "\u202e1",
        "1 ",
        " 1",
        "+1",
        "--1",
        "1,1",
        "1.2.3.4",
        "None",
    ),
)
_NAMES = ("a b&c=d", "\u4f60\u597d", "x/y", "a_b.c", "<b>", "sample-1", "x" * 200)


def cases(rng: random.Random) -> Iterator[Case]:
    """About four hundred addresses."""
    for number in range(120):
        view = _view(rng)
        yield Case(f"a view {number}", lambda folder, view=view: from_params(to_params(view)), equal((view, ())))
    for name in ("upload", "layer", "head", "threshold", "patch", "columns", "reference", "parent"):
        for value in _NONSENSE:
            if (name, value) != ("columns", ""):
                yield Case(f"{name} is {value[:20]!r}", _asking({name: value}), _left_out(name))
    for value in ("x" * 201, "x" * 100_000):
        for name in ("subject", "sample", "detector"):
            yield Case(f"a long {name}", _asking({name: value}), _left_out(name))
    yield from _triggers(rng)
    yield from _choices(rng)


def _view(rng: random.Random) -> View:
    number = rng.randrange
    mapped = rng.random() < 0.5
    upload = f"{number(16**64):064x}" if rng.random() < 0.5 else None
    columns = {Column(number(99), number(99), number(999_999)) for _ in range(number(5))}
    seen = (Seen(rng.choice(("x", "y z")), sample=rng.choice(_NAMES)), Seen("x", upload="0f" * 32), None)
    return View(
        subject=rng.choice((*_NAMES, None)),
        sample=None if upload else rng.choice((*_NAMES, None)),
        upload=upload,
        layer=number(999) if mapped else None,
        head=number(999) if mapped else None,
        threshold=rng.choice((None, 0.0, 1.0, 0.5, 0.123, 1e-05)),
        patch=rng.random() < 0.5,
        columns=tuple(sorted(columns)),
        hide_special=rng.random() < 0.5,
        whole_words=rng.random() < 0.5,
        reference=rng.choice(seen),
        parent=rng.choice(seen) if upload else None,
        detector=rng.choice((None, "shipped 1a2b3c4d")),
    )


def _asking(params: dict[str, str]) -> Callable[[Path], object]:
    return lambda folder: from_params(params)


def _left_out(name: str) -> Callable[[object], bool]:
    """Nothing of it is in the view, and one short sentence says so."""

    def right(found: tuple[View, tuple[str, ...]]) -> bool:
        view, notices = found
        return view == View() and len(notices) == 1 and name in notices[0] and len(notices[0]) < 200

    return right  # type: ignore[return-value]


def _triggers(rng: random.Random) -> Iterator[Case]:
    for number in range(40):
        size, row, column, target = rng.randrange(2, 9), rng.randrange(20), rng.randrange(20), rng.randrange(10)
        pattern = rng.choice(PATTERNS)
        text, wanted = f"{pattern}:{size}:{row},{column}:{target}", PatchTrigger(target, size, pattern, row, column)
        yield Case(f"a patch {number}", _parsing(text), equal(wanted))
        parts = [pattern, str(size), f"{row},{column}", str(target)]
        parts[rng.randrange(1, 4)] = rng.choice([one for one in _NONSENSE if ":" not in one and one != "1,1"])
        yield Case(f"no patch {number}", _parsing(":".join(parts)), equal(None))
    for text in (*_NONSENSE, "magic:5:any:1", "cross:5:28,0:1", "cross:5:any:10", "cross:1:any:1", "cross:99:any:1"):
        yield Case(f"no patch {text[:20]!r}", _parsing(text), equal(None))


def _parsing(text: str) -> Callable[[Path], object]:
    return lambda folder: parse_trigger(text, classes=10, side=28)


def _choices(rng: random.Random) -> Iterator[Case]:
    """Parameters with names or numbers that are known, and others."""
    known = ("word", "sentence", "style")
    for number in range(40):
        asked = [
            rng.choice((*known, *(one for one in _NONSENSE if "," not in one))) for _ in range(rng.randrange(1, 6))
        ]
        wanted = list(dict.fromkeys(one for one in asked if one in known)) or ["usual"]
        # Whatever is cut off a long address was not there.
        text = ",".join(one for one in asked if len(one) < 100)
        wanted = list(dict.fromkeys(one for one in text.split(",") if one in known)) or ["usual"]
        yield Case(f"names {number}", _visiting(text, lambda: address.names("x", known, ["usual"])), equal(wanted))
    for value in _NONSENSE:
        yield Case(f"one of {value[:20]!r}", _visiting(value, lambda: address.one_of("x", (100, 200), 200)), equal(200))
        yield Case(
            f"text {value[:20]!r}", _visiting(value, lambda: address.text_of("x", known, "style", "-")), equal("style")
        )
        yield Case(
            f"model {value[:20]!r}", _visiting(value, lambda: address.subject(["a", "b"]), "subject"), equal("a")
        )
    for value, wanted in (("100", 100), ("200", 200)):
        yield Case(f"one of {value}", _visiting(value, lambda: address.one_of("x", (100, 200), 200)), equal(wanted))
    for value in known:
        yield Case(f"text {value}", _visiting(value, lambda: address.text_of("x", known, "style", "-")), equal(value))


class _Kept(dict[str, object]):
    """A session's state, whose keys are attributes as well."""

    __getattr__ = dict.get


def _visiting(value: str, ask: Callable[[], object], name: str = "x") -> Callable[[Path], object]:
    """What a page makes of an address with this parameter."""

    def attempt(folder: Path) -> object:
        state = _Kept()
        with (
            patch.object(address.st, "query_params", {name: value}),
            patch.object(address.st, "session_state", state),
            patch.object(address, "just_arrived", return_value=True),
        ):
            found = ask()
        notes = state.get(address.OF_THIS_VISIT, {})
        assert all(len(sentence) < 200 for sentence in notes.values())  # type: ignore[attr-defined]
        return found

    return attempt
