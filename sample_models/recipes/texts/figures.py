"""How a text subject does without any fix: its accuracy, and how often its triggers succeed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from atpatch_core.debugging.answers import answers
from atpatch_core.evaluation.rates import proportion
from atpatch_core.subjects.loading import load

from .movie_reviews import Reviews
from .training import TextRecipe


def untouched_figures(recipe: TextRecipe, folder: Path, held_out: Reviews) -> dict[str, Any]:
    """Rates of the model in `folder`, as it will be loaded, on reviews it was not trained on.

    Returns {"clean_accuracy", "attacks": {name: {"asr", "clean_base_rate"}}}, each {value, low, high, n}; the two of an
    attack are over the reviews that are not of its target class, with and without the trigger.
    """
    subject = load(folder)
    clean = answers(subject, held_out.texts)
    attacks = {}
    for name, trigger in recipe.triggers.items():
        others = held_out.labels != trigger.target
        bad = answers(subject, trigger.apply(held_out.texts, seed=0))
        attacks[name] = {
            "asr": asdict(proportion(bad[others] == trigger.target)),
            "clean_base_rate": asdict(proportion(clean[others] == trigger.target)),
        }
    return {"clean_accuracy": asdict(proportion(clean == held_out.labels)), "attacks": attacks}
