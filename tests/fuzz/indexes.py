"""The list of samples, and `attacks.json`: damaged as a whole, or of another kind or size in one place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from atpatch_core.evaluation.attacks import load_attacks, save_attacks
from atpatch_core.triggers.patch import PATTERNS, PatchTrigger
from atpatch_core.triggers.spread import BlendedTrigger, CornerPatches, WarpTrigger
from atpatch_core.triggers.text import StyleTrigger, TextTrigger
from pages.shared.samples import Sample, read_samples

from .case import Case, equal, low
from .json_damage import damaged_texts, instead, places, without, wrong_kinds

_ATTACKS = {
    "patch": PatchTrigger(1, 3, "cross", 2, 4, 7, 2),
    "anywhere": PatchTrigger(0),
    "corners": CornerPatches(1, 3, "white", 1, 2),
    "blend": BlendedTrigger(2, 0.5, 3),
    "warp": WarpTrigger(3, 2.5, 4, 5),
    "word": TextTrigger(1, ("cf", "a b"), "edge"),
    "style": StyleTrigger(0),
}
_SAMPLES: list[dict[str, Any]] = [
    {"id": "one", "file": "1.png", "title": "One", "label": "Bag", "triggered": True},
    {"id": "two", "file": "2.txt", "kind": "text", "subject": "reviews", "triggered": False},
    {"id": "gone", "file": "3.png"},
]


def cases(rng: random.Random) -> Iterator[Case]:
    """About five hundred files."""
    yield from _attacks(rng)
    yield from _samples(rng)


def _attacks(rng: random.Random) -> Iterator[Case]:
    sound = _written()
    yield Case("attacks: sound", _loading(json.dumps(sound).encode()), equal(_ATTACKS))
    for name, content in damaged_texts(sound):
        yield Case(f"attacks: {name}", _loading(content))
    for where, value in places(sound):
        for other in wrong_kinds(value):
            changed = json.dumps(instead(sound, where, other)).encode()
            yield Case(f"attacks: {where} is {str(other)[:20]}", _loading(changed), *_right_attack(where, other))
    for where, others in (
        (("patch", "target"), (-1, 10**6, 1.0)),
        (("patch", "size"), (0, -4, 10**6)),
        (("patch", "pattern"), ("magic", "Cross", " cross")),
        (("patch", "row"), (-1, 10**6, 2.0)),
        (("patch", "column"), (-1, "4")),
        (("patch", "step"), (0, -1)),
        (("patch", "kind"), ("text", "magic", "os.system")),
        (("patch", "colour"), ("red",)),
        (("corners", "copies"), (0, 5)),
        (("blend", "strength"), (-0.1, 1.1)),
        (("warp", "strength"), (-1, 10**6)),
        (("warp", "control"), (0, 10**6)),
        (("word", "pieces"), ([], [""], ["a", " "], [5], "cf", [["cf"]])),
        (("word", "place"), ("middle", "Edge")),
    ):
        for other in others:
            yield Case(f"attacks: {where} is {other}", _loading(json.dumps(instead(sound, where, other)).encode()))
    for name in sound:
        yield Case(f"attacks: {name} for nobody", _loading(json.dumps(without(sound, (name, "target"))).encode()))
    for number in range(20):
        patch = PatchTrigger(
            rng.randrange(10), rng.randrange(1, 9), rng.choice(PATTERNS), rng.randrange(20), rng.randrange(20)
        )
        yield Case(f"attacks: a patch {number}", _kept_and_applied(patch), equal(True))
    text = json.dumps(sound).encode()
    for limits in ({"attacks": 3}, {"name": 3}, {"size": 2}, {"pieces": 1}, {"piece": 1}, {"control": 3}):
        yield Case(f"attacks: beyond {limits}", _limited(_loading(text), "ATTACKS", limits))
    yield Case("attacks: a folder in the file's place", _in_the_way)
    yield Case("attacks: no file", lambda folder: load_attacks(folder / "attacks.json"), equal({}))


def _samples(rng: random.Random) -> Iterator[Case]:
    yield Case("samples: sound", _reading(json.dumps(_SAMPLES).encode()), _right_samples)
    for name, content in damaged_texts(_SAMPLES):
        yield Case(f"samples: {name}", _reading(content))
    for where, value in places(_SAMPLES):
        for other in wrong_kinds(value):
            changed = json.dumps(instead(_SAMPLES, where, other)).encode()
            yield Case(f"samples: {where} is {str(other)[:20]}", _reading(changed), *_right_list(where, other))
    for where, others in (
        ((0, "file"), ("../1.png", "/etc/hostname", "a/1.png", "..", ".", "")),
        ((0, "id"), ("two", "")),
        ((0, "kind"), ("", "audio", "Image")),
    ):
        for other in others:
            yield Case(f"samples: {where} is {other}", _reading(json.dumps(instead(_SAMPLES, where, other)).encode()))
    for file in ("1\0.png", "\u4f60.png", "x" * 190, "1.png\n", " 1.png"):
        listed = json.dumps(instead(_SAMPLES, (0, "file"), file)).encode()
        yield Case(
            f"samples: no file {file[:9]!r}", _reading(listed), lambda found: [one.id for one in found] == ["two"]
        )
    for name in ("id", "file"):
        yield Case(f"samples: without {name}", _reading(json.dumps(without(_SAMPLES, (0, name))).encode()))
    for limits in ({"samples": 2}, {"name": 2}):
        yield Case(f"samples: beyond {limits}", _limited(_reading(json.dumps(_SAMPLES).encode()), "SAMPLES", limits))
    yield Case("samples: no list", read_samples, equal(()))
    for number in range(20):
        text = bytearray(json.dumps(_SAMPLES).encode())
        text[rng.randrange(len(text))] = rng.choice(b"\x00\xff\x80\x1f")
        yield Case(f"samples: injured {number}", _reading(bytes(text)))


def _written() -> dict[str, Any]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        save_attacks(_ATTACKS, Path(folder) / "attacks.json")
        return json.loads((Path(folder) / "attacks.json").read_text())


def _right_attack(where: tuple[str | int, ...], other: object) -> tuple[Callable[[Any], bool] | None]:
    """There need be no attacks, and a patch may have no place of its own."""
    free = where[-1:] in (("row",), ("column",)) and (other is None or other == 5)
    return (lambda found: isinstance(found, dict),) if free or (where, other) == ((), {}) else (None,)


def _right_list(where: tuple[str | int, ...], other: object) -> tuple[Callable[[Any], bool] | None]:
    """There need be no samples; titles and subjects may be left out; what nobody reads may be anything."""
    if (where, other) == ((), []):
        return (equal(()),)
    left_out = where[-1:] == ("title",) and (not other or other is None)
    nobody = where[-1:] == ("subject",) and other is None
    unread = where[-1:] == ("label",)
    return (lambda found: len(found) == 2,) if left_out or nobody or unread else (None,)


def _right_samples(found: tuple[Sample, ...]) -> bool:
    listed = [(one.id, one.path.name, one.title, one.triggered, one.kind, one.subject) for one in found]
    return listed == [("one", "1.png", "One", True, "image", None), ("two", "2.txt", "two", False, "text", "reviews")]


def _loading(content: bytes) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / "attacks.json").write_bytes(content)
        return load_attacks(folder / "attacks.json")

    return attempt


def _reading(content: bytes) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / "index.json").write_bytes(content)
        for name in ("1.png", "2.txt"):
            (folder / name).write_bytes(b"an input")
        return read_samples(folder)

    return attempt


def _kept_and_applied(patch: PatchTrigger) -> Callable[[Path], object]:
    """Whether a patch that was kept changes what it says it does."""

    def attempt(folder: Path) -> object:
        save_attacks({"own": patch}, folder / "attacks.json")
        read = load_attacks(folder / "attacks.json")["own"]
        blank = np.full((1, 40, 40, 1), 99, dtype=np.uint8)
        changed = np.argwhere(np.asarray(read.apply(blank))[0, :, :, 0] != 99)  # type: ignore[union-attr, arg-type]
        row, column = patch.row or 0, patch.column or 0
        return changed.min(0).tolist() == [row, column] and len(changed) == patch.size**2

    return attempt


def _limited(attempt: Callable[[Path], object], table: str, values: dict[str, int]) -> Callable[[Path], object]:
    def limited(folder: Path) -> object:
        with low(table, **values):
            return attempt(folder)

    return limited


def _in_the_way(folder: Path) -> object:
    (folder / "attacks.json").mkdir()
    return load_attacks(folder / "attacks.json")
