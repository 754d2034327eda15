"""Detectors learnt from labels, from debugging sets, and from both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atpatch_core as atpatch
from atpatch_core.debugging.image_set import ImageDebuggingData, load_image_set, save_image_set
from atpatch_core.debugging.sets import ImageDebuggingSet
from atpatch_core.detector.learning_curve import Epoch
from atpatch_core.errors import DetectorError, InputError, LabelError
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.evaluation.image_attacks import covered_patches_of
from atpatch_core.labels import LabelStore
from atpatch_core.labels.exchange import export_labels
from atpatch_core.subjects.fingerprint import fingerprint
from atpatch_core.subjects.image_files import as_array
from atpatch_core.training.learning import Settings, learn
from atpatch_core.training.sources import Sources, read_labels
from atpatch_core.versions.held_out import from_debugging_set

from .conftest import BADNETS


@pytest.fixture(scope="module")
def debugging_set(badnets: atpatch.Subject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small debugging set with the true trigger: 40 pairs to learn from, 20 to tune on, 60 benign images."""
    data = read_labelled_images(BADNETS / "eval" / "images.parquet", badnets.labels)
    trigger: Any = load_attacks(BADNETS / "eval" / "attacks.json")["badnets"]
    numbers = np.flatnonzero(data.labels != trigger.target)[100:220]

    def pairs(chosen: np.ndarray) -> ImageDebuggingSet:
        some = LabelledImages([data.images[number] for number in chosen], data.labels[chosen])
        attack = apply_trigger(trigger, some)
        clean, bad = (np.stack([as_array(one) for one in images]) for images in (some.images, attack.inputs.inputs))
        return ImageDebuggingSet(clean, bad, covered_patches_of(badnets, attack), "the true trigger, for a test")

    benign = np.stack([as_array(data.images[number]) for number in numbers[60:]])
    provenance = {"model": fingerprint(badnets.model), "grid": [7, 7]}
    folder = tmp_path_factory.mktemp("set")
    save_image_set(badnets, ImageDebuggingData(pairs(numbers[:40]), pairs(numbers[40:60]), benign, provenance), folder)
    return folder


def test_labels_and_a_debugging_set_are_learnt_from_together(
    badnets: atpatch.Subject, debugging_set: Path, labels: str
) -> None:
    epochs: list[Epoch] = []
    stages: list[str] = []
    detector = learn(
        badnets,
        Sources((labels,), (debugging_set,)),
        Settings(false_positive_rate=0.01),
        lambda stage, done, total: stages.append(stage),
        epochs.append,
    )
    assert 0 in detector.watched
    assert (detector.history["pairs"], detector.history["labelled_inputs"]) == (40, 24)
    assert 40 < detector.history["hijacked_inputs_by_layer"][0] <= 48  # of the set, and 8 that were labelled
    assert len(detector.history["learnt_from"]) == 24
    held_out = detector.history["held_out"]
    assert (len(held_out["scores"]), sum(held_out["over_attended"])) == (40, 20)
    assert min(held_out["scores"][20:]) > max(held_out["scores"][:20])
    assert {one.of for one in epochs} == {15}
    assert all(one.auroc is not None for one in epochs)
    assert stages[0] == "reading what to learn from"
    assert len(from_debugging_set(load_image_set(debugging_set), most=10)) == 20


def test_labels_in_a_store_and_in_a_file_count_once(badnets: atpatch.Subject, labels: str, tmp_path: Path) -> None:
    with LabelStore.open(labels) as store:
        for name in ("labels.jsonl", "labels.parquet"):
            export_labels(store, store.answers(), tmp_path / name)
    once = read_labels([labels], badnets)
    files = [str(tmp_path / name) for name in ("labels.jsonl", "labels.parquet")]
    assert [one.digest for one in read_labels([labels, *files], badnets)] == [one.digest for one in once]
    assert len(once) == 24
    assert sum(one.over_attended for one in once) == 8
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"annotator": 5}\n')
    with pytest.raises(LabelError, match="row 1"):
        read_labels([str(bad)], badnets)


def test_what_cannot_be_learnt_from_is_refused(
    badnets: atpatch.Subject, control: atpatch.Subject, debugging_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="name labels, a debugging set, or both"):
        Sources()
    with pytest.raises(DetectorError, match="another model"):
        learn(control, Sources(debugging_sets=(debugging_set,)))
    with pytest.raises(LabelError, match="Nothing is labelled"):
        learn(badnets, Sources(labels=(f"sqlite:///{tmp_path / 'empty.sqlite'}",)))
    for wrong in ({"false_positive_rate": 1.5}, {"variant": "other"}, {"contrast": -1.0}):
        with pytest.raises(InputError):
            Settings(**wrong)  # type: ignore[arg-type]
