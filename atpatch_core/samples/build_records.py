"""Build a sample record subject from nothing: model, schema, evaluation data, detector, figures and cards."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertForSequenceClassification

from ..debugging.attribute_flips import attribute_flips
from ..debugging.train_record_detector import RECIPE, OnStep, train_record_detector
from ..detector.storage import save_detector
from ..detector.trained import TrainedDetector
from ..evaluation.fairness import FairnessJudge, hotfixed
from ..evaluation.fairness_baselines import baselines
from ..evaluation.fairness_report import fairness_as_json
from ..evaluation.record_data import LabelledRecords, write_labelled_records
from ..subjects.loading import load
from ..subjects.record_schema import RecordSchema, save_schema
from ..subjects.subject import Subject
from .adult import LABELS, load_adult
from .record_cards import detector_card, model_card
from .record_training import RecordRecipe, train

SEEDS = (0, 1, 2)
SHIPPED = 0
TRAINING = 30_000
PAIRS = 1_200
TUNING = 600
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
    """Draw the parts; what is left over after training, pairs and tuning is held out."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(data))
    parts = np.split(order, np.cumsum([TRAINING, PAIRS, TUNING]))
    return RecordSplit(*(data.take(part) for part in parts))


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
    figures = build_detectors(load(folder), split, on_step)
    (folder / "atpatch" / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(recipe, figures), encoding="utf-8")
    (folder / "atpatch" / "README.md").write_text(detector_card(recipe, figures), encoding="utf-8")
    finished = models / recipe.name
    shutil.rmtree(finished, ignore_errors=True)
    finished.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, finished)
    return finished


def save_subject(
    model: BertForSequenceClassification, schema: RecordSchema, held_out: LabelledRecords, folder: Path
) -> None:
    """Write model (half precision), schema and the first held-out records in Hugging Face's layout."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    save_schema(schema, folder)
    shown = held_out.take(np.arange(EVAL_RECORDS))
    write_labelled_records(shown, LABELS, folder / "eval" / "records.parquet")


def build_detectors(subject: Subject, split: RecordSplit, on_step: OnStep) -> dict[str, Any]:
    """Train a detector with every seed, judge each, and the baselines of the first, on all held-out records.

    The detector of seed `SHIPPED` is saved into `atpatch/`. Returns {"seeds": {seed: figures}, "baselines":
    {name: figures}}; figures are those of a `FairnessEvaluation`, and of what the detector chose.
    """
    on_step("flipping attributes", 0, 1)
    judge = FairnessJudge.of(subject, split.held_out)
    on_step("flipping attributes", 1, 1)
    figures: dict[str, Any] = {"seeds": {}, "baselines": {}}
    for seed in SEEDS:

        def report(stage: str, done: int, total: int, name: str = f"seed {seed}") -> None:
            on_step(f"{name}: {stage}", done, total)

        pairs = attribute_flips(subject, split.pairs.records, seed=seed)
        recipe = replace(RECIPE, seed=seed)
        detector = train_record_detector(subject, pairs, split.tuning.records, recipe, on_step=report)
        report("judging", 0, 1)
        result = judge.judge(hotfixed(replace(subject, detector=detector)))
        report("judging", 1, 1)
        figures["seeds"][str(seed)] = {**fairness_as_json(result), **_choices(detector)}
        if seed == SHIPPED:
            save_detector(detector, subject.folder / "atpatch")
            # A model that nothing hijacks needs no defence, so there is nothing to compare.
            others = baselines(subject, detector, split.defender) if detector.watched else {}
            for number, (name, answering) in enumerate(others.items()):
                on_step("comparing with other defences", number, len(others))
                figures["baselines"][name] = fairness_as_json(judge.judge(answering))
            on_step("comparing with other defences", len(others), len(others))
    return figures


def _choices(detector: TrainedDetector) -> dict[str, Any]:
    return {
        "watched": list(detector.watched),
        "reference": detector.reference,
        "threshold": detector.threshold,
        "pairs": detector.history["pairs"],
        "hijacked_records_by_attribute": dict(detector.history["hijacked_records_by_attribute"]),
    }
