"""Folders of trainings that were made before there were kinds of jobs open as they did."""

from __future__ import annotations

import json
from pathlib import Path

from atpatch_core.detector.learning_curve import Epoch
from atpatch_core.training import Sources, State, TrainingStore

_REQUEST = """{
 "subject": "/models/one",
 "labels": ["store"],
 "debugging_sets": ["/sets/a"],
 "settings": {"false_positive_rate": 0.01, "variant": "per-head", "contrast": 1.0, "seed": 0},
 "version": "v2",
 "notes": "what ada saw"
}
"""
_STATUS = """{
 "state": "done",
 "stage": "choosing layers and reference",
 "progress": 1.0,
 "began": 1790000000.5,
 "changed": 1790000060.25,
 "process": 4711,
 "problem": null,
 "auroc": 0.995
}
"""
_EPOCH = '{"network": "layer 0", "number": 1, "of": 15, "loss": 0.5, "auroc": null}\n{"network": "la'


def test_a_folder_of_before_is_a_training(tmp_path: Path) -> None:
    folder = tmp_path / "20260101T000000.000000-abc_1"
    folder.mkdir()
    for name, content in (("request.json", _REQUEST), ("status.json", _STATUS), ("epochs.jsonl", _EPOCH)):
        (folder / name).write_text(content)
    store = TrainingStore(tmp_path)
    (one,) = store.trainings(Path("/models/one"))
    assert one.request.sources == Sources(("store",), (Path("/sets/a"),))
    assert (one.request.version, one.request.notes) == ("v2", "what ada saw")
    assert (one.status.state, one.status.auroc, one.status.process) == (State.DONE, 0.995, 4711)
    assert store.epochs(one.id) == (Epoch("layer 0", 1, 15, 0.5, None),)
    # What is written of it now has the same fields and values, whoever reads it.
    assert one.request.as_data() == json.loads(_REQUEST)
    assert one.status.as_data() == json.loads(_STATUS)


def test_one_that_died_is_told_to_have_failed(tmp_path: Path) -> None:
    folder = tmp_path / "20260101T000000.000000-abc_1"
    folder.mkdir()
    (folder / "request.json").write_text(_REQUEST)
    (folder / "status.json").write_text(_STATUS.replace('"done"', '"running"').replace("0.995", "null"))
    (one,) = TrainingStore(tmp_path).trainings()
    assert one.status.state is State.FAILED
    assert one.status.problem == (
        "The training was ended from outside before it was done, maybe for lack of memory: start it again."
    )
