"""One registry for all kinds of inputs: how they are split, attacked and defended, and what is measured on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..subjects.subject import Subject
from .attack_trial import image_trial, text_trial
from .attacks import Trigger
from .defences.catalogue import IMAGE_DEFENCES, TEXT_DEFENCES, Method, record_defences
from .evaluate import Triggered
from .fairness_trial import fairness_trial
from .image_attacks import image_side, with_variations
from .labelled import Labelled
from .metrics import FAIRNESS_METRICS, Metric, attack_metrics
from .text_attacks import with_text_variations
from .trial import Trial

LEAST_CLEAN = 100  # that the defences are made ready with
MOST_CLEAN = 1_000  # as many as a debugging set of images takes
_MOST_RECORDS = 1_800  # as many as a debugging set of records takes
_REPORTED = (
    "excess_asr",
    "clean_accuracy_drop",
    "harm",
    "asr_after",
    "recovery",
    "clean_accuracy_after",
    "fpr_per_input",
    "tpr_per_input",
    "auroc",
    "cost",
)


_FAIRNESS_SHOWN = ("idr_after", "accuracy_after", "changed", "spd_after", "eod_after")


@dataclass(frozen=True)
class Modality:
    """What comparisons of one kind of input have of their own.

    Attributes:
        inputs: what sentences call them.
        metrics: all that is measured.
        shown: names of the metrics in the table of the page.
        reported: names of the metrics in tables that are written.
        before: name of the metric that says how bad it is without a fix.
        left: name of the metric that says how bad it is with a defence.
        lost: name of the metric that says what a defence costs.
        too_few: a sentence that `{count}` inputs are.
        defender_size: of how many inputs how many are the defender's.
        defences: those for a subject, by name.
        variations: adds attacks to those that a subject is known to carry.
        trial: makes a run out of a subject, judged inputs and attacked ones.
        own_halves: whether every run splits the data in another way; so by default.
        timed: whether defences are timed; not by default.
    """

    inputs: str
    metrics: tuple[Metric, ...]
    shown: tuple[str, ...]
    reported: tuple[str, ...]
    before: str
    left: str
    lost: str
    too_few: str
    defender_size: Callable[[int], int]
    defences: Callable[[Subject], Mapping[str, Method]]
    variations: Callable[[Mapping[str, Trigger], Labelled], Mapping[str, Trigger]]
    trial: Callable[[Subject, Labelled, Mapping[str, Triggered]], Trial]
    own_halves: bool = True
    timed: bool = False

    def metric(self, name: str) -> Metric:
        """The metric with this name."""
        return next(metric for metric in self.metrics if metric.name == name)

    def split(self, data: Any, seed: int = 0) -> tuple[Any, Any]:
        """Split labelled data between judge and defender.

        Args:
            data: labelled inputs.
            seed: of the split; 0 by default.

        Returns:
            What is judged on, and what the defender has.

        Raises:
            InputError: there are too few.
        """
        if len(data) < 2 * LEAST_CLEAN:
            raise InputError(self.too_few.format(count=len(data), least=2 * LEAST_CLEAN))
        order = np.random.default_rng(seed).permutation(len(data))
        size = self.defender_size(len(data))
        return data.take(np.sort(order[size:])), data.take(np.sort(order[:size]))

    def halves(self, data: Any, seed: int) -> tuple[Any, Any]:
        """What the run with this seed is judged on, and what the defender has in it. Raises `InputError`."""
        return self.split(data, seed if self.own_halves else 0)


MODALITIES = {
    "image": Modality(
        inputs="images",
        metrics=attack_metrics("images"),
        shown=tuple(name for name in _REPORTED if name != "harm"),
        reported=_REPORTED,
        before="asr_before",
        left="excess_asr",
        lost="clean_accuracy_drop",
        too_few="{count} labelled images are too few to judge on and to prepare the defences with: use at least "
        "{least}, or name clean ones for the defender with --clean.",
        defender_size=lambda count: min(MOST_CLEAN, count // 2),
        defences=lambda _subject: IMAGE_DEFENCES,
        variations=lambda own, data: with_variations(own, image_side(data)),
        trial=image_trial,
        own_halves=False,
        timed=True,
    ),
    "text": Modality(
        inputs="texts",
        metrics=attack_metrics("texts"),
        shown=("excess_asr", "clean_accuracy_drop", "recovery", "fpr_per_input", "tpr_per_input"),
        reported=_REPORTED,
        before="asr_before",
        left="excess_asr",
        lost="clean_accuracy_drop",
        too_few="{count} labelled texts are too few to compare on: use at least {least}.",
        defender_size=lambda count: count - count // 2,
        defences=lambda _subject: TEXT_DEFENCES,
        variations=lambda own, _data: with_text_variations(own),
        trial=text_trial,
    ),
    "record": Modality(
        inputs="people",
        metrics=FAIRNESS_METRICS,
        shown=_FAIRNESS_SHOWN,
        reported=_FAIRNESS_SHOWN,
        before="idr_before",
        left="idr_after",
        lost="accuracy_drop",
        too_few="{count} labelled records are too few to compare on: use at least {least}.",
        defender_size=lambda count: min(_MOST_RECORDS, count // 2),
        defences=record_defences,
        variations=lambda _own, _data: {},
        trial=fairness_trial,
    ),
}
