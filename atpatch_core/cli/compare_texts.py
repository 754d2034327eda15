"""What `atpatch evaluate --defences ... --attacks ...` does for a model that takes texts."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import InputError
from ..evaluation.attacks import Trigger
from ..evaluation.comparison import Comparison, Run
from ..evaluation.text_attacks import with_text_variations
from ..evaluation.text_comparison import compare_texts
from ..evaluation.text_comparison_report import text_sentence
from ..evaluation.text_data import LabelledTexts
from ..subjects.subject import Subject
from .output import progress_bars

ALL = "all"


def run_text_comparison(
    subject: Subject,
    data: LabelledTexts,
    own: Mapping[str, Trigger],
    defences: str,
    attacks: str,
    seeds: int,
    false_positive_rate: float,
) -> tuple[Comparison, tuple[str, ...]]:
    """Compare defences for texts on halves of `data`, one half a seed.

    Args:
        subject: the model.
        data: labelled texts to judge on.
        own: the subject's triggers by name.
        defences: names with commas between, or "all".
        attacks: names with commas between, or "all".
        seeds: how many times to repeat it.
        false_positive_rate: share of clean texts that a defence with a threshold may flag, 0 to 1.

    Returns:
        The result, and what the last run says in sentences, one an attack.

    Raises:
        InputError: a name is unknown, there are too few texts, or the subject has no known trigger.
    """
    known = with_text_variations(own)
    if not known:
        raise InputError(f"{subject.name} brings no known attack to compare defences by: judge it without --defences.")
    wanted = list(known) if attacks == ALL else _names(attacks)
    if unknown := [name for name in wanted if name not in known]:
        raise InputError(f"There is no attack {', '.join(unknown)}; there are all, {', '.join(known)}.")
    triggers = {name: known[name] for name in wanted}
    chosen = None if defences == ALL else _names(defences)
    with progress_bars() as on_step:
        runs = [
            compare_texts(subject, data, triggers, false_positive_rate, seed, on_step, chosen) for seed in range(seeds)
        ]
    last = runs[-1]
    comparison = Comparison(
        n=last.n,
        defender_n=last.defender_n,
        false_positive_rate=false_positive_rate,
        runs=tuple(Run(seed, one.figures) for seed, one in enumerate(runs)),
        unavailable=last.unavailable,
        clean=last.data,
        attacks=last.attacks,
        answers=last.answers,
    )
    return comparison, tuple(text_sentence(last, name) for name in wanted)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
