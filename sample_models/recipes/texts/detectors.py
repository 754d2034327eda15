"""Give a sample text subject its detectors, and judge them on texts and triggers they never saw."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from atpatch_core.debugging.text_lesson import RECIPE
from atpatch_core.debugging.text_set import TextDebuggingData, build_text_set, load_text_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger, evaluate
from atpatch_core.evaluation.report import as_json
from atpatch_core.evaluation.text_data import LabelledTexts
from atpatch_core.subjects.fingerprint import fingerprint
from atpatch_core.subjects.loading import load
from atpatch_core.subjects.subject import Subject

from ..kept_figures import KeptFigures
from ..steps import SEEDS, SHIPPED, OnStep, stage, within
from ..target_class import of_the_target
from .movie_reviews import Reviews
from .training import TextRecipe

_OF_THE_TARGET = 200  # triggered texts of the target class that are looked at


def build_text_detectors(
    recipe: TextRecipe, folder: Path, work: Path, defender: Reviews, held_out: Reviews, on_step: OnStep
) -> dict[str, Any]:
    """Search the subject in `folder`, train a detector with every seed, judge each on `held_out`, and keep the first.

    The defender's texts come without labels. What is searched, trained and measured is kept in `work`, so that a killed
    run goes on where it was. Returns {"provenance", "seconds", "variants": {variant: {seed: evaluation}}}; the true
    triggers are only used to judge.
    """
    subject = load(folder)
    clean = LabelledTexts(list(held_out.texts), held_out.labels)
    place = work / f"{recipe.name}.detectors"
    data, seconds = _debugging_set(subject, recipe.seed, defender, place, on_step)
    kept = KeptFigures(place / "figures.json", fingerprint(subject.model), "seeds")

    def measured(seed: int) -> dict[str, Any]:
        report = within(f"seed {seed}", on_step)
        chosen = replace(RECIPE, seed=seed)
        detector = train_detector(subject, data.pairs, data.tuning, data.benign, chosen, on_step=report)
        save_detector(detector, place / str(seed))
        fixed = replace(subject, detector=detector)
        with stage(f"judging on {len(clean):,} reviews", report):
            evaluation = as_json(evaluate(fixed, clean, _attacks(recipe, clean)))
            others = _of_the_target(fixed, recipe, clean)
        return {**evaluation, **_choices(detector), "of_the_target": others}

    for seed in SEEDS:
        kept.measure("seeds", str(seed), partial(measured, seed))
        if seed == SHIPPED:
            save_detector(load_detector(place / str(seed)), folder / "atpatch")
    return {"provenance": data.provenance, "seconds": seconds, "variants": {RECIPE.variant: kept.figures["seeds"]}}


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
        chosen = LabelledTexts([clean.texts[index] for index in others], clean.labels[others])
        made[name] = apply_trigger(trigger, chosen)
    return made


def _choices(detector: TrainedDetector) -> dict[str, Any]:
    return {
        "watched": list(detector.watched),
        "reference": detector.reference,
        "hijacked_inputs_by_layer": dict(detector.history["hijacked_inputs_by_layer"]),
    }


def _of_the_target(subject: Subject, recipe: TextRecipe, clean: LabelledTexts) -> dict[str, Any]:
    """What the fix does to triggered reviews that *are* of the target class."""
    found = {}
    for name, trigger in recipe.triggers.items():
        mine = np.flatnonzero(clean.labels == trigger.target)[:_OF_THE_TARGET]
        texts = [clean.texts[index] for index in mine]
        found[name] = of_the_target(subject, texts, trigger.apply(texts, seed=0), trigger.target)
    return found
