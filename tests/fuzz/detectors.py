"""Detector folders: settings of another kind, weights that are injured or none, versions that are half there."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from atpatch_core.detector.growth import Growth
from atpatch_core.detector.networks import NETWORKS
from atpatch_core.detector.reach import Reach
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.subjects.detector_versions import SHIPPED, active_version, list_versions

from .case import Case, equal, low
from .json_damage import damaged_texts, instead, places, without, wrong_kinds

_HEADS, _KEYS, _LAYERS = 2, 5, 3
_OPTIONAL = ("weights", "reach", "alongside", "growth")  # what older folders lack


def cases(rng: random.Random) -> Iterator[Case]:
    """About three hundred folders."""
    settings, weights = _sound()
    yield Case("sound", _loading(settings, weights), _is_sound)
    for name, content in damaged_texts(settings):
        yield Case(f"settings {name}", _loading(content, weights))
    yield from _wrong_settings(settings, weights)
    yield from _wrong_weights(settings, weights, rng)
    for number in range(20):
        text = bytearray(json.dumps(settings).encode())
        text[rng.randrange(len(text))] = rng.choice(b"\x00\xff\x80\x1f")
        yield Case(f"injured settings {number}", _loading(bytes(text), weights))
    for limit in ("bytes", "layers", "heads", "keys"):
        yield Case(f"beyond {limit}", _limited(_loading(settings, weights), limit))
    yield Case("an empty folder", load_detector)
    yield Case("a folder in the file's place", _in_the_way)
    yield from _versions(settings, weights)


@cache
def _made() -> tuple[str, bytes]:
    import tempfile

    torch.manual_seed(0)
    detector = TrainedDetector(
        variant="per-head",
        networks={layer: NETWORKS["per-head"](_HEADS, _KEYS).train(False) for layer in (0, 2)},
        benign_means=tuple(torch.rand(_HEADS, _KEYS, _KEYS) for _ in range(_LAYERS)),
        reference="mean",
        threshold=0.25,
        watched=(0,),
        fingerprint="ab" * 32,
        history={"pairs": 7, "held_out": {"inputs": ["cd"], "scores": [0.5], "over_attended": [True]}},
        reach=Reach((0, 1)),
        alongside=0.1,
        growth=Growth((0, 2), (2, 2)),
    )
    with tempfile.TemporaryDirectory() as folder:
        save_detector(detector, Path(folder))
        text = (Path(folder) / "detector.json").read_text()
        return text, (Path(folder) / "detector.safetensors").read_bytes()


def _sound() -> tuple[dict[str, Any], bytes]:
    text, weights = _made()
    return json.loads(text), weights


def _is_sound(found: TrainedDetector) -> bool:
    shape = (found.layers, found.heads, found.keys)
    return shape == (_LAYERS, _HEADS, _KEYS) and found.threshold == 0.25 and found.reach == Reach((0, 1))


def _wrong_settings(settings: dict[str, Any], weights: bytes) -> Iterator[Case]:
    for where, value in places(settings):
        for other in wrong_kinds(value):
            changed = instead(settings, where, other)
            yield Case(f"{where} is {str(other)[:20]}", _loading(changed, weights), *_right(where, other))
        if len(where) == 1 and where[0] not in _OPTIONAL:
            yield Case(f"without {where[0]}", _loading(without(settings, where), weights))
    for where, other in (
        (("format",), 2),
        (("threshold",), 1.5),
        (("threshold",), -0.1),
        (("alongside",), 0),
        (("alongside",), 2),
        (("layers",), 0),
        (("layers",), 4),
        (("layers",), 10**9),
        (("heads",), 3),
        (("heads",), 10**9),
        (("keys",), 6),
        (("keys",), 10**9),
        (("trained_layers",), [0, 1, 2]),
        (("trained_layers",), [0, 0]),
        (("trained_layers",), [0, 3]),
        (("watched",), [1]),
        (("watched",), [0, 0]),
        (("watched",), [-1]),
        (("reference",), "median"),
        (("variant",), "os.system"),
        (("variant",), "paper"),
        (("weights",), "0" * 64),
        (("reach", "layers"), [9]),
        (("reach", "kind"), "guessing"),
        (("reach", "longest"), 0),
        (("reach", "longest"), 10**6),
        (("reach", "margin"), -1),
        (("reach", "as_sure"), -1),
        (("growth", "layers"), [3]),
        (("growth", "grid"), [3, 3]),
        (("growth", "grid"), [2]),
        (("growth", "fall"), 0),
        (("growth", "fall_of_group"), -1),
        (("growth", "believed"), 1),
        (("growth", "rounds"), 10**6),
        (("growth", "rows"), 10**9),
    ):
        yield Case(f"{where} is {other}", _loading(instead(settings, where, other), weights))


def _right(where: tuple[str | int, ...], other: object) -> tuple[Callable[[Any], bool] | None]:
    """Nothing need be watched or followed, and a history may say anything that is not read."""
    nothing = where in (("reach",), ("alongside",), ("growth",), ("growth", "grid")) and other is None
    listed = (where, other) in ((("watched",), []), (("reach", "layers"), []), (("growth", "layers"), []))
    ready = where[:1] == ("history",) and not (len(where) == 1 and other != {}) and _is_unread(where, other)
    return (lambda found: isinstance(found, TrainedDetector),) if nothing or listed or ready else (None,)


def _is_unread(where: tuple[str | int, ...], other: object) -> bool:
    if where == ("history",):
        return other == {}
    if where[:3] == ("history", "held_out", "inputs") and len(where) == 4:
        return False
    if len(where) == 4:
        return True
    return other is None or other in ([], "", {}, 0) or (where == ("history", "held_out") and other == {})


def _wrong_weights(settings: dict[str, Any], weights: bytes, rng: random.Random) -> Iterator[Case]:
    for number in range(25):
        changed = bytearray(weights)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        yield Case(f"injured weights {number}", _loading(settings, bytes(changed)))
        yield Case(f"weights cut off {number}", _loading(settings, weights[: rng.randrange(len(weights))]))
    bare = {name: value for name, value in settings.items() if name != "weights"}
    tensors = load(weights)
    for name in sorted(tensors):
        for what, value in (
            ("is missing", None),
            ("is none", torch.full_like(tensors[name], float("nan"))),
            ("has no end", torch.full_like(tensors[name], float("inf"))),
            ("is larger", torch.zeros(*(side + 1 for side in tensors[name].shape), 1)),
            ("is empty", torch.zeros(0, 3)),
        ):
            made = {**tensors, name: value}
            content = save({one: tensor for one, tensor in made.items() if tensor is not None})
            yield Case(f"{name} {what}", _loading(bare, content))
    empty = {name: torch.zeros(10**6, 0, 10**9) if name.startswith("benign") else one for name, one in tensors.items()}
    huge = {**bare, "heads": 10**6, "keys": 10**9}
    yield Case("sizes without numbers", _loading(huge, save(empty)))


def _versions(settings: dict[str, Any], weights: bytes) -> Iterator[Case]:
    for name, content in damaged_texts({"version": "v1", "before": []}):
        yield Case(f"active.json {name}", _active(settings, weights, content), equal(SHIPPED))
        yield Case(f"version.json {name}", _described(settings, weights, content), equal(((SHIPPED, ""), ("v1", ""))))
    for value in ("v1", SHIPPED, "v2", "../v1", "", None, 5, ["v1"], {"a": 1}, "v1\0", "x" * 5_000):
        wanted = "v1" if value == "v1" else SHIPPED
        content = json.dumps({"version": value, "before": value}).encode()
        yield Case(f"active is {str(value)[:20]}", _active(settings, weights, content), equal(wanted))


def _write(folder: Path, settings: dict[str, Any] | bytes, weights: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = settings if isinstance(settings, bytes) else json.dumps(settings).encode()
    (folder / "detector.json").write_bytes(content)
    (folder / "detector.safetensors").write_bytes(weights)


def _loading(settings: dict[str, Any] | bytes, weights: bytes) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        _write(folder, settings, weights)
        return load_detector(folder)

    return attempt


def _limited(attempt: Callable[[Path], object], limit: str) -> Callable[[Path], object]:
    def limited(folder: Path) -> object:
        with low("DETECTORS", **{limit: 1}):
            return attempt(folder)

    return limited


def _in_the_way(folder: Path) -> object:
    (folder / "detector.json").mkdir()
    return load_detector(folder)


def _active(settings: dict[str, Any], weights: bytes, content: bytes) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        _write(folder / "atpatch", settings, weights)
        _write(folder / "atpatch" / "versions" / "v1", settings, weights)
        (folder / "atpatch" / "active.json").write_bytes(content)
        return active_version(folder)

    return attempt


def _described(settings: dict[str, Any], weights: bytes, content: bytes) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        _write(folder / "atpatch", settings, weights)
        _write(folder / "atpatch" / "versions" / "v1", settings, weights)
        (folder / "atpatch" / "versions" / "v1" / "version.json").write_bytes(content)
        return tuple((one.name, one.made) for one in list_versions(folder))

    return attempt
