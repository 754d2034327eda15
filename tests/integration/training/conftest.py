"""A model in a folder of its own, and labels of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import atpatch_core as atpatch
from atpatch_core import Column
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, Rest, State, Verdict
from atpatch_core.labels.intake import send_to_labelling

BADNETS = Path(__file__).resolve().parents[3] / "sample_models" / "fashion-vit-badnets"
OVER_ATTENDED = (Column(0, 0, 49), Column(0, 1, 49))  # what the sample's trigger hijacks


@pytest.fixture(scope="session")
def labels(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store in which 8 triggered and 16 clean images of the sample model are labelled."""
    url = f"sqlite:///{tmp_path_factory.mktemp('labels') / 'labels.sqlite'}"
    subject = atpatch.load(BADNETS)
    data = read_labelled_images(BADNETS / "eval" / "images.parquet", subject.labels)
    trigger: Any = load_attacks(BADNETS / "eval" / "attacks.json")["badnets"]
    bad = apply_trigger(trigger, data).inputs.inputs
    with LabelStore.open(url) as store:
        for number in range(24):
            triggered = number < 8
            content = subject.write((bad if triggered else data.images)[number])
            send_to_labelling(store, subject, content, f"image {number}", "a test", None)
        (known,) = store.subjects()
        for number, one in enumerate(store.inputs(known.fingerprint)):
            verdict = Verdict.OVER_ATTENDED if number < 8 else Verdict.BENIGN
            verdicts = tuple(ColumnVerdict(column, verdict) for column in OVER_ATTENDED)
            rest = Rest.UNJUDGED if number < 8 else Rest.BENIGN
            store.save(NewAnswer(known.fingerprint, one.digest, "ada", State.SUBMITTED, verdicts, rest=rest))
    return url


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the sample model."""
    shutil.copytree(BADNETS, tmp_path / "model", ignore=shutil.ignore_patterns("eval", "versions", "active.json"))
    return tmp_path / "model"
