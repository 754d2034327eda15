"""What is kept of a comparison is, bit by bit, what was found; what is damaged or of something else is not there."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load, save

import atpatch_core as atpatch
from atpatch_core import limits
from atpatch_core.digest import digest_of
from atpatch_core.errors import ComparisonError
from atpatch_core.evaluation.attacks import attacks_of
from atpatch_core.evaluation.comparison import Comparison, compare
from atpatch_core.evaluation.comparison_data import own_file, read_file
from atpatch_core.evaluation.comparison_report import comparison_as_csv
from atpatch_core.evaluation.comparison_request import ComparisonRequest
from atpatch_core.evaluation.comparison_result import read_comparison, write_comparison
from atpatch_core.evaluation.labelled import Labelled, drawn
from atpatch_core.evaluation.text_data import LabelledTexts
from atpatch_core.files.json_files import parse_json
from atpatch_core.triggers.patch import PatchTrigger
from atpatch_core.triggers.text import TextTrigger

from ...unit.debugging.taught import reviews, taught_subject


@dataclass(frozen=True)
class Made:
    """A comparison, and everything that it was made of."""

    subject: atpatch.Subject
    data: Labelled
    request: ComparisonRequest
    comparison: Comparison


def _made(subject: atpatch.Subject, data: Labelled, request: ComparisonRequest) -> Made:
    found = compare(
        subject,
        request.methods(subject),
        drawn(data, request.count),
        request.attack_functions(),
        None,
        request.false_positive_rate,
        request.seed_numbers,
    )
    return Made(subject, data, request, found)


_ASKED = ComparisonRequest(Path("model"), None, "0" * 64, Path("uploads"), "", 200, {}, (), 0.01, 1)


@pytest.fixture(scope="module")
def images(badnets: atpatch.Subject) -> Made:
    """Two runs, with the model's own trigger and a patch of somebody's at a random place."""
    attacks = {"badnets": attacks_of(badnets)["badnets"], "my-patch": PatchTrigger(3, 3)}
    methods = ("no-fix", "atpatch", "painted-over", "random-columns")
    request = replace(_ASKED, attacks=attacks, defences=methods, false_positive_rate=0.001, seeds=2)
    return _made(badnets, read_file(badnets, own_file(badnets)), request)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A model without a detector, so that a defence can't be used."""
    subject = taught_subject(tmp_path_factory.mktemp("taught"))
    attacks = {"word": TextTrigger(1, ("cf",)), "nothing": TextTrigger(1, ("dull",))}
    methods = ("no-fix", "atpatch", "strip", "z-score")
    return _made(subject, LabelledTexts(*reviews(240)), replace(_ASKED, attacks=attacks, defences=methods))


