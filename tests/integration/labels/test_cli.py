"""The command line around the label store and the detector's versions."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atpatch_core import Column, inspect, load
from atpatch_core.cli.main import main
from atpatch_core.detector.storage import load_detector
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, Rest, State, Verdict
from atpatch_core.subjects.detector_versions import active_version, save_version

ROOT = Path(__file__).resolve().parents[3]
IMAGE = ROOT / "assets" / "samples" / "bag-triggered.png"


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
    added, _ = _run(capsys, monkeypatch, "labels", "queue", model, IMAGE, IMAGE, "--json")
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
    listed, _ = _run(capsys, monkeypatch, "labels", "disagreements", "--subject", "model", "--json")
    assert (listed["contradictions"], listed["judged_by_some"]) == (1, 0)
    (differs,) = listed["listed"]
    assert (differs["layer"], differs["head"], differs["column"], differs["contradiction"]) == (0, 1, 49, True)
    assert differs["said"] == [
        {"annotator": "ada", "verdict": "over-attended", "by_name": True},
        {"annotator": "bo", "verdict": "benign", "by_name": True},
    ]
    assert differs["open"] == f"/label?subject=model&input={one.digest}"
    assert "over-attended" in _run(capsys, monkeypatch, "labels", "disagreements")[0]
    taught, _ = _run(capsys, monkeypatch, "labels", "learnt-from", model, "--json")
    assert (taught["inputs"], taught["disputed"], taught["over_attended"], taught["unjudged"]) == (1, 1, 0, 799)
    assert len(taught["too_little"]) == 2
    assert "contradict each other" in " ".join(_run(capsys, monkeypatch, "labels", "learnt-from", model)[0].split())
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
    (tmp_path / "text.png").write_text("no image")
    out, error = _run(capsys, monkeypatch, "labels", "queue", model, "text.png", IMAGE, "--json", code=2)
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


def test_a_worse_version_is_put_to_work_on_a_terminal_only_if_one_says_so(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = load_detector(model / "atpatch")
    save_version(replace(shipped, threshold=1.0), model, "never", "flags nothing")
    judged, _ = _run(capsys, monkeypatch, "detectors", "judge", model, "never", "--json")
    assert (judged["standing"], judged["judged"]["found"]) == ("not ready", 0)
    assert judged["better_threshold"]["judged_on_the_other_half"]["found"] >= 95
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    _, error = _run(capsys, monkeypatch, "detectors", "activate", model, "never", code=1)
    assert "It finds 0 of 200 over-attended inputs, 200 fewer than shipped, which is active (200)." in error
    assert active_version(model) == "shipped"
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    _run(capsys, monkeypatch, "detectors", "activate", model, "never")
    assert active_version(model) == "never"
    monkeypatch.setattr("sys.stdin", _Terminal(""))
    said, _ = _run(capsys, monkeypatch, "detectors", "activate", model, "shipped", "--json")
    assert said["objections"] == []  # it does better
    shutil.rmtree(model / "eval")
    _, error = _run(capsys, monkeypatch, "detectors", "activate", model, "never", "--yes")
    assert "It was not judged" in error
    assert active_version(model) == "never"


class _Terminal(io.StringIO):
    """Standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


def test_a_version_is_trained_from_labels_and_compared(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, error = _run(capsys, monkeypatch, "detectors", "train", model, "labels-1", code=2)
    assert "Nothing is labelled yet" in error
    subject = load(model)
    assert subject.detector is not None
    images = sorted(IMAGE.parent.glob("*.png"))
    _run(capsys, monkeypatch, "labels", "queue", model, *images, "--json")
    with LabelStore.open() as store:
        (known,) = store.subjects()
        for entry in store.queue(known.fingerprint, "ada"):
            content = store.content(entry.item.digest)
            assert content is not None
            flagged = inspect(subject, subject.read(content)).flags.columns
            columns = flagged or (Column(0, 0, 1), Column(0, 1, 2))
            verdict = Verdict.OVER_ATTENDED if flagged else Verdict.BENIGN
            verdicts = tuple(ColumnVerdict(column, verdict) for column in columns)
            rest = Rest.UNJUDGED if flagged else Rest.BENIGN
            store.save(NewAnswer(known.fingerprint, entry.item.digest, "ada", State.SUBMITTED, verdicts, rest=rest))
    made, printed = _run(capsys, monkeypatch, "detectors", "train", model, "labels-1", "--notes", "by ada", "--json")
    assert (made["labelled_inputs"], made["watched"]) == (len(images), [0])
    assert "What is learnt from labels" in printed
    taught = made["learnt_from"]
    assert taught["inputs"] == taught["over_attended_inputs"] + taught["clean_inputs"] == len(images)
    assert [one["name"] for one in taught["annotators"]] == ["ada"]
    judged, _ = _run(capsys, monkeypatch, "detectors", "judge", model, "labels-1", "--json")
    assert judged["standing"] == made["standing"] != "not judged"
    assert judged["judged"]["found"] + judged["judged"]["missed"] == 200
    listed, _ = _run(capsys, monkeypatch, "detectors", "list", model, "--json")
    assert [(one["name"], one["active"], one["notes"]) for one in listed][1] == ("labels-1", False, "by ada")
    ready, _ = _run(capsys, monkeypatch, "detectors", "judge", model, "shipped", "--json")
    assert (ready["standing"], ready["judged"]["found"]) == ("ready", 200)
    active, printed = _run(capsys, monkeypatch, "detectors", "activate", model, "labels-1", "--json")
    if judged["judged"]["found"] < 200:
        assert f"{200 - judged['judged']['found']} fewer than shipped, which is active (200)" in printed
        assert active["objections"]
    found, _ = _run(capsys, monkeypatch, "detectors", "compare", model, "shipped", "labels-1", *images, "--json")
    triggered = [str(one) for one in images if "triggered" in one.name]
    said = found["flagged"]
    assert sorted(said["both"] + said["only shipped"]) == triggered
    assert sum(map(len, said.values())) + found["neither"] == len(images)
    _run(capsys, monkeypatch, "labels", "export", "labels.parquet", "--json")
    monkeypatch.setenv("ATPATCH_DATABASE_URL", "sqlite:///empty.sqlite")
    _, error = _run(capsys, monkeypatch, "train-detector", model, "--labels", "store", "--out", "new", code=2)
    assert "Nothing is labelled yet" in error
    trained, _ = _run(
        capsys, monkeypatch, "train-detector", model, "--labels", "labels.parquet", "--out", "new", "--json"
    )
    assert (trained["folder"], trained["watched"]) == ("new", [0])
    assert trained["learnt_from"] == taught
    assert load_detector(Path("new")).fingerprint == load_detector(model / "atpatch").fingerprint
    assert "already a version" in _run(capsys, monkeypatch, "detectors", "train", model, "labels-1", code=2)[1]
