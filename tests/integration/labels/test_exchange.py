"""Out and in again without a difference; rows from elsewhere one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from atpatch_core import Column
from atpatch_core.errors import LabelError
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, NewInput, Rest, State, SubjectRef, Verdict
from atpatch_core.labels.exchange import export_labels, import_labels

from .conftest import KEYS, SUBJECT

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def full(store: LabelStore) -> LabelStore:
    """A store with two subjects, drafts, changes, an input that two subjects share and one that nobody answered."""
    other = SubjectRef("a \u201cmodel\u201d", "cd" * 32, "image", (2, 3, 4))
    inputs = [NewInput(bytes(range(256)) * (1 + number), "image", KEYS, f"\u00e9{number}.png") for number in range(4)]
    for number, one in enumerate(inputs):
        store.enqueue(SUBJECT, one)
        if number < 3:
            for annotator in ("ada", "Zo\u00eb"):
                verdicts = tuple(
                    ColumnVerdict(Column(layer, 3, key), Verdict.BENIGN, None if layer else 0.1 + 0.01 * key)
                    for layer in (0, 1)
                    for key in range(3)
                )
                time = NOON + timedelta(microseconds=number)
                draft = NewAnswer(SUBJECT.fingerprint, one.digest, annotator, State.DRAFT, (), time=time)
                store.save(draft)
                store.save(
                    NewAnswer(
                        SUBJECT.fingerprint,
                        one.digest,
                        annotator,
                        State.SUBMITTED,
                        verdicts,
                        "v1",
                        time=time + timedelta(1),
                        rest=Rest.BENIGN if number else Rest.UNJUDGED,
                        suggestion_seen=(None, False, True)[number],
                    )
                )
    store.enqueue(other, inputs[0])
    store.save(
        NewAnswer(
            other.fingerprint,
            inputs[0].digest,
            "ada",
            State.SUBMITTED,
            (ColumnVerdict(Column(2, 3, 0), Verdict.UNSURE),),
            time=NOON,
        )
    )
    return store


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("history", [True, False])
def test_an_export_imported_into_an_empty_store_is_the_same(
    full: LabelStore, tmp_path: Path, suffix: str, history: bool
) -> None:
    def answers(store: LabelStore) -> tuple[object, ...]:
        return tuple(store.all_answers() if history else store.answers())

    file = tmp_path / f"labels{suffix}"
    count = export_labels(full, full.all_answers() if history else full.answers(), file)
    assert count == len(answers(full)) == (13 if history else 7)
    with LabelStore.open(f"sqlite:///{tmp_path / 'second.sqlite'}") as second:
        report = import_labels(second, file)
        assert (report.rows, report.imported, report.refused) == (count, count, 0)
        assert answers(second) == answers(full)
        assert second.subjects() == full.subjects()
        for one in second.inputs(SUBJECT.fingerprint):
            assert one == full.stored_input(SUBJECT.fingerprint, one.digest)
            assert second.content(one.digest) == full.content(one.digest)
        again = import_labels(second, file)
        assert (again.imported, again.present, again.refused) == (0, count, 0)
        assert answers(second) == answers(full)
        copy = tmp_path / f"copy{suffix}"
        export_labels(second, second.all_answers() if history else second.answers(), copy)
        assert copy.read_bytes() == file.read_bytes()


def test_pandas_and_pyarrow_read_the_files(full: LabelStore, tmp_path: Path) -> None:
    export_labels(full, full.answers(), tmp_path / "labels.parquet")
    export_labels(full, full.answers(), tmp_path / "labels.jsonl")
    table = pq.read_table(tmp_path / "labels.parquet").to_pandas()
    lines = pd.read_json(tmp_path / "labels.jsonl", lines=True)
    assert list(table.columns) == list(lines.columns)
    assert list(table["token"]) == list(lines["token"])
    assert [len(one) for one in table["verdicts"]] == [len(one) for one in lines["verdicts"]]
    assert table["time"].iloc[0] == pd.Timestamp(NOON + timedelta(1))


def test_faulty_rows_are_reported_and_the_others_read(store: LabelStore, tmp_path: Path) -> None:
    new = NewInput(b"image", "image", KEYS)
    store.enqueue(SUBJECT, new)
    good = {
        "fingerprint": SUBJECT.fingerprint,
        "input_sha256": new.digest,
        "annotator": "ada",
        "verdicts": [{"layer": 0, "head": 1, "column": 49, "verdict": "benign", "score": 0.5}],
    }
    unknown_column = good | {"annotator": "bo", "verdicts": [good["verdicts"][0] | {"column": KEYS}]}  # type: ignore[index]
    lines = [
        json.dumps(good),
        "{broken",
        json.dumps(good | {"state": "x", "annotator": "cy"}),
        json.dumps(unknown_column),
        json.dumps(good | {"input_sha256": "0" * 64}),
        "",
        json.dumps([1]),
        json.dumps(good | {"annotator": "di", "verdicts": [good["verdicts"][0] | {"score": float("nan")}]}),  # type: ignore[index]
        json.dumps(good),
        json.dumps(good | {"annotator": "eve"}),
    ]
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    report = import_labels(store, file)
    assert (report.rows, report.imported, report.present, report.refused) == (9, 2, 1, 6)
    assert [(one.row, one.field) for one in report.problems] == [
        (2, "row"),
        (3, "state"),
        (4, "row"),
        (5, "row"),
        (6, "row"),
        (7, "row"),
    ]
    assert {one.annotator for one in store.answers()} == {"ada", "eve"}


def test_an_import_never_hides_a_later_answer(full: LabelStore, tmp_path: Path) -> None:
    answer = next(one for one in full.answers(SUBJECT.fingerprint) if one.annotator == "ada")
    row = {
        "fingerprint": answer.fingerprint,
        "input_sha256": answer.digest,
        "annotator": "ada",
        "revision": answer.revision,
        "verdicts": [{"layer": 0, "head": 0, "column": 0, "verdict": "unsure"}],
    }
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps(row | {"time": NOON.isoformat()}), encoding="utf-8")
    report = import_labels(full, file)
    assert report.refused == 1
    assert "later answer" in report.problems[0].problem
    file.write_text(json.dumps(row | {"time": (NOON + timedelta(2)).isoformat()}), encoding="utf-8")
    assert import_labels(full, file).imported == 1
    current = full.current(answer.fingerprint, answer.digest, "ada")
    assert current is not None
    assert current.revision == answer.revision + 1


@pytest.mark.parametrize("name", ["labels.csv", "labels.parquet", "missing.jsonl"])
def test_a_file_that_is_no_label_file_is_refused(store: LabelStore, tmp_path: Path, name: str) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"PAR1 this is not Parquet")
    with pytest.raises(LabelError):
        import_labels(store, tmp_path / name)


def test_parquet_of_something_else_is_refused(store: LabelStore, tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(LabelError, match="holds no labels"):
        import_labels(store, tmp_path / "x.parquet")


def test_a_failed_export_leaves_the_file_that_was_there(full: LabelStore, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text("mine")

    def broken() -> object:
        yield from full.answers()
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        export_labels(full, broken(), file)  # type: ignore[arg-type]
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.glob(".writing*")] == []
