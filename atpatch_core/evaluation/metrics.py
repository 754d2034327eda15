"""What a comparison measures: the name of each metric, how tables write it, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A figure of every defence.

    Shares and differences of shares are written in per cent, factors as multiples ("1.5 x"), areas from 0 to 1.

    Attributes:
        name: what files call it.
        heading: what tables call it.
        meaning: a sentence about it.
        better: which values are.
        unit: what kind of number it is; a share by default.
        under_attack: whether it is measured for each attack (or protected attribute) anew; not by default.
    """

    name: str
    heading: str
    meaning: str
    better: Literal["lower", "higher", "neither"]
    unit: Literal["share", "difference", "area", "factor"] = "share"
    under_attack: bool = False

    @property
    def scale(self) -> float:
        """What a value is multiplied by to be written."""
        return 100.0 if self.unit in ("share", "difference") else 1.0

    @property
    def digits(self) -> int:
        """How many are written behind the point."""
        return {"share": 2, "difference": 2, "area": 4, "factor": 1}[self.unit]


_under = partial(Metric, under_attack=True)


def attack_metrics(inputs: str) -> tuple[Metric, ...]:
    """Those of attacks with a trigger, on what sentences call `inputs` ("texts").

    **Harm** is what an attack still achieves plus what the defence costs, excess ASR + CA drop (neither counted below
    0), the one figure to rank defences by.
    """
    return (
        _under("asr_before", "ASR before", "Attack success rate of the model as it is.", "lower"),
        _under(
            "asr_after",
            "ASR",
            f"Attack success rate: attacked {inputs} of other classes that get the attacker's class.",
            "lower",
        ),
        _under(
            "clean_base_rate",
            "base rate",
            f"The same {inputs} without a trigger that get the attacker's class anyway.",
            "neither",
        ),
        _under(
            "excess_asr",
            "excess ASR",
            f"Excess attack success rate: how much more often other {inputs} get the attacker's class than without any "
            "trigger. 0 is best.",
            "lower",
            "difference",
        ),
        _under("recovery", "recovery", f"Attacked {inputs} that get their true class.", "higher"),
        _under("harm", "sum of both", "Excess ASR and CA drop together.", "lower", "difference"),
        _under("tpr_per_input", "TPR", f"True-positive rate: attacked {inputs} that are flagged.", "higher"),
        _under(
            "auroc",
            "AUROC",
            "Area under the ROC curve: how well its scores tell attacked from clean.",
            "higher",
            "area",
        ),
        Metric("clean_accuracy_before", "CA before", "Clean accuracy of the model as it is.", "higher"),
        Metric("clean_accuracy_after", "CA", f"Clean accuracy: accuracy on clean {inputs}.", "higher"),
        Metric(
            "clean_accuracy_drop",
            "CA drop",
            f"What the defence costs in clean accuracy, the accuracy on clean {inputs}. 0 is best.",
            "lower",
            "difference",
        ),
        Metric("changed", "changed", f"Clean {inputs} that get another answer than from the untouched model.", "lower"),
        Metric("refused", "refused", f"Clean {inputs} that get no answer.", "lower"),
        Metric("fpr_per_input", "FPR", f"False-positive rate: clean {inputs} that are flagged.", "lower"),
        Metric("cost", "time", "Of one answer, against the model alone.", "lower", "factor"),
    )


FAIRNESS_METRICS = (
    _under("idr_before", "IDR before", "Individual discrimination rate without a fix.", "lower"),
    _under(
        "idr_after",
        "IDR",
        "Individual discrimination rate: people whose answer changes with any other value of the attribute.",
        "lower",
    ),
    _under("idr_reduction", "IDR reduced by", "1 - IDR / IDR before.", "higher"),
    _under("spd_before", "SPD before", "SPD without a fix.", "neither", "difference"),
    _under(
        "spd_after",
        "SPD",
        "Statistical parity difference: rate of the better answer among the unprivileged minus the privileged.",
        "neither",
        "difference",
    ),
    _under("eod_before", "EOD before", "EOD without a fix.", "neither", "difference"),
    _under(
        "eod_after",
        "EOD",
        "Equal opportunity difference: the same among those who truly belong there.",
        "neither",
        "difference",
    ),
    Metric("accuracy_before", "accuracy before", "Accuracy without a fix.", "higher"),
    Metric("accuracy_after", "accuracy", "People who get their true class.", "higher"),
    Metric("accuracy_drop", "accuracy drop", "What the defence costs in accuracy. 0 is best.", "lower", "difference"),
    Metric("changed", "changed", "People who get another answer than from the untouched model.", "lower"),
)
