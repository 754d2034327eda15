"""The command line around the label store and the detector's versions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from atpatch_core import Column, inspect, load
from atpatch_core.cli.main import main
from atpatch_core.detector.storage import load_detector
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, State, Verdict
from atpatch_core.versions.folder import save_version

ROOT = Path(__file__).resolve().parents[3]
PICTURE = ROOT / "assets" / "samples" / "bag-triggered.png"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a sample model, in a working folder with no label store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATPATCH_DATABASE_URL", raising=False)
    shutil.copytree(ROOT / "sample_models" / "fashion-vit-badnets", tmp_path / "model")
    return tmp_path / "model"


def _run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object, code: int = 0
) -> tuple[Any, str]:
    monkeypatch.setattr("sys.argv", ["atpatch", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    assert (stopped.value.code or 0) == code, said.err
    return (json.loads(said.out) if "--json" in arguments else said.out), said.err


def test_labels_go_round_on_the_command_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    added, _ = _run(capsys, monkeypatch, "labels", "queue", model, PICTURE, PICTURE, "--json")
    assert added == {"subject": "model", "added": 1, "present": 1, "refused": {}}
    with LabelStore.open() as store:
        (subject,) = store.subjects()
        (entry,) = store.queue(subject.fingerprint, "ada")
        assert entry.item.title == "bag-triggered.png"
        (one,) = store.inputs(subject.fingerprint)
        for name, verdict in (("ada", Verdict.OVER_ATTENDED), ("bo", Verdict.BENIGN)):
            verdicts = (ColumnVerdict(Column(0, 1, 49), verdict),)
            store.save(NewAnswer(subject.fingerprint, one.digest, name, State.SUBMITTED, verdicts))
    stats, _ = _run(capsys, monkeypatch, "labels", "stats", "--subject", "model", "--json")
    assert (stats["labelled"], stats["doubly"], stats["agreement"]["columns"]) == (1, 1, 1)
    assert "ada" in _run(capsys, monkeypatch, "labels", "stats")[0]
    for name in ("labels.jsonl", "labels.parquet"):
        written, _ = _run(capsys, monkeypatch, "labels", "export", name, "--json")
        assert written == {"file": name, "answers": 2}
        monkeypatch.setenv("ATPATCH_DATABASE_URL", f"sqlite:///{tmp_path / name}.sqlite")
        report, _ = _run(capsys, monkeypatch, "labels", "import", name, "--json")
        assert (report["imported"], report["problems"]) == (2, [])
        monkeypatch.delenv("ATPATCH_DATABASE_URL")


def test_what_cannot_be_used_is_said_with_exit_code_two(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    out, error = _run(capsys, monkeypatch, "labels", "queue", model, "text.png", PICTURE, "--json", code=2)
    assert out["added"] == 1
    assert list(out["refused"]) == ["text.png"]
    assert error.count("Error:") == 1
    (tmp_path / "bad.jsonl").write_text('{"annotator": 5}\n')
    out, error = _run(capsys, monkeypatch, "labels", "import", "bad.jsonl", "--json", code=2)
    assert out["refused"] == 1
    assert {one["field"] for one in out["problems"]} >= {"annotator", "verdicts"}
    for arguments in (
        ("labels", "stats", "--subject", "nobody"),
        ("labels", "export", "x.csv"),
        ("labels", "import", "x"),
    ):
        _, error = _run(capsys, monkeypatch, *arguments, code=2)
        assert error.startswith("Error: ")
    monkeypatch.setenv("ATPATCH_DATABASE_URL", "mysql://x/y")
    assert "SQLite or PostgreSQL" in _run(capsys, monkeypatch, "labels", "stats", code=2)[1]


def test_a_version_put_to_work_is_what_load_takes(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_version(load_detector(model / "atpatch" / "paper"), model, "paper", "the paper's network")
    listed, _ = _run(capsys, monkeypatch, "detectors", "list", model, "--json")
    assert [(one["name"], one["active"]) for one in listed] == [("shipped", True), ("paper", False)]

    def variant() -> str:
        detector = load(model).detector
        assert detector is not None
        return str(detector.variant)  # type: ignore[attr-defined]

    assert variant() == "per-head"
    _run(capsys, monkeypatch, "detectors", "activate", model, "paper")
    assert variant() == "paper"
    assert "* paper" in _run(capsys, monkeypatch, "detectors", "list", model)[0]
    said, _ = _run(capsys, monkeypatch, "detectors", "roll-back", model, "--json")
    assert said == {"subject": "model", "active": "shipped"}
    assert variant() == "per-head"
    assert "nothing to roll back" in _run(capsys, monkeypatch, "detectors", "roll-back", model, code=2)[1]


def test_a_version_is_trained_from_labels_and_compared(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, error = _run(capsys, monkeypatch, "detectors", "train", model, "labels-1", code=2)
    assert "Nothing is labelled yet" in error
    subject = load(model)
    assert subject.detector is not None
    pictures = sorted(PICTURE.parent.glob("*.png"))
    _run(capsys, monkeypatch, "labels", "queue", model, *pictures, "--json")
    with LabelStore.open() as store:
        (known,) = store.subjects()
        for entry in store.queue(known.fingerprint, "ada"):
            content = store.content(entry.item.digest)
            assert content is not None
            flagged = inspect(subject, subject.read(content)).flags.columns
            columns = flagged or (Column(0, 0, 1), Column(0, 1, 2))
            verdict = Verdict.OVER_ATTENDED if flagged else Verdict.BENIGN
            verdicts = tuple(ColumnVerdict(column, verdict) for column in columns)
            store.save(NewAnswer(known.fingerprint, entry.item.digest, "ada", State.SUBMITTED, verdicts))
    made, _ = _run(capsys, monkeypatch, "detectors", "train", model, "labels-1", "--notes", "by ada", "--json")
    assert (made["labelled_inputs"], made["watched"]) == (len(pictures), [0])
    listed, _ = _run(capsys, monkeypatch, "detectors", "list", model, "--json")
    assert [(one["name"], one["active"], one["notes"]) for one in listed][1] == ("labels-1", False, "by ada")
    _run(capsys, monkeypatch, "detectors", "activate", model, "labels-1")
    found, _ = _run(capsys, monkeypatch, "detectors", "compare", model, "shipped", "labels-1", *pictures, "--json")
    triggered = [str(one) for one in pictures if "triggered" in one.name]
    said = found["flagged"]
    assert sorted(said["both"] + said["only shipped"]) == triggered
    assert sum(map(len, said.values())) + found["neither"] == len(pictures)
    _run(capsys, monkeypatch, "labels", "export", "labels.parquet", "--json")
    monkeypatch.setenv("ATPATCH_DATABASE_URL", "sqlite:///empty.sqlite")
    _, error = _run(capsys, monkeypatch, "train-detector", model, "--labels", "store", "--out", "new", code=2)
    assert "Nothing is labelled yet" in error
    trained, _ = _run(
        capsys, monkeypatch, "train-detector", model, "--labels", "labels.parquet", "--out", "new", "--json"
    )
    assert (trained["folder"], trained["watched"]) == ("new", [0])
    assert load_detector(Path("new")).fingerprint == load_detector(model / "atpatch").fingerprint
    assert "already a version" in _run(capsys, monkeypatch, "detectors", "train", model, "labels-1", code=2)[1]
