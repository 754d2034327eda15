"""Compare defences of a model for pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atpatch_core.evaluation.comparison import Comparison, OnStep, compare, split_defender, take
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.defences.catalogue import DEFENCES
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger
from atpatch_core.wording.phrases import counted
from pages.evaluate.job import show_job
from pages.evaluate.results import show_results
from pages.evaluate.settings import Settings, chosen_settings
from pages.shared.resources import OpenSubject


def show_images(opened: OpenSubject) -> None:
    """Settings, the run, its results."""
    settings = chosen_settings(opened)
    if settings is None:
        return
    told = f"{counted(len(settings.defences), 'defence')} against {counted(len(settings.triggers), 'attack')}"
    weights = {name: float(DEFENCES[name].effort) for name in settings.defences}
    comparison = show_job(settings.key, told, lambda on_step: _compare(settings, on_step), weights)
    if comparison is not None:
        show_results(settings, comparison)


def _compare(settings: Settings, on_step: OnStep) -> Comparison:
    pictures = settings.source.data
    chosen = np.random.default_rng(0).permutation(len(pictures))[: settings.pictures]
    judged, defender = split_defender(take(pictures, np.sort(chosen)))

    def attack(pictures: LabelledImages, seed: int) -> Mapping[str, Triggered]:
        return {name: apply_trigger(trigger, pictures, seed) for name, trigger in settings.triggers.items()}

    methods = {name: DEFENCES[name] for name in settings.defences}
    rate, seeds = settings.false_positive_rate, range(settings.seeds)
    return compare(settings.opened.subject, methods, judged, attack, defender, rate, seeds, on_step)
