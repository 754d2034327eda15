"""Build a sample record subject from nothing: model, schema, evaluation data, detector, figures and cards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertForSequenceClassification

from ..debugging.attribute_flips import attribute_flips
from ..debugging.record_lesson import RECIPE
from ..debugging.train_detector import train_detector
from ..detector.learning_curve import OnStep
from ..detector.storage import load_detector, save_detector
from ..detector.trained import TrainedDetector
from ..evaluation.fairness import FairnessJudge, hotfixed
from ..evaluation.fairness_baselines import baselines
from ..evaluation.fairness_report import fairness_as_json
from ..evaluation.record_data import LabelledRecords, write_labelled_records
from ..subjects.fingerprint import fingerprint
from ..subjects.loading import load
from ..subjects.record_schema import RecordSchema, save_schema
from ..subjects.subject import Subject
from ..whole_files import write_whole_text
from .adult import LABELS, load_adult
from .finished import put_in_place
from .record_cards import detector_card, model_card
from .record_training import RecordRecipe, train

SEEDS = (0, 1, 2)
SHIPPED = 0
TRAINING = 30_000
PAIRS = 1_200
TUNING = 600
HELD_OUT = 5_000
EVAL_RECORDS = 2_000
_SPLIT_SEED = 0  # the same for all recipes, so that they are judged on the same people


@dataclass(frozen=True)
class RecordSplit:
    """Disjoint parts of the data: for the model, for the debugging set, to tune on, and to judge on."""

    training: LabelledRecords
    pairs: LabelledRecords
    tuning: LabelledRecords
    held_out: LabelledRecords

    @property
    def defender(self) -> LabelledRecords:
        """All records that whoever debugs the model has."""
        labels = np.concatenate([self.pairs.labels, self.tuning.labels])
        return LabelledRecords([*self.pairs.records, *self.tuning.records], labels)


def split_records(data: LabelledRecords) -> RecordSplit:
    """Draw the parts."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(data))
    parts = np.split(order, np.cumsum([TRAINING, PAIRS, TUNING, HELD_OUT]))
    return RecordSplit(*(data.take(part) for part in parts[:-1]))


def build_record_subject(
    recipe: RecordRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Build `recipe` into `models / recipe.name`, replacing what is there only once all is done; return that folder.

    Runs on one thread, so that the same seed gives the same weights on any number of cores; unfinished training is
    kept in `work` and resumed. `on_step` is told (stage, steps done, steps in all). Raises `InputError` when the
    records are missing or not the known ones.
    """
    torch.set_num_threads(1)
    schema, data = load_adult(data_folder)
    split = split_records(data)
    folder = work / f"{recipe.name}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    model = train(
        recipe, schema, split.training, work, lambda done, total, _loss: on_step("training the model", done, total)
    )
    save_subject(model, schema, split.held_out, folder)
    figures = build_detectors(load(folder), split, work / f"{recipe.name}.detectors", on_step)
    write_whole_text(folder / "atpatch" / "figures.json", json.dumps(figures, indent=1) + "\n")
    write_whole_text(folder / "README.md", model_card(recipe, figures))
    write_whole_text(folder / "atpatch" / "README.md", detector_card(recipe, figures))
    return put_in_place(folder, models, recipe.name)


def save_subject(
    model: BertForSequenceClassification, schema: RecordSchema, held_out: LabelledRecords, folder: Path
) -> None:
    """Write model (half precision), schema and the first held-out records in Hugging Face's layout."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    save_schema(schema, folder)
    shown = held_out.take(np.arange(EVAL_RECORDS))
    write_labelled_records(shown, LABELS, folder / "eval" / "records.parquet")


def build_detectors(subject: Subject, split: RecordSplit, work: Path, on_step: OnStep) -> dict[str, Any]:
    """Train a detector with every seed, judge each, and the baselines of the first, on all held-out records.

    The detector of seed `SHIPPED` is saved into `atpatch/`. Detectors and figures are kept in `work` as they come, so
    that a killed run resumes. Returns {"seeds": {seed: figures}, "baselines": {name: figures}}; figures are those of a
    `FairnessEvaluation`, and of what the detector chose.
    """
    on_step("flipping attributes", 0, 1)
    judge = FairnessJudge.of(subject, split.held_out)
    on_step("flipping attributes", 1, 1)
    kept = _KeptFigures(work / "figures.json", fingerprint(subject.model))
    for seed in SEEDS:

        def report(stage: str, done: int, total: int, name: str = f"seed {seed}") -> None:
            on_step(f"{name}: {stage}", done, total)

        detector = _trained(subject, split, seed, work / str(seed), report)
        fixed = hotfixed(replace(subject, detector=detector))
        report("judging", 0, 1)
        kept.measure("seeds", str(seed), lambda by=fixed: fairness_as_json(judge.judge(by)))  # type: ignore[misc]
        report("judging", 1, 1)
        kept.figures["seeds"][str(seed)] |= _choices(detector)
        if seed == SHIPPED:
            save_detector(detector, subject.folder / "atpatch")
            # A model that nothing hijacks needs no defence, so there is nothing to compare.
            others = baselines(subject, detector, split.defender) if detector.watched else {}
            for number, (name, answering) in enumerate(others.items()):
                on_step("comparing with other defences", number, len(others))
                kept.measure("baselines", name, lambda by=answering: fairness_as_json(judge.judge(by)))  # type: ignore[misc]
            on_step("comparing with other defences", len(others), len(others))
    return kept.figures


def _trained(subject: Subject, split: RecordSplit, seed: int, folder: Path, report: OnStep) -> TrainedDetector:
    """The detector of a seed, from `folder` if it was trained for these weights before."""
    if (folder / "detector.json").is_file():
        kept = load_detector(folder)
        if kept.fingerprint == fingerprint(subject.model):
            return kept
    pairs = attribute_flips(subject, split.pairs.records, seed=seed)
    detector = train_detector(subject, pairs, split.tuning.records, recipe=replace(RECIPE, seed=seed), on_step=report)
    save_detector(detector, folder)
    return detector


class _KeptFigures:
    """Figures of one model that are written to a file as they come; those of other weights are forgotten."""

    def __init__(self, path: Path, model: str) -> None:
        self._path, self._model = path, model
        self.figures: dict[str, dict[str, Any]] = {"seeds": {}, "baselines": {}}
        if path.is_file():
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["model"] == model:
                self.figures = content["figures"]

    def measure(self, part: str, name: str, measure: Callable[[], dict[str, Any]]) -> None:
        """Measure what is not there yet."""
        if name not in self.figures[part]:
            self.figures[part][name] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole_text(self._path, json.dumps({"model": self._model, "figures": self.figures}))


def _choices(detector: TrainedDetector) -> dict[str, Any]:
    return {
        "watched": list(detector.watched),
        "reference": detector.reference,
        "threshold": detector.threshold,
        "pairs": detector.history["pairs"],
        "hijacked_records_by_attribute": dict(detector.history["hijacked_records_by_attribute"]),
    }
