"""Give a sample text subject its detectors, and judge them on texts and triggers they never saw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from ..debugging.answers import answers
from ..debugging.text_lesson import RECIPE
from ..debugging.text_set import TextDebuggingData, build_text_set, load_text_set
from ..debugging.train_detector import train_detector
from ..detector.storage import load_detector, save_detector
from ..detector.trained import TrainedDetector
from ..evaluation.evaluate import Triggered, apply_trigger, evaluate
from ..evaluation.rates import proportion
from ..evaluation.report import as_json
from ..evaluation.text_data import LabelledTexts
from ..subjects.fingerprint import fingerprint
from ..subjects.loading import load
from ..subjects.subject import Subject
from ..whole_files import write_whole_text
from .build import OnStep
from .movie_reviews import Reviews
from .text_training import TextRecipe

SEEDS = (0, 1, 2)
SHIPPED = 0
_OF_THE_TARGET = 200  # triggered texts of the target class that are looked at


def build_text_detectors(
    recipe: TextRecipe, folder: Path, work: Path, defender: Reviews, held_out: Reviews, on_step: OnStep
) -> dict[str, Any]:
    """Search the subject in `folder`, train a detector with every seed, judge each on `held_out`, and keep the first.

    The defender's texts come without labels. What is searched, trained and measured is kept in `work`, so that a killed
    run goes on where it was. Returns {"provenance", "seconds", "variants": {variant: {seed: evaluation}}}; the true
    triggers are only used to judge.
    """
    torch.set_num_threads(1)
    subject = load(folder)
    clean = LabelledTexts(list(held_out.texts), held_out.labels)
    place = work / f"{recipe.name}.detectors"
    data, seconds = _debugging_set(subject, recipe.seed, defender, place, on_step)
    runs: dict[str, Any] = {}
    figures = {"provenance": data.provenance, "seconds": seconds, "variants": {RECIPE.variant: runs}}
    for seed in SEEDS:

        def report(stage: str, done: int, total: int, name: str = f"seed {seed}") -> None:
            on_step(f"{name}: {stage}", done, total)

        kept = _kept_figures(place / f"{seed}.json", subject)
        if kept is None:
            detector = train_detector(
                subject, data.pairs, data.tuning, data.benign, replace(RECIPE, seed=seed), on_step=report
            )
            save_detector(detector, place / str(seed))
            stage = f"judging on {len(clean):,} reviews"
            report(stage, 0, 2)
            fixed = replace(subject, detector=detector)
            evaluation = as_json(evaluate(fixed, clean, _attacks(recipe, clean)))
            report(stage, 1, 2)
            others = _of_the_target(fixed, recipe, clean)
            kept = {"model": fingerprint(subject.model), **evaluation, **_choices(detector), "of_the_target": others}
            place.mkdir(parents=True, exist_ok=True)
            write_whole_text(place / f"{seed}.json", json.dumps(kept, indent=1) + "\n")
            report(stage, 2, 2)
        runs[str(seed)] = {name: value for name, value in kept.items() if name != "model"}
        if seed == SHIPPED:
            save_detector(load_detector(place / str(seed)), folder / "atpatch")
    return figures


def _debugging_set(
    subject: Subject, seed: int, defender: Reviews, place: Path, on_step: OnStep
) -> tuple[TextDebuggingData, int | None]:
    """The set, and how many seconds it took, if it was made now."""
    folder = place / "debugging-set"
    if (folder / "provenance.json").is_file():
        kept = load_text_set(folder)
        if kept.provenance["model"] == fingerprint(subject.model) and kept.provenance["seed"] == seed:
            return kept, kept.provenance.get("seconds")
    started = perf_counter()
    data = build_text_set(subject, defender.texts, folder, seed=seed, on_step=on_step)
    return data, round(perf_counter() - started)


def _attacks(recipe: TextRecipe, clean: LabelledTexts) -> dict[str, Triggered]:
    """Every trigger on the texts of other classes than its target; those of the target class need none."""
    made = {}
    for name, trigger in recipe.triggers.items():
        others = np.flatnonzero(clean.labels != trigger.target)
        chosen = LabelledTexts([clean.texts[one] for one in others], clean.labels[others])
        made[name] = apply_trigger(trigger, chosen)
    return made


def _kept_figures(path: Path, subject: Subject) -> dict[str, Any] | None:
    """The figures of this very model from an earlier run that was killed."""
    if not path.is_file():
        return None
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept if kept["model"] == fingerprint(subject.model) else None


def _choices(detector: TrainedDetector) -> dict[str, Any]:
    return {
        "watched": list(detector.watched),
        "reference": detector.reference,
        "hijacked_inputs_by_layer": dict(detector.history["hijacked_inputs_by_layer"]),
    }


def _of_the_target(subject: Subject, recipe: TextRecipe, clean: LabelledTexts) -> dict[str, Any]:
    """What the fix does to triggered reviews that *are* of the target class: their accuracy, without trigger and with.

    ASR leaves them out, but a fix that merely turned every flagged answer around would show here.
    """
    found = {}
    for name, trigger in recipe.triggers.items():
        mine = np.flatnonzero(clean.labels == trigger.target)[:_OF_THE_TARGET]
        texts = [clean.texts[one] for one in mine]
        bad = trigger.apply(texts, seed=0)
        found[name] = {
            "accuracy_without_trigger": _rate(answers(subject, texts) == trigger.target),
            "accuracy_with_trigger_and_fix": _rate(answers(subject, bad, subject.detector) == trigger.target),
        }
    return found


def _rate(hits: np.ndarray) -> dict[str, float]:
    return dict(vars(proportion(hits)))