@pytest.fixture(scope="module")
def records(adult: atpatch.Subject) -> Made:
    methods = ("no fix", "atpatch", "all protected imputed", "z-score")
    return _made(adult, read_file(adult, own_file(adult)), replace(_ASKED, count=240, defences=methods))


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are the same, down to the bits of arrays and images and the types of numbers."""
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(_alike(value, other[name]) for name, value in one.items())
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | Image.Image):
        return _shape(one) == _shape(other) and one.tobytes() == other.tobytes()
    if dataclasses.is_dataclass(one):
        return _alike(vars(one), vars(other))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other) or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def _shape(one: Any) -> tuple[Any, ...]:
    return (one.dtype, one.shape) if isinstance(one, np.ndarray) else (one.mode, one.size)


def _read(made: Made, folder: Path) -> Comparison | None:
    return read_comparison(folder, made.subject, made.data, made.request)


@pytest.mark.parametrize("kind", ["images", "texts", "records"])
def test_what_is_read_is_what_was_found(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    made: Made = request.getfixturevalue(kind)
    write_comparison(made.comparison, tmp_path)
    found = _read(made, tmp_path)
    assert found is not None
    for field in dataclasses.fields(Comparison):
        assert _alike(getattr(made.comparison, field.name), getattr(found, field.name)), field.name
    assert comparison_as_csv(found) == comparison_as_csv(made.comparison)
    for attack in found.attacks:
        for defence in found.answers:
            assert _alike(found.outcomes(defence, attack), made.comparison.outcomes(defence, attack))


def test_a_defence_that_could_not_be_used_is_told(texts: Made, tmp_path: Path) -> None:
    write_comparison(texts.comparison, tmp_path)
    found = _read(texts, tmp_path)
    assert found is not None
    assert list(found.unavailable) == ["atpatch"]


def test_a_request_comes_back_as_it_was(images: Made) -> None:
    request = images.request
    again = ComparisonRequest.from_data(parse_json(json.dumps(request.as_data())))
    assert again.key == request.key
    assert again.attacks == request.attacks
    others = [
        replace(request, **{name: value})
        for name, value in {"files": "1" * 64, "upload": "2" * 64, "count": 201, "seeds": 3, "attacks": {}}.items()
    ]
    assert len({request.key, *(other.key for other in others)}) == 6
    assert replace(request, uploads=Path("elsewhere")).key == request.key


def test_what_is_of_another_comparison_is_not_there(images: Made, records: Made, tmp_path: Path) -> None:
    write_comparison(images.comparison, tmp_path)
    first = dict(list(images.request.attacks.items())[:1])
    for other in (
        {"count": 202},
        {"seeds": 1},
        {"attacks": first},
        {"defences": ("no-fix",)},
        {"false_positive_rate": 0.01},
    ):
        asked = replace(images.request, **other)  # type: ignore[arg-type]
        assert read_comparison(tmp_path, images.subject, images.data, asked) is None
    assert _read(records, tmp_path) is None
    fewer = images.data.take(np.arange(150))
    assert read_comparison(tmp_path, images.subject, fewer, images.request) is None


def _set(value: Any, *path: Any) -> Callable[[Any], None]:
    def change(figures: Any) -> None:
        for step in path[:-1]:
            figures = figures[step]
        figures[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set(2, "format"),
        _set("record", "kind"),
        _set("x", "n"),
        _set([], "runs"),
        _set({}, "runs", 0, "defences"),
        _set({}, "runs", 1, "defences", "atpatch", "attacks"),
        _set({}, "runs", 1, "defences", "atpatch", "rates"),
        _set({}, "runs", 1, "defences", "atpatch", "attacks", "badnets", "rates"),
        _set([1, 2, 3], "runs", 1, "defences", "atpatch", "rates", "changed"),
        _set(["0.5", 0, 1, 10], "runs", 1, "defences", "atpatch", "rates", "changed"),
        _set([True, 0, 1, 10], "runs", 1, "defences", "atpatch", "rates", "changed"),
        _set(None, "families"),
        _set("villain", "families", "atpatch"),
        _set("none", "families", "atpatch"),
        _set({"magic": "It is not here."}, "unavailable"),
        _set(True, "defender_n"),
    ],
)
def test_damaged_figures_are_not_there(images: Made, tmp_path: Path, change: Callable[[Any], None]) -> None:
    write_comparison(images.comparison, tmp_path)
    figures = json.loads((tmp_path / "comparison.json").read_text())
    change(figures)
    (tmp_path / "comparison.json").write_text(json.dumps(figures))
    assert _read(images, tmp_path) is None


def _swap(arrays: dict[str, np.ndarray], name: str, array: np.ndarray) -> dict[str, np.ndarray]:
    return {**arrays, name: array}


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {},
        lambda arrays: _swap(arrays, "0.0.labels", arrays["0.0.labels"][:-1]),
        lambda arrays: _swap(arrays, "0.0.labels", arrays["0.0.labels"] + 100),
        lambda arrays: _swap(arrays, "0.0.labels", arrays["0.0.labels"] - 100),
        lambda arrays: _swap(arrays, "0.0.labels", arrays["0.0.labels"].astype(np.float64)),
        lambda arrays: _swap(arrays, "0.0.labels", arrays["0.0.labels"][None]),
        lambda arrays: _swap(arrays, "1.1.flagged", arrays["1.1.flagged"].astype(np.uint8)),
        lambda arrays: _swap(arrays, "1.1.scores", arrays["1.1.scores"] * np.nan),
        lambda arrays: _swap(arrays, "1.1.scores", arrays["1.1.scores"].astype(np.int64)),
    ],
)
def test_damaged_answers_are_not_there(
    images: Made, tmp_path: Path, change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
) -> None:
    write_comparison(images.comparison, tmp_path)
    file, figures = tmp_path / "answers.safetensors", tmp_path / "comparison.json"
    content = save(change(load(file.read_bytes())))
    file.write_bytes(content)
    assert _read(images, tmp_path) is None  # they are not those that the figures were written with
    kept = json.loads(figures.read_text())
    figures.write_text(json.dumps(kept | {"arrays": digest_of(content)}))
    assert _read(images, tmp_path) is None


def test_half_a_file_is_not_there(images: Made, tmp_path: Path) -> None:
    assert _read(images, tmp_path) is None
    write_comparison(images.comparison, tmp_path)
    for name in ("answers.safetensors", "comparison.json"):
        whole = (tmp_path / name).read_bytes()
        for part in (b"", whole[: len(whole) // 2], whole + b"x", b"[" * 100_000, b"\xff" * 100):
            (tmp_path / name).write_bytes(part)
            assert _read(images, tmp_path) is None
            figures = json.loads((tmp_path / "comparison.json").read_text()) if name.startswith("answers") else None
            if figures is not None:
                (tmp_path / "comparison.json").write_text(json.dumps(figures | {"arrays": digest_of(part)}))
                assert _read(images, tmp_path) is None
        write_comparison(images.comparison, tmp_path)
    assert _read(images, tmp_path) is not None


def test_what_is_too_large_is_neither_kept_nor_read(
    images: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_comparison(images.comparison, tmp_path)
    monkeypatch.setattr(limits, "COMPARISONS", replace(limits.COMPARISONS, bytes=1_000))
    assert _read(images, tmp_path) is None
    with pytest.raises(ComparisonError, match="too large"):
        write_comparison(images.comparison, tmp_path)
    monkeypatch.undo()
    with pytest.raises(ComparisonError, match="can't be kept"):
        write_comparison(images.comparison, tmp_path / "nowhere")
