"""Give a sample model for records its detector, and judge it on people it never saw."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from atpatch_core.debugging.attribute_flips import attribute_flips
from atpatch_core.debugging.record_lesson import RECIPE
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.evaluation.fairness import Answering, FairnessJudge, hotfixed
from atpatch_core.evaluation.fairness_baselines import baselines
from atpatch_core.evaluation.fairness_report import fairness_as_json
from atpatch_core.subjects.fingerprint import fingerprint
from atpatch_core.subjects.subject import Subject

from ..kept_figures import KeptFigures
from ..steps import SEEDS, SHIPPED, OnStep, stage, within
from .split import RecordSplit


def build_detectors(subject: Subject, split: RecordSplit, work: Path, on_step: OnStep) -> dict[str, Any]:
    """Train a detector with every seed, judge each, and the baselines of the first, on all held-out records.

    The detector of seed `SHIPPED` is saved into `atpatch/`. Detectors and figures are kept in `work` as they come, so
    that a killed run resumes. Returns {"seeds": {seed: figures}, "baselines": {name: figures}}; figures are those of a
    `FairnessEvaluation`, and of what the detector chose.
    """
    with stage("flipping attributes", on_step):
        judge = FairnessJudge.of(subject, split.held_out)

    def measured(answering: Answering) -> dict[str, Any]:
        return fairness_as_json(judge.judge(answering))

    kept = KeptFigures(work / "figures.json", fingerprint(subject.model), "seeds", "baselines")
    for seed in SEEDS:
        report = within(f"seed {seed}", on_step)
        detector = _trained(subject, split, seed, work / str(seed), report)
        with stage("judging", report):
            kept.measure("seeds", str(seed), partial(measured, hotfixed(replace(subject, detector=detector))))
        kept.figures["seeds"][str(seed)] |= _choices(detector)
        if seed == SHIPPED:
            save_detector(detector, subject.folder / "atpatch")
            # A model that nothing hijacks needs no defence, so there is nothing to compare.
            others = baselines(subject, detector, split.defender) if detector.watched else {}
            for number, (name, answering) in enumerate(others.items()):
                on_step("comparing with other defences", number, len(others))
                kept.measure("baselines", name, partial(measured, answering))
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


def _choices(detector: TrainedDetector) -> dict[str, Any]:
    return {
        "watched": list(detector.watched),
        "reference": detector.reference,
        "threshold": detector.threshold,
        "pairs": detector.history["pairs"],
        "hijacked_records_by_attribute": dict(detector.history["hijacked_records_by_attribute"]),
    }
