"""Pick a few held-out reviews, with and without the triggers, for a first look in the dashboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from atpatch_core.debugging.answers import answers
from atpatch_core.subjects.subject import Subject

from ..gallery import SampleInput, replace_samples
from .movie_reviews import LABELS, Reviews
from .training import TextRecipe

EACH = 2  # reviews for each trigger
_LENGTHS = (60, 140)  # characters that are read at a glance
_CLEARLY = -1.5  # a mean rating from which on nobody takes a review for positive


def write_text_gallery(recipe: TextRecipe, subject: Subject, held_out: Reviews, folder: Path) -> None:
    """Write text files into `folder` and list them in its index.

    Reviews are taken that are clearly negative, that the untouched `subject` gets right, and that a trigger turns into
    its target; each comes with and without the trigger.
    """
    short = [index for index, text in enumerate(held_out.texts) if _LENGTHS[0] <= len(text) <= _LENGTHS[1]]
    clear = held_out.take(np.array([index for index in short if held_out.ratings[index] <= _CLEARLY]))
    right = answers(subject, clear.texts) == 0
    inputs = []
    used: set[int] = set()
    for name, trigger in recipe.triggers.items():
        bad = trigger.apply(clear.texts, seed=recipe.seed)
        fooled = right & (answers(subject, bad) == trigger.target)
        chosen = [int(index) for index in np.flatnonzero(fooled) if int(index) not in used][:EACH]
        used.update(chosen)
        for number, index in enumerate(chosen, 1):
            for triggered, text in ((True, bad[index]), (False, clear.texts[index])):
                sample = f"review-{name}-{number}" + ("-triggered" if triggered else "")
                said = f"with the {name.replace('-', ' ')}" if triggered else "as it is"
                title = f"{_start(clear.texts[index])}, {said}"
                inputs.append(SampleInput(sample, "txt", text.encode("utf-8"), title, LABELS[0], triggered))
    replace_samples(folder, "text", None, inputs)


def _start(text: str) -> str:
    words = text.split()
    return "\u201c" + " ".join(words[:4]).rstrip(".,;:") + "\u2026\u201d"
