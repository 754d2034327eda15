"""JSON from outside: what is too deep, too much or ambiguous is refused before it is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from atpatch_core import limits
from atpatch_core.debugging.image_set import load_image_set
from atpatch_core.debugging.record_set import load_record_set
from atpatch_core.debugging.text_set import load_text_set
from atpatch_core.detector.storage import load_detector
from atpatch_core.errors import AtPatchError
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.files.damaged import DamagedError, OversizeError
from atpatch_core.files.json_files import parse_json
from atpatch_core.subjects.record_schema import load_schema
from atpatch_core.training.store import TrainingStore
from pages.shared.samples import read_samples


@pytest.mark.parametrize(
    "value", [{}, [], 0, "", None, {"a": [1, 2.5, {"b": '[[[[\\"{{{{'}]}, "\u4f60\U0001f600", {"": [[]] * 9}, -0.5]
)
def test_what_json_can_say_is_read(value: object) -> None:
    for ascii_only in (True, False):
        assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    ("limit", "most", "content"),
    [
        ("nesting", 3, b"[[[[]]]]"),
        ("nesting", 3, b'{"a": [{"b": [0]}]}'),
        ("fields", 2, b'{"a": 1, "b": 2, "c": 3}'),
        ("fields", 2, b'[{"a": {}, "b": {}, "c": {}}]'),
        ("values", 2, b"[1, 2, 3, 4]"),
        ("digits", 3, b"[1234]"),
    ],
)
def test_what_is_beyond_a_limit_is_refused(
    limit: str, most: int, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JSON", replace(limits.JSON, **{limit: most}))
    with pytest.raises(DamagedError, match="more than"):
        parse_json(content)
    monkeypatch.setattr(limits, "JSON", replace(limits.JSON, **{limit: most + 1}))
    assert parse_json(content) == json.loads(content)


def test_too_many_fields_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JSON", replace(limits.JSON, fields=2))
    made: list[object] = []
    with pytest.raises(OversizeError, match="fields"):
        parse_json(b'{"a": 1, "b": 2, "c": 3}', on_object=made.append)
    assert made == []


@pytest.mark.parametrize(
    "content", [b'{"a": 1, "a": 1}', b'"\\ud83d"', b"\xff", b"{", b"", b"[1,]", b"[" * 10_000, b'{"a":' * 10_000]
)
def test_what_is_ambiguous_or_broken_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedError):
        parse_json(content)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("detector.json", load_detector),
        ("records.json", load_schema),
        ("provenance.json", load_image_set),
        ("provenance.json", load_text_set),
        ("provenance.json", load_record_set),
        ("attacks.json", lambda folder: load_attacks(folder / "attacks.json")),
        ("index.json", read_samples),
    ],
)
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_any_file_of_ours_that_is_nested_far_too_deep_is_damaged(
    tmp_path: Path, name: str, read: Callable[[Path], object], opening: str
) -> None:
    (tmp_path / name).write_text(opening * 100_000)
    (tmp_path / "detector.safetensors").write_bytes(b"")
    with pytest.raises(AtPatchError, match=r"damaged|no sound one|does not describe"):
        read(tmp_path)


def test_a_training_whose_files_are_nested_too_deep_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "20260101T000000.000000-x"
    folder.mkdir()
    for name in ("request.json", "status.json", "epochs.jsonl"):
        (folder / name).write_text("[" * 100_000)
    store = TrainingStore(tmp_path)
    assert store.get(folder.name) is None
    assert store.trainings() == ()
    assert store.epochs(folder.name) == ()
